/** From what people write as a model to a folder on this machine's disk. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { bounded } from '../base/bounded.js';
import { MurmurError } from '../base/errors.js';
import { packageRoot } from '../base/package-root.js';
import { isRemote, openStorage } from '../storage/open-storage.js';
import { defaultCacheDir } from '../storage/read-cache.js';
import type { S3Options } from '../storage/s3-connection.js';
import type { ObjectInfo } from '../storage/storage.js';

export interface RemoteBundleOptions {
  /** Folder below which bundles of remote stores are copied to. Default: that of other copies. */
  dir?: string | undefined;
  s3?: S3Options | undefined;
}

/**
 * Folder of a bundle: `bundled` is the one in the package, `s3://bucket/prefix` is copied once and again when a file in it
 * changes, all else is a path from the working folder. Nothing is checked yet: `loadBundle` knows the digests.
 * @throws scoring.bundle_missing (external) when there is nothing below a URL; what the store throws
 */
export async function bundleFolder(bundle: string, options: RemoteBundleOptions = {}): Promise<string> {
  if (bundle === 'bundled') return join(packageRoot(), 'models', 'bundled');
  return isRemote(bundle) ? copied(bundle, options) : resolve(bundle);
}

async function copied(location: string, { dir, s3 }: RemoteBundleOptions): Promise<string> {
  const storage = openStorage(location, '/', s3);
  const files: ObjectInfo[] = [];
  for await (const file of storage.list('')) files.push(file);
  if (files.length === 0)
    throw new MurmurError('scoring.bundle_missing', `model bundle without any file: ${location}`, {
      fault: 'external',
      fix: 'correct model: in murmur.yaml, or upload the folder of the bundle there',
    });
  const state = files.map(({ path, size, etag }) => `${path}\n${size}\n${etag ?? ''}`).join('\n');
  const name = createHash('sha256').update(`${storage.root}\n${state}`).digest('hex').slice(0, 40);
  const folder = join(dir ?? defaultCacheDir(), 'bundles', name);
  if (await stat(folder).catch(() => undefined)) return folder;
  const arriving = `${folder}.${randomUUID()}`;
  try {
    await bounded(files, 4, async ({ path }) => {
      const file = join(arriving, ...path.split('/').filter((part) => part !== '..'));
      await mkdir(dirname(file), { recursive: true });
      await storage.download(path, file);
    });
    await rename(arriving, folder).catch(async (e) => {
      // Another process has copied it too.
      if (!(await stat(folder).catch(() => undefined))) throw e;
    });
    return folder;
  } finally {
    await rm(arriving, { recursive: true, force: true });
  }
}
