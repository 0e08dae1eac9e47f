/** Where DuckDB finds the Parquet files of a table. */
import { fileURLToPath } from 'node:url';
import { MurmurError } from '../base/errors.js';
import type { AddFile } from '../delta/actions.js';
import { decodePath } from '../delta/index.js';
import type { Storage } from '../storage/storage.js';

/**
 * The name under which DuckDB opens a file of a storage (a literal path relative to the root).
 * @throws duck.storage_unsupported for a store that DuckDB cannot reach
 */
export function parquetUri(storage: Storage, path: string): string {
  if (storage.kind !== 'local') {
    throw new MurmurError(
      'duck.storage_unsupported',
      `Parquet files in ${storage.root}, which is not a local folder`,
      {
        fault: 'user',
        fix: 'keep the tables on a local disk',
      },
    );
  }
  return storage.uri(path);
}

/** The same for a live file of a table; shallow clones name files by absolute path. */
export function dataFileUri(storage: Storage, file: AddFile): string {
  if (file.path.startsWith('file:')) return fileURLToPath(file.path);
  const path = decodePath(file.path);
  if (path.startsWith('/')) return path;
  return parquetUri(storage, path);
}
