/** Where DuckDB finds the Parquet files of a table. */
import { bounded } from '../base/bounded.js';
import { MurmurError } from '../base/errors.js';
import type { AddFile } from '../delta/actions.js';
import { decodePath, literalPath } from '../delta/index.js';
import { openStorage } from '../storage/open-storage.js';
import type { CachedFile } from '../storage/read-cache.js';
import type { Storage } from '../storage/storage.js';
import type { DuckSession } from './session.js';
import type { StoredFile } from './staging.js';

/** The name under which DuckDB opens a live file of a table, once `stageDataFiles` has made sure of it. */
export function dataFileUri(session: DuckSession, storage: Storage, file: AddFile): string {
  return session.staging.localName(placeOf(storage, file));
}

/** Makes live files of a table openable as long as the session holds them. Nothing to do for a local one. */
export async function stageDataFiles(
  session: DuckSession,
  storage: Storage,
  files: readonly AddFile[],
): Promise<void> {
  if (storage.kind === 'local' && !files.some(({ path }) => isAbsolute(path))) return;
  await session.staging.stage(files.map((file) => placeOf(storage, file)));
}

/** The names under which DuckDB opens other Parquet files of a store. @throws storage.not_found */
export async function stagedParquet(
  session: DuckSession,
  storage: Storage,
  paths: readonly string[],
): Promise<string[]> {
  const places = await bounded(paths, 8, async (path): Promise<StoredFile> => {
    if (storage.localPath(path) !== undefined) return { storage, file: { path, size: 0 } };
    const file: CachedFile | undefined = await storage.stat(path);
    if (file) return { storage, file };
    throw new MurmurError('storage.not_found', `reading ${storage.uri(path)}: no such file`, {
      fault: 'external',
    });
  });
  await session.staging.stage(places);
  return places.map((place) => session.staging.localName(place));
}

/** Shallow clones name files by absolute path or URL; every other path is one of the table. */
function placeOf(storage: Storage, { path, size }: AddFile): StoredFile {
  if (!isAbsolute(path)) return { storage, file: { path: decodePath(path), size } };
  const full = literalPath(path);
  const cut = full.lastIndexOf('/');
  return {
    storage: openStorage(full.slice(0, cut) || '/', '/'),
    file: { path: full.slice(cut + 1), size },
  };
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[a-z][a-z0-9+.-]*:\//i.test(path);
}
