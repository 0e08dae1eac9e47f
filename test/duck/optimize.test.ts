/** OPTIMIZE on real Parquet: contents are what they were, Z-order lets readers pass over files, and a second run does nothing. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeltaLog, optimize, planScan } from '../../src/delta/index.js';
import { DuckParquetHandler, scanSql, writeParquet } from '../../src/duck/index.js';
import { zOrdered } from '../../src/duck/z-order.js';
import { column, type StructType, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { openDuck } from './open-duck.js';

const { dir, database, session } = await openDuck();

const schema = struct(
  column('id', 'long'),
  column('mention', 'string'),
  column('at', 'timestamp'),
  column('text', 'string'),
  column('p', 'string'),
);

interface Making {
  configuration?: Record<string, string>;
  partitionColumns?: string[];
  /** Rows of each append. */
  appends: number[];
}

async function made(name: string, { configuration = {}, partitionColumns = [], appends }: Making) {
  const env = { parquet: new DuckParquetHandler(database) };
  const storage = new LocalStorage(join(dir, name));
  const log = await DeltaLog.create(storage, env, { schema, configuration, partitionColumns });
  let from = 0;
  for (const rows of appends) {
    await append(log, from, from + rows);
    from += rows;
  }
  return log;
}

/** Mentions and times in no order at all, a mention in three missing. */
async function append(log: DeltaLog, from: number, to: number) {
  const { metadata } = log.snapshot;
  const files = await writeParquet(session, {
    select: `SELECT i AS id, CASE WHEN i % 3 > 0 THEN 'user' || (hash(i) % 500)::VARCHAR END AS mention,
        TIMESTAMPTZ '2026-01-01' + to_seconds((hash(i + 1) % 1000000)::BIGINT) AS "at",
        md5(i::VARCHAR) || '😀' AS "text", CASE i % 2 WHEN 0 THEN 'even/ö' END AS p
      FROM range(${from}, ${to}) r(i)`,
    ...{ storage: log.storage, schema, configuration: metadata.configuration },
    partitionColumns: metadata.partitionColumns,
  });
  const transaction = log.begin();
  for (const file of files) transaction.add(file);
  await transaction.commit({ operation: 'WRITE' });
}

/** Tells any two sets of rows apart, whatever their order. */
async function checksum(log: DeltaLog): Promise<string> {
  const scan = await scanSql(session, log.snapshot, log.storage);
  return session.scalar(`SELECT count(*) || ' ' || bit_xor(hash(t)) || ' ' || sum(hash(t)) FROM (${scan}) t`);
}
const filesFor = (log: DeltaLog, column: string, value: string | bigint) =>
  planScan(log.snapshot, [{ column, op: '=', value }]).length;

describe('optimize', () => {
  it('changes no row, and the second run commits nothing', async () => {
    const log = await made('bins', { appends: Array.from({ length: 40 }, (_, i) => 20 + i) });
    const before = await checksum(log);
    const result = await optimize(log, { targetSize: 40_000, batchBytes: 100_000 });
    expect(result.filesRemoved).toBeGreaterThanOrEqual(40);
    expect(result.versions.length).toBeGreaterThan(1);
    expect(log.snapshot.fileCount).toBeLessThan(6);
    expect(await checksum(log)).toBe(before);
    const { version } = log.snapshot;
    expect((await optimize(log, { targetSize: 40_000 })).versions).toEqual([]);
    expect(log.snapshot.version).toBe(version);
  });

  it('keeps partitions and their statistics', async () => {
    const log = await made('parts', { partitionColumns: ['p'], appends: [50, 60, 70] });
    const before = await checksum(log);
    await optimize(log);
    expect(log.snapshot.files.map(({ partitionValues }) => partitionValues.p)).toEqual([null, 'even/ö']);
    expect(log.snapshot.numRecords).toBe(180);
    expect(await checksum(log)).toBe(before);
  });
});

