import { describe, expect, it } from 'vitest';
import { arrayOf, column, type DeltaTable, isMurmurError, struct } from '../../src/table/index.js';
import { commitOf, dataFiles, newTable, reopen, rowsOf, useTables } from './tables.js';

useTables();

const schema = struct(column('id', 'long'), column('day', 'string'), column('n', 'integer'));

async function threeFiles(partitionColumns: string[] = []): Promise<DeltaTable> {
  const table = await newTable({ schema, partitionColumns });
  await table.append([1, 2, 3].map((id) => ({ id, day: 'mon', n: id * 10 })));
  await table.append([4, 5].map((id) => ({ id, day: 'tue', n: id * 10 })));
  await table.append([{ id: 6, day: null, n: null }]);
  return table;
}
const ids = async (table: DeltaTable) => (await rowsOf(table)).map(({ id }) => id);
const infoOf = async (table: DeltaTable) => (await commitOf(table))[0]!.commitInfo!;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (e) => (isMurmurError(e) ? e.code : String(e)),
  );

describe('delete', () => {
  it('removes whole files, rewrites those that keep rows, and leaves the others alone', async () => {
    const table = await threeFiles();
    const before = table.log.snapshot.files;
    expect(await table.delete({ where: 'id >= 3 AND id <= 5' })).toEqual({ version: 4, deletedRows: 3 });
    expect(await ids(table)).toEqual([1, 2, 6]);
    const actions = await commitOf(table);
    expect(actions.filter((a) => a.remove)).toHaveLength(2);
    expect(actions.filter((a) => a.add)).toHaveLength(1);
    expect(before.filter((file) => table.log.snapshot.has(file))).toHaveLength(1);
    expect(await infoOf(table)).toMatchObject({
      operation: 'DELETE',
      operationParameters: { predicate: '["id >= 3 AND id <= 5"]' },
      operationMetrics: {
        ...{ numAddedFiles: '1', numRemovedFiles: '2', numDeletedRows: '3', numCopiedRows: '2' },
        numRemovedBytes: expect.stringMatching(/^[1-9]\d*$/),
      },
      isBlindAppend: false,
    });
  });

  it('keeps rows for which the condition is null, and commits nothing when none is true', async () => {
    const table = await threeFiles();
    expect(await table.delete({ where: 'n <> 10 AND n <> 99' })).toMatchObject({ deletedRows: 4 });
    expect(await ids(table)).toEqual([1, 6]);
    expect(await table.delete({ where: 'n > 1000' })).toEqual({ version: 4, deletedRows: 0 });
    expect(table.version).toBe(4);
  });

  it('of everything reads no file', async () => {
    const table = await threeFiles();
    for (const file of await dataFiles(table)) await table.log.storage.delete(file);
    expect(await table.delete()).toEqual({ version: 4, deletedRows: 6 });
    expect((await reopen(table)).log.snapshot.fileCount).toBe(0);
    expect(await table.delete()).toEqual({ version: 4, deletedRows: 0 });
  });

  it('refuses a condition that changes its mind, and leaves no file behind', async () => {
    const table = await newTable({ schema });
    await table.append({ sql: "SELECT range AS id, 'mon' AS day, 1 AS n FROM range(5000)" });
    const before = await dataFiles(table);
    expect(await codeOf(table.delete({ where: 'random() < 0.5' }))).toBe('table.unstable_condition');
    expect(await dataFiles(table)).toEqual(before);
    expect(await codeOf(table.delete({ where: 'nosuch = 1' }))).toBe('duck.sql_error');
    expect(table.version).toBe(1);
  });

  it('is refused where the table is append-only, or tells a change data feed', async () => {
    const only = await newTable({ schema, properties: { 'delta.appendOnly': 'true' } });
    await only.append([{ id: 1 }]);
    expect(await codeOf(only.delete())).toBe('delta.append_only');
    const feed = await newTable({ schema, properties: { 'delta.enableChangeDataFeed': 'true' } });
    await feed.append([{ id: 1 }, { id: 2 }]);
    const before = await dataFiles(feed);
    expect(await codeOf(feed.delete({ where: 'id = 1' }))).toBe('delta.unsupported_feature');
    expect(await dataFiles(feed)).toEqual(before);
    expect(await feed.delete({ where: 'id > 0' })).toMatchObject({ deletedRows: 2 });
    expect(await feed.overwrite([{ id: 7 }])).toMatchObject({ version: 3 });
  });
});

