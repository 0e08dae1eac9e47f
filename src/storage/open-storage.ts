import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MurmurError } from '../base/errors.js';
import { LocalStorage } from './local.js';
import { openS3 } from './s3.js';
import type { S3Options } from './s3-connection.js';
import type { Storage } from './storage.js';

/**
 * The storage that a location names: a folder (path or `file://` URL; relative paths below `base`) or `s3://bucket/prefix`.
 * It need not exist, and nothing is asked of it yet.
 * @param s3 default: what the environment says, by one connection for all
 * @throws storage.unsupported (user) for any other scheme; storage.invalid_location (user)
 */
export function openStorage(location: string, base: string, s3?: S3Options): Storage {
  const scheme = schemeOf(location);
  if (scheme === undefined) return new LocalStorage(resolve(base, location));
  if (scheme === 'file') return new LocalStorage(fileURLToPath(location));
  if (scheme === 's3') {
    if (/^s3:\/\/[^/]+(\/|$)/i.test(location)) return openS3(location, s3);
    throw new MurmurError('storage.invalid_location', `opening ${location}: it names no bucket`, {
      fault: 'user',
      fix: 'write it as s3://bucket/prefix',
    });
  }
  throw new MurmurError('storage.unsupported', `opening ${location}: ${scheme} is not a kind of storage`, {
    fault: 'user',
    fix: 'use a folder of the local disk, or s3://bucket/prefix',
  });
}

/** Whether a location is elsewhere than on this machine's disk. */
export function isRemote(location: string): boolean {
  const scheme = schemeOf(location);
  return scheme !== undefined && scheme !== 'file';
}

/** As it stands in settings, made absolute: remote ones without the slash at their end, folders below `base`. */
export function absoluteLocation(location: string, base: string): string {
  return isRemote(location) ? location.replace(/\/+$/, '') : openStorage(location, base).root;
}

/** What stands below a location. */
export function below(location: string, path: string): string {
  return isRemote(location) ? `${location}/${path}` : resolve(location, path);
}

function schemeOf(location: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1]?.toLowerCase();
}