describe('Z-order', () => {
  it('by mention cuts the files read for one mention by four fifths and more, and is not done twice', async () => {
    const appends = Array.from({ length: 20 }, () => 5_000);
    const log = await made('zorder', { appends });
    const targetSize = Math.round(log.snapshot.sizeInBytes / 40);
    const before = await checksum(log);
    const filesBefore = filesFor(log, 'mention', 'user77');
    expect(filesBefore).toBe(20);
    const result = await optimize(log, { zOrderBy: ['MENTION'], targetSize });
    expect(result.versions).toHaveLength(1);
    expect(log.snapshot.fileCount).toBeGreaterThan(25);
    expect(filesFor(log, 'mention', 'user77')).toBeLessThanOrEqual(filesBefore * 0.2);
    expect(await checksum(log)).toBe(before);
    const [entry] = await log.history(1);
    expect(entry!.operationParameters).toMatchObject({ zOrderBy: '["mention"]' });

    expect((await optimize(log, { zOrderBy: ['mention'], targetSize })).versions).toEqual([]);
    const reopened = await DeltaLog.open(log.storage, log.env);
    expect((await optimize(reopened, { zOrderBy: ['mention'], targetSize })).versions).toEqual([]);
    await append(reopened, 100_000, 100_010);
    expect((await optimize(reopened, { zOrderBy: ['mention'], targetSize })).versions).toHaveLength(1);
    expect((await optimize(reopened, { zOrderBy: ['mention', 'at'], targetSize })).versions).toHaveLength(1);
  }, 30_000);

  it('by two columns serves conditions on either', async () => {
    const log = await made('two', { appends: [20_000, 20_000] });
    const targetSize = Math.round(log.snapshot.sizeInBytes / 64);
    const before = await checksum(log);
    await optimize(log, { zOrderBy: ['mention', 'at'], targetSize });
    const files = log.snapshot.fileCount;
    expect(files).toBeGreaterThan(40);
    const moment = BigInt(Date.UTC(2026, 0, 5)) * 1000n;
    expect(filesFor(log, 'mention', 'user77')).toBeLessThan(files * 0.4);
    expect(filesFor(log, 'at', moment)).toBeLessThan(files * 0.4);
    expect(await checksum(log)).toBe(before);
  }, 30_000);

  it('of partitions is a matter of each, and new files bring only theirs into order again', async () => {
    const log = await made('zparts', { partitionColumns: ['p'], appends: [300, 300] });
    expect(await optimize(log, { zOrderBy: ['id'], batchBytes: 1 })).toMatchObject({
      ...{ filesRemoved: 4, filesAdded: 2 },
      versions: [3, 4],
    });
    const even = planScan(log.snapshot, []).filter(({ partitionValues }) => partitionValues.p !== null);
    await log.begin().reads(even).remove(even[0]!).commit({ operation: 'DELETE' });
    await append(log, 600, 601);
    expect(await optimize(log, { zOrderBy: ['id'] })).toMatchObject({ filesRemoved: 1, filesAdded: 1 });
  });

  it('is not undone by joining small files', async () => {
    const log = await made('kept', { appends: [500, 500] });
    const targetSize = Math.round(log.snapshot.sizeInBytes / 8);
    await optimize(log, { zOrderBy: ['id'], targetSize });
    await append(log, 1000, 1010);
    await append(log, 1010, 1020);
    const cubes = () => log.snapshot.files.map(({ tags }) => tags?.ZCUBE_ID);
    const cube = cubes().find((id) => id !== undefined);
    await optimize(log, { targetSize: 2 * targetSize });
    expect(new Set(cubes())).toEqual(new Set([cube, undefined]));
    expect(cubes().filter((id) => id === undefined)).toHaveLength(1);
  });

  it.each<[string, Making, string[], RegExp, RegExp]>([
    ['unknown columns', { appends: [] }, ['nobody'], /no such column/, /mention/],
    ['partition columns', { appends: [], partitionColumns: ['p'] }, ['p'], /apart by it/, /other/],
    ['a column twice', { appends: [] }, ['id', 'ID'], /twice/, /once/],
    [
      'columns past those with statistics',
      { appends: [], configuration: { 'delta.dataSkippingNumIndexedCols': '1' } },
      ['mention'],
      /no statistics/,
      /delta\.dataSkippingNumIndexedCols/,
    ],
    [
      'columns without statistics by name',
      { appends: [], configuration: { 'delta.dataSkippingStatsColumns': 'id' } },
      ['text'],
      /no statistics/,
      /delta\.dataSkippingStatsColumns/,
    ],
  ])('refuses %s', async (name, making, zOrderBy, message, fix) => {
    const log = await made(`refused-${name}`, making);
    await expect(optimize(log, { zOrderBy })).rejects.toMatchObject({
      ...{ code: 'delta.zorder_column', fault: 'user' },
      ...{ message: expect.stringMatching(message), fix: expect.stringMatching(fix) },
    });
  });
});

describe('the order of rows', () => {
  const inOrder = async (select: string, columns: string[]) =>
    session.rows(await zOrdered(session, select, columns));

  it('interleaves ranks, first column first, whatever the values are', async () => {
    // Values of a 4 by 4 grid, as unevenly spread as can be: their ranks decide.
    const grid = `SELECT (10 ** x)::BIGINT AS x, chr((97 + y)::INTEGER) AS y FROM range(4) a(x), range(4) b(y) ORDER BY hash(x * 4 + y)`;
    const rows = await inOrder(grid, ['x', 'y']);
    const quarter = (row: Record<string, unknown>) => `${Number(row.x) >= 100}${String(row.y) >= 'c'}`;
    expect(rows.map(quarter)).toEqual(
      ['falsefalse', 'falsetrue', 'truefalse', 'truetrue'].flatMap((q) => [q, q, q, q]),
    );
  });

  it('has room for any number of columns, nulls first, and values that occur often stay together', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
    const wide: StructType = struct(...names.map((name) => column(name, 'long')));
    expect(wide.fields).toHaveLength(40);
    const select = `SELECT ${names.map((name, i) => `CASE WHEN i % 2 = 1 THEN i % ${i + 2} END AS ${name}`).join(', ')} FROM range(50) r(i)`;
    const rows = await inOrder(select, names);
    expect(rows).toHaveLength(50);
    expect(rows.slice(0, 25).every((row) => Object.values(row).every((value) => value === null))).toBe(true);
  });
});
