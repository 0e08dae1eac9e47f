/** A Delta table anywhere, without a lake around it. */
import { basename, dirname } from 'node:path';
import { lazyParquet } from '../duck/lazy-parquet.js';
import { absoluteLocation, openStorage } from '../storage/open-storage.js';
import { LakeTable } from './lake-table.js';
import { OpenTables } from './open-tables.js';
import { SqlDesk } from './sql-desk.js';

/**
 * Opens nothing yet; `close` frees what was used.
 * @param location a folder, or `s3://bucket/prefix`
 */
export function tableAt(location: string): { table: LakeTable; close(): Promise<void> } {
  const path = absoluteLocation(location, '.');
  const name = basename(path);
  const desk: SqlDesk = new SqlDesk({
    tables: { names: () => [name], table: () => table },
    functions: { scalars: [], macros: [] },
  });
  const tables = new OpenTables(openStorage(dirname(path), '/'), {
    parquet: lazyParquet(() => desk.database()),
  });
  const table = new LakeTable(name, path, undefined, {
    open: () => tables.open(name),
    connect: () => desk.connect(),
    withSession: (work) => desk.withSession(work),
  });
  return { table, close: () => desk.close() };
}
