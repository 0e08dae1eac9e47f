import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MurmurError } from '../base/errors.js';
import { LocalStorage } from './local.js';
import type { Storage } from './storage.js';

/**
 * The storage that a location names: a folder (path or `file://` URL; relative paths below `base`). The folder need not
 * exist.
 * @throws storage.unsupported (user) for any other scheme
 */
export function openStorage(location: string, base: string): Storage {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1]?.toLowerCase();
  if (scheme === undefined) return new LocalStorage(resolve(base, location));
  if (scheme === 'file') return new LocalStorage(fileURLToPath(location));
  throw new MurmurError(
    'storage.unsupported',
    scheme === 's3'
      ? `opening ${location}: S3 comes with a later version`
      : `opening ${location}: ${scheme} is not a kind of storage`,
    { fault: 'user', fix: 'use a folder of the local disk' },
  );
}
