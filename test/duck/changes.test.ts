/** Rows that were changed between two versions, from real files. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, AddFile } from '../../src/delta/actions.js';
import { type ChangesRange, planChanges } from '../../src/delta/changes.js';
import { deletionVectorPath } from '../../src/delta/deletion-vector.js';
import { DeltaLog, encodePath } from '../../src/delta/index.js';
import { commitPath } from '../../src/delta/log-files.js';
import { changeColumns, changeRows } from '../../src/duck/changes.js';
import { DuckParquetHandler, type Row, scanSql, writeParquet } from '../../src/duck/index.js';
import { arrayOf, column, type StructType, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { storedVectors } from '../delta/deletion-vectors.js';
import { openDuck } from './open-duck.js';

const { dir, database, session } = await openDuck();

let tables = 0;
function newTable(schema: StructType, partitionColumns: string[] = []): Promise<DeltaLog> {
  const parquet = new DuckParquetHandler(database);
  return DeltaLog.create(
    new LocalStorage(join(dir, `t${tables++}`)),
    { parquet },
    { schema, partitionColumns },
  );
}

/** Adds the rows of a query and removes these files, in one commit. */
async function commit(
  table: DeltaLog,
  select: string | undefined,
  removed: readonly AddFile[] = [],
  schema = table.snapshot.schema,
) {
  const { metadata } = await table.update();
  const transaction = table.begin();
  for (const file of removed) transaction.remove(file);
  if (schema !== table.snapshot.schema)
    transaction.setMetadata({ ...metadata, schemaString: JSON.stringify(schema) });
  if (select !== undefined) {
    const { partitionColumns } = metadata;
    const files = await writeParquet(session, { select, storage: table.storage, schema, partitionColumns });
    for (const file of files) transaction.add(file);
  }
  const result = await transaction.commit({ operation: 'WRITE' });
  if (result.outcome !== 'committed') throw new Error(result.kind);
  return result.snapshot;
}

/** A commit as another writer would make it. */
async function foreignCommit(table: DeltaLog, ...actions: Action[]): Promise<void> {
  const { version } = await table.update();
  const lines = actions.map((action) => JSON.stringify(action)).join('\n');
  await table.storage.putIfAbsent(commitPath(version + 1), Buffer.from(lines));
}

async function changes(
  table: DeltaLog,
  range: ChangesRange,
  options: { limit?: number; copiedRows?: boolean } = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  const from = { storage: table.storage, connect: () => database.connect(), ...options };
  for await (const row of changeRows(await planChanges(table, range), from)) rows.push(row);
  return rows;
}

/** `1 delete 7`: version, kind, and the values of the columns. */
const short = (rows: readonly Row[]) =>
  rows
    .map(({ _change_type, _commit_version, _commit_timestamp, ...rest }) =>
      [_commit_version, _change_type, ...Object.values(rest)].join(' '),
    )
    .sort();

const simple = struct(column('id', 'long'), column('s', 'string'));

