/**
 * The rows that were changed between two versions of a table, as Delta's change data feed gives them: the table's columns,
 * then `_change_type` (`insert`, `delete`, `update_preimage`, `update_postimage`), `_commit_version` and `_commit_timestamp`.
 */
import { MurmurError } from '../base/errors.js';
import type { AddFile } from '../delta/actions.js';
import type { ChangedFile, CommitChanges, TableChanges } from '../delta/changes.js';
import { column, type StructField, struct } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import type { Row } from './json-value.js';
import { type ScanTarget, scanSql } from './scan.js';
import type { DuckSession } from './session.js';
import { quoteIdent, quoteString } from './sql-text.js';

export interface ChangeRowsOptions {
  /** The table's root. */
  storage: Storage;
  /** Each version is read on a session of its own, which is closed behind it. */
  connect(): Promise<DuckSession>;
  limit?: number;
  /**
   * A commit that rewrites a file removes and adds all its rows, also those that it only copied. False (the default): equal rows
   * that one version deletes and inserts cancel each other out, so that what remains has truly changed. True: everything
   * that the log says.
   */
  copiedRows?: boolean;
}

/** The three columns behind the table's own. */
export const changeColumns: readonly StructField[] = [
  column('_change_type', 'string', false),
  column('_commit_version', 'long', false),
  column('_commit_timestamp', 'timestamp', false),
];

/**
 * Version by version, upward; within one, rows have no order. Columns are those of the range's last version, null where a
 * file is older than they are.
 * @throws duck.column_ambiguous (user) for a table with a column named like one of `changeColumns`; as `scanSql`
 */
export async function* changeRows(
  { target, commits }: TableChanges,
  { storage, connect, limit = Number.POSITIVE_INFINITY, copiedRows = false }: ChangeRowsOptions,
): AsyncGenerator<Row> {
  assertNamesFree(target);
  let left = limit;
  for (const commit of commits) {
    if (left <= 0) return;
    const { deleted, inserted, changeData } = commit;
    if (deleted.length + inserted.length + changeData.length === 0) continue;
    const session = await connect();
    try {
      const select = await changesSql({ session, storage, target, copiedRows }, commit);
      const most = Number.isFinite(left) ? ` LIMIT ${Math.trunc(left)}` : '';
      for await (const chunk of session.stream(select + most)) {
        left -= chunk.length;
        yield* chunk;
      }
    } finally {
      await session.close();
    }
  }
}

interface Reading {
  session: DuckSession;
  storage: Storage;
  target: ScanTarget;
  copiedRows: boolean;
}

async function changesSql(reading: Reading, commit: CommitChanges): Promise<string> {
  const rows = await labelledRows(reading, commit);
  const timestamp = quoteString(new Date(commit.timestamp).toISOString());
  return `SELECT *, CAST(${commit.version} AS BIGINT) AS _commit_version,
  CAST(${timestamp} AS TIMESTAMPTZ) AS _commit_timestamp FROM (${rows})`;
}

/** Rows with their `_change_type`. */
async function labelledRows(
  reading: Reading,
  { changeData, deleted, inserted }: CommitChanges,
): Promise<string> {
  if (changeData.length > 0) return changeDataSql(reading, changeData);
  const cancel = !reading.copiedRows && deleted.length > 0 && inserted.length > 0;
  const selects: string[] = [];
  for (const [type, files] of [
    ['delete', deleted],
    ['insert', inserted],
  ] as const) {
    if (files.length === 0) continue;
    const label = cancel ? `${type === 'delete' ? -1 : 1} AS ${balance}` : `'${type}' AS _change_type`;
    selects.push(`SELECT *, ${label} FROM (${await rowsSql(reading, files)})`);
  }
  return cancel ? netSql(reading.target, selects) : selects.join('\nUNION ALL ');
}

const balance = '_murmur_balance';

/** As `EXCEPT ALL` both ways, in one pass: of n equal rows deleted and m inserted, n − m or m − n remain. */
function netSql({ schema }: ScanTarget, selects: readonly string[]): string {
  const columns = schema.fields.map(({ name }) => quoteIdent(name)).join(', ');
  return `SELECT ${columns}, CASE WHEN net < 0 THEN 'delete' ELSE 'insert' END AS _change_type FROM (
  SELECT ${columns}, net, unnest(range(abs(net))) FROM (
    SELECT ${columns}, CAST(sum(${balance}) AS BIGINT) AS net FROM (${selects.join('\nUNION ALL ')})
    GROUP BY ALL HAVING net <> 0))`;
}

async function rowsSql(reading: Reading, files: readonly ChangedFile[]): Promise<string> {
  const { session, storage, target } = reading;
  const whole = files.flatMap(({ file, other }) => (other === undefined ? [file] : []));
  const selects = whole.length > 0 ? [await scanSql(session, target, storage, { files: whole })] : [];
  // Some column must be named; only the row numbers count.
  const columns = target.schema.fields.slice(0, 1).map(({ name }) => name);
  for (const { file, other } of files) {
    if (other === undefined) continue;
    const rows = await scanSql(session, target, storage, { files: [file], rowNumbers: true });
    const others = await scanSql(session, target, storage, { files: [other], columns, rowNumbers: true });
    selects.push(
      `SELECT * EXCLUDE (filename, file_row_number) FROM (${rows}) AS one
  WHERE file_row_number NOT IN (SELECT file_row_number FROM (${others}))`,
    );
  }
  return selects.join('\nUNION ALL ');
}

/** Change data files have the table's columns under their physical names, and say the type of change in a column. */
function changeDataSql({ session, storage, target }: Reading, files: readonly AddFile[]): Promise<string> {
  const type = column('_change_type', 'string');
  type.metadata['delta.columnMapping.physicalName'] = '_change_type';
  const { configuration, partitionColumns } = target.metadata;
  const mapping =
    configuration['delta.columnMapping.mode'] === 'id' ? { 'delta.columnMapping.mode': 'name' } : {};
  const withType: ScanTarget = {
    schema: struct(...target.schema.fields, type),
    metadata: { partitionColumns, configuration: { ...configuration, ...mapping } },
    files,
  };
  return scanSql(session, withType, storage);
}

function assertNamesFree({ schema }: ScanTarget): void {
  const reserved = [...changeColumns.map(({ name }) => name), balance];
  const taken = schema.fields.find(({ name }) => reserved.includes(name.toLowerCase()));
  if (taken === undefined) return;
  throw new MurmurError(
    'duck.column_ambiguous',
    `reading the changes of a table with a column named ${taken.name}, which says what became of a row`,
    { fault: 'user', fix: 'rename the column' },
  );
}
