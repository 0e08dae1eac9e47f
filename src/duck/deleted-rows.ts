/**
 * The rows that deletion vectors take out of a table's files, as a table of the session: a scan leaves them out by file and
 * row number. The table is temporary and named after what is in it, so a view that reads it works on every session on
 * which the same files were scanned, and scanning them again costs nothing.
 */
import { createHash } from 'node:crypto';
import { bounded } from '../base/bounded.js';
import type { AddFile } from '../delta/actions.js';
import { deletionVectorKey, type RowRange, readDeletionVector } from '../delta/index.js';
import { column, struct } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import type { DuckSession } from './session.js';
import { quoteIdent } from './sql-text.js';

/** A live file and the name under which DuckDB opens it. */
export interface LocatedFile {
  file: AddFile;
  uri: string;
}

/** Tables of a session that are there or being filled. */
const staged = new WeakMap<DuckSession, Map<string, Promise<void>>>();

/** Vectors that are fetched and decoded at the same time. */
const atOnce = 16;

const schema = struct(column('file', 'string'), column('first', 'long'), column('last', 'long'));

/**
 * A condition on `filename` and `file_row_number` that holds for rows which are not deleted; undefined where no file has a
 * deletion vector.
 * @throws delta.bad_deletion_vector (external)
 */
export async function notDeleted(
  session: DuckSession,
  storage: Storage,
  files: readonly LocatedFile[],
): Promise<string | undefined> {
  const hit = files.filter(({ file }) => file.deletionVector !== undefined);
  if (hit.length === 0) return undefined;
  const contents = hit.map(({ file, uri }) => `${uri}\n${deletionVectorKey(file.deletionVector!)}`);
  const hash = createHash('sha256')
    .update(`${storage.root}\n${contents.sort().join('\n')}`)
    .digest('hex');
  const table = `deleted_rows_${hash.slice(0, 32)}`;
  const tables = staged.get(session) ?? new Map<string, Promise<void>>();
  staged.set(session, tables);
  let filled = tables.get(table);
  if (filled === undefined) {
    filled = fill(session, table, storage, hit);
    tables.set(table, filled);
  }
  try {
    await filled;
  } catch (e) {
    tables.delete(table);
    throw e;
  }
  return `(filename, file_row_number) NOT IN (
    SELECT (file, unnest(range("first", "last" + 1))) FROM temp.main.${quoteIdent(table)})`;
}

async function fill(
  session: DuckSession,
  table: string,
  storage: Storage,
  files: readonly LocatedFile[],
): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${quoteIdent(table)} (file VARCHAR, "first" BIGINT, "last" BIGINT)`,
  );
  const vectors = await bounded(files, atOnce, async ({ file, uri }) => {
    return { uri, ranges: await readDeletionVector(storage, file.deletionVector!) };
  });
  await session.append(table, schema, rowsOf(vectors));
}

function* rowsOf(
  vectors: readonly { uri: string; ranges: Iterable<RowRange> }[],
): Generator<[string, bigint, bigint]> {
  for (const { uri, ranges } of vectors) {
    for (const [first, last] of ranges) yield [uri, BigInt(first), BigInt(last)];
  }
}