describe('changed rows', () => {
  it('have the columns of the table, what became of them, and the version and time of the commit', async () => {
    const table = await newTable(simple);
    const { timestamp } = await commit(table, "SELECT 9007199254740993 AS id, 'a' AS s");
    const [row, ...others] = await changes(table, { from: 0 });
    expect(others).toEqual([]);
    expect(Object.keys(row!)).toEqual(['id', 's', ...changeColumns.map(({ name }) => name)]);
    expect(row).toEqual({
      id: '9007199254740993',
      s: 'a',
      _change_type: 'insert',
      _commit_version: 1,
      _commit_timestamp: expect.stringContaining(new Date(timestamp).toISOString().slice(0, 19)),
    });
    expect(Date.parse(String(row!._commit_timestamp))).toBe(timestamp);
  });

  it('of a rewritten file are those that differ, unless the copied ones are asked for', async () => {
    const table = await newTable(simple);
    const { files } = await commit(table, "FROM (VALUES (1, 'a'), (2, 'b'), (2, 'b'), (3, NULL)) t(id, s)");
    await commit(table, "FROM (VALUES (1, 'A'), (2, 'b'), (3, NULL), (3, NULL)) t(id, s)", files);
    expect(short(await changes(table, { from: 2 }))).toEqual(
      ['2 delete 1 a', '2 delete 2 b', '2 insert 1 A', '2 insert 3 '].sort(),
    );
    expect(await changes(table, { from: 2 }, { copiedRows: true })).toHaveLength(8);
    expect(await changes(table, { from: 1 }, { limit: 5 })).toHaveLength(5);
    expect(short(await changes(table, { from: 1, to: 1 }))).toHaveLength(4);
  });

  it('cancel out by all columns, nested and partition ones too', async () => {
    const schema = struct(
      column('l', arrayOf('double')),
      column('st', struct(column('b', 'binary'), column('d', 'decimal(20,3)'))),
      column('m', { type: 'map', keyType: 'string', valueType: 'long', valueContainsNull: true }),
      column('nothing', 'void'),
      column('p', 'date'),
    );
    const table = await newTable(schema, ['p']);
    const row = (d: string, p: string) =>
      `SELECT ['nan'::DOUBLE, NULL] AS l, {'b': '\\x00'::BLOB, 'd': ${d}} AS st, MAP {'k': NULL::BIGINT} AS m, ${p} AS p`;
    const first = `${row('1.5', 'NULL')} UNION ALL ${row('1.5', "DATE '2024-01-01'")}`;
    const { files } = await commit(table, first);
    await commit(table, `${row('1.5', 'NULL')} UNION ALL ${row('1.501', "DATE '2024-01-01'")}`, files);
    const rows = await changes(table, { from: 2 });
    expect(rows.map(({ _change_type, st, p }) => ({ _change_type, st, p }))).toEqual(
      expect.arrayContaining([
        { _change_type: 'delete', st: { b: 'AA==', d: '1.500' }, p: '2024-01-01' },
        { _change_type: 'insert', st: { b: 'AA==', d: '1.501' }, p: '2024-01-01' },
      ]),
    );
    expect(rows).toHaveLength(2);
  });

  it('come in the newest schema of the range: a file older than a column has null there', async () => {
    const table = await newTable(struct(column('id', 'integer')));
    const { files } = await commit(table, 'SELECT 1 AS id');
    const wider = struct(column('id', 'long'), column('s', 'string'));
    await commit(table, "SELECT 2 AS id, 'x' AS s", [], wider);
    await commit(table, undefined, files);
    expect(short(await changes(table, { from: 1 }))).toEqual(['1 insert 1 ', '2 insert 2 x', '3 delete 1 ']);
    expect(Object.keys((await changes(table, { from: 1, to: 1 }))[0]!)).not.toContain('s');
  });

  it('are those of change data files where a commit has some', async () => {
    const table = await newTable(struct(column('id', 'long'), column('p', 'string')), ['p']);
    const { files } = await commit(table, "SELECT 1 AS id, 'x y' AS p");
    const path = '_change_data/p=x y/cdc.parquet';
    await table.storage.put(path, new Uint8Array());
    await session.run(
      `COPY (SELECT 1::BIGINT AS id, 'update_preimage' AS _change_type UNION ALL SELECT 2, 'update_postimage')
       TO '${table.storage.uri(path)}' (FORMAT parquet)`,
    );
    const cdc = {
      path: encodePath(path),
      partitionValues: { p: 'x y' },
      size: 1,
      dataChange: false as const,
    };
    const { modificationTime, stats, ...rest } = files[0]!;
    await foreignCommit(table, { remove: { ...rest, deletionTimestamp: 1 } }, { cdc });
    expect(short(await changes(table, { from: 2 }))).toEqual([
      '2 update_postimage 2 x y',
      '2 update_preimage 1 x y',
    ]);
  });

  it('of a file that changes its deletion vector are the difference', async () => {
    const table = await newTable(struct(column('id', 'long')));
    const { files } = await commit(table, 'SELECT unnest(range(6)) AS id');
    const vectors = [[1, 4], [1, 2, 4], [2], [], [0, 1, 2, 3, 4, 5]];
    let before = files[0]!;
    for (const rows of vectors) {
      const { deletionVector, ...plain } = before;
      const [stored] = await storedVectors(table.storage, [rows]);
      const after = rows.length === 0 ? plain : { ...plain, deletionVector: stored! };
      const remove = { path: before.path, dataChange: true, deletionTimestamp: 1 };
      const removed = deletionVector === undefined ? remove : { ...remove, deletionVector };
      await foreignCommit(table, { remove: removed }, { add: after });
      before = after;
    }
    expect(short(await changes(table, { from: 2 }))).toEqual([
      ...['2 delete 1', '2 delete 4', '3 delete 2', '4 insert 1', '4 insert 4', '5 insert 2'],
      ...[0, 1, 2, 3, 4, 5].map((id) => `6 delete ${id}`),
    ]);
    await table.storage.delete(deletionVectorPath((await table.at(3)).files[0]!.deletionVector!)!);
    await expect(changes(table, { from: 2 })).rejects.toMatchObject({
      code: 'delta.changes_gone',
      context: { version: 4, firstReadable: 5 },
    });
    expect(await changes(table, { from: 6 })).toHaveLength(6);
  });

  it('have the logical names of columns that are mapped', async () => {
    const field = (name: string, physical: string, id: number, type: 'long' | 'string') => ({
      ...column(name, type),
      metadata: { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': physical },
    });
    const schema = struct(field('new name', 'id', 1, 'long'), field('part', 'p', 2, 'string'));
    const table = await newTable(struct(column('id', 'long'), column('p', 'string')), ['p']);
    const { files } = await commit(table, "SELECT unnest([1, 2]) AS id, 'x' AS p");
    const { metadata } = table.snapshot;
    const path = '_change_data/cdc.parquet';
    await table.storage.put(path, new Uint8Array());
    const cdcRow = `COPY (SELECT 7::BIGINT AS id, 'delete' AS _change_type) TO '${table.storage.uri(path)}' (FORMAT parquet)`;
    await session.run(cdcRow);
    for (const mode of ['name', 'id']) {
      const configuration = { 'delta.columnMapping.mode': mode };
      const schemaString = JSON.stringify(schema);
      const metaData = { ...metadata, schemaString, partitionColumns: ['part'], configuration };
      const cdc = { path, partitionValues: { p: 'y' }, size: 1, dataChange: false as const };
      await foreignCommit(
        table,
        { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
        { metaData },
        { cdc },
      );
      expect(short(await changes(table, { from: 1 })).at(-1)).toMatch(/^\d delete 7 y$/);
    }
    const { path: removed } = files[0]!;
    await foreignCommit(table, { remove: { path: removed, dataChange: true, deletionTimestamp: 1 } });
    const rows = await changes(table, { from: 1 });
    expect(Object.keys(rows[0]!).slice(0, 2)).toEqual(['new name', 'part']);
    expect(short(rows).filter((text) => /^[15]/.test(text))).toEqual(['1 insert 1 x', '1 insert 2 x']);
  });

  it('cannot be told apart from columns of the same name', async () => {
    const table = await newTable(struct(column('_Commit_Version', 'long')));
    await expect(changes(table, { from: 0 })).rejects.toMatchObject({
      code: 'duck.column_ambiguous',
      fault: 'user',
    });
  });
});

describe('the changes of a range, applied to the state before it, give the state after it', () => {
  it('whatever was written and rewritten', async () => {
    const step = fc.record({
      rows: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b', null)), {
        maxLength: 6,
      }),
      removes: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.nat(4),
        async (steps, copiedRows, from) => {
          const table = await newTable(simple, steps.length % 2 === 0 ? ['s'] : []);
          const states = [new Map<string, number>()];
          for (const { rows, removes } of steps) {
            const values = rows.map(([id, s]) => `(${id}, ${s === null ? 'NULL' : `'${s}'`})`).join(', ');
            const select =
              rows.length === 0
                ? undefined
                : `SELECT id::BIGINT AS id, s::VARCHAR AS s FROM (VALUES ${values}) t(id, s)`;
            const snapshot = await commit(table, select, table.snapshot.files.slice(0, removes));
            states.push(counted(await session.rows(await scanSql(session, snapshot, table.storage))));
          }
          const start = Math.min(from, steps.length - 1);
          const state = new Map(states[start]);
          for (const { _change_type, _commit_version, _commit_timestamp, ...row } of await changes(
            table,
            { from: start + 1 },
            { copiedRows },
          )) {
            add(state, row, _change_type === 'insert' ? 1 : -1);
          }
          expect(state).toEqual(states.at(-1));
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: 20_000 },
    );
  });

  function counted(rows: readonly Row[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const row of rows) add(counts, row, 1);
    return counts;
  }

  function add(counts: Map<string, number>, row: Row, n: number): void {
    const key = JSON.stringify([row.id, row.s]);
    const count = (counts.get(key) ?? 0) + n;
    if (count === 0) counts.delete(key);
    else counts.set(key, count);
  }
});