describe('update', () => {
  it('changes rows by their old values, all columns of a row at once', async () => {
    const table = await threeFiles();
    const result = await table.update({ set: { ID: 'id + n', N: 'id' }, where: "day = 'mon' AND id < 3" });
    expect(result).toEqual({ version: 4, updatedRows: 2 });
    expect((await rowsOf(table)).map(({ id, n }) => [id, n])).toEqual([
      [11, 1],
      [22, 2],
      [3, 30],
      [4, 40],
      [5, 50],
      [6, null],
    ]);
    expect(await infoOf(table)).toMatchObject({
      operation: 'UPDATE',
      operationMetrics: { numUpdatedRows: '2', numCopiedRows: '1', numAddedFiles: '1', numRemovedFiles: '1' },
    });
  });

  it('sets a column to null, whatever its type', async () => {
    const table = await newTable({
      schema: struct(column('at', 'timestamp'), column('list', arrayOf('long'))),
    });
    await table.append([{ at: new Date(), list: [1] }]);
    await table.update({ set: { at: 'NULL', list: 'NULL' } });
    expect(await rowsOf(table)).toEqual([{ at: null, list: null }]);
  });

  it('moves rows between partitions', async () => {
    const table = await threeFiles(['day']);
    await table.update({ set: { day: "'wed'" }, where: 'id = 2 OR id = 6' });
    const again = await reopen(table);
    expect((await rowsOf(again, "day = 'wed'")).map(({ id }) => id)).toEqual([2, 6]);
    expect(again.log.snapshot.files.map(({ partitionValues }) => partitionValues.day).sort()).toEqual([
      ...['mon', 'tue', 'wed'],
    ]);
  });

  it.each([
    [{ nosuch: '1' }, 'table.column_unknown'],
    [{ id: '1', ID: '2' }, 'table.column_ambiguous'],
    [{ id: 'id / 2' }, 'duck.type_mismatch'],
    [{ id: "'12'" }, 'duck.type_mismatch'],
    [{ n: '3000000000' }, 'duck.sql_error'],
    [{ n: 'nosuch + 1' }, 'duck.sql_error'],
  ])('refuses %j', async (set, code) => {
    const table = await threeFiles();
    const before = await dataFiles(table);
    expect(await codeOf(table.update({ set: set as Record<string, string> }))).toBe(code);
    expect(table.version).toBe(3);
    expect(await dataFiles(table)).toEqual(before);
  });
});

describe('overwrite', () => {
  it('replaces all rows in one commit', async () => {
    const table = await threeFiles();
    expect(await table.overwrite([{ id: 9 }])).toEqual({ version: 4, rows: 1 });
    expect(await ids(table)).toEqual([9]);
    expect((await infoOf(table)).operationParameters).toMatchObject({ mode: 'Overwrite', partitionBy: '[]' });
  });

  it('replaces the rows for which a condition is true', async () => {
    const table = await threeFiles();
    const result = await table.overwrite([{ id: 2, day: 'mon', n: 7 }], { where: 'id <= 2' });
    expect(result).toEqual({ version: 4, rows: 1 });
    expect((await rowsOf(table)).map(({ id, n }) => [id, n])).toEqual([
      [2, 7],
      [3, 30],
      [4, 40],
      [5, 50],
      [6, null],
    ]);
    expect((await infoOf(table)).operationParameters).toMatchObject({ predicate: '["id <= 2"]' });
  });

  it('refuses new rows that the condition does not hold for', async () => {
    const table = await threeFiles();
    const before = await dataFiles(table);
    for (const row of [{ id: 3 }, { day: 'mon' }]) {
      expect(await codeOf(table.overwrite([row], { where: 'id <= 2' }))).toBe('table.replace_mismatch');
    }
    expect(await dataFiles(table)).toEqual(before);
  });

  it('gives the table other columns when it is told to, and keeps its identity', async () => {
    const table = await threeFiles(['day']);
    const { id, createdTime } = table.metadata;
    const rows = [{ name: 'a', at: new Date(0), tags: ['x'], day: 'mon' }];
    expect(await codeOf(table.overwrite(rows))).toBe('table.column_unknown');
    await table.overwrite(rows, { overwriteSchema: true, partitionColumns: ['name'] });
    const again = await reopen(table);
    expect(again.metadata).toMatchObject({ id, createdTime, partitionColumns: ['name'] });
    expect(again.schema.fields.map(({ name, type }) => [name, type])).toEqual([
      ['name', 'string'],
      ['at', 'timestamp'],
      ['tags', { type: 'array', elementType: 'string', containsNull: true }],
      ['day', 'string'],
    ]);
    expect(await rowsOf(again)).toEqual([{ name: 'a', at: '1970-01-01T00:00:00Z', tags: ['x'], day: 'mon' }]);
    expect(await codeOf(table.overwrite([], { where: 'true', overwriteSchema: true }))).toBe(
      'table.bad_options',
    );
  });
});
