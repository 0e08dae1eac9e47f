/** A table's rows, at one version, as one Parquet file that anything can open. */
import type { Storage } from '../storage/storage.js';
import type { Compression } from './data-files.js';
import { type ScanTarget, scanSql } from './scan.js';
import type { DuckSession } from './session.js';
import { quoteString } from './sql-text.js';

/**
 * Writes (or replaces) the file at `toPath`; a table without rows gives a file with its columns and no rows.
 * @returns the number of rows
 * @throws duck.io_failed (external)
 */
export async function exportParquet(
  session: DuckSession,
  snapshot: ScanTarget,
  storage: Storage,
  toPath: string,
  options: { compression?: Compression } = {},
): Promise<number> {
  const settings = `FORMAT parquet, COMPRESSION ${options.compression ?? 'snappy'}, PARQUET_VERSION v1`;
  return session.scalar<number>(
    `COPY (${await scanSql(session, snapshot, storage)}) TO ${quoteString(toPath)} (${settings})`,
  );
}
