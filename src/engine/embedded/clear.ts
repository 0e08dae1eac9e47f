import type { Storage } from '../../storage/storage.js';

/** Deletes all files of a storage. */
export async function clear(storage: Storage): Promise<void> {
  const paths: string[] = [];
  for await (const { path } of storage.list('')) paths.push(path);
  for (const path of paths) await storage.delete(path);
}
