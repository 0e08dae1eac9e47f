/** Bytes on the disk before a commit names them. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MurmurError } from '../base/errors.js';
import type { ObjectInfo, Storage } from '../storage/storage.js';

/** Makes the folder a local file is going to be written to; other stores have no folders. */
export async function prepareFolder(storage: Storage, path: string): Promise<void> {
  if (storage.kind === 'local') await mkdir(dirname(storage.uri(path)), { recursive: true });
}

/**
 * Waits until written files and their names are on the disk, and tells size and time as the store has them.
 * @throws duck.io_failed (external)
 */
export async function settle(storage: Storage, paths: readonly string[]): Promise<Map<string, ObjectInfo>> {
  if (storage.kind === 'local') {
    try {
      await Promise.all(paths.map((path) => sync(storage.uri(path))));
      const folders = new Set(paths.map((path) => dirname(storage.uri(path))));
      await Promise.all([...folders].map(sync));
    } catch (cause) {
      throw new MurmurError('duck.io_failed', `writing a Parquet file to disk: ${(cause as Error).message}`, {
        fault: 'external',
        cause,
      });
    }
  }
  const found = await Promise.all(paths.map(async (path) => [path, await storage.stat(path)] as const));
  return new Map(
    found.map(([path, info]) => {
      if (info) return [path, info];
      throw new MurmurError('duck.io_failed', `Parquet file ${path} is gone right after it was written`, {
        fault: 'external',
        context: { root: storage.root },
      });
    }),
  );
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
