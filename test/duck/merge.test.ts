import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeltaLog } from '../../src/delta/index.js';
import {
  DuckParquetHandler,
  type MergeOptions,
  type MergePlan,
  planMerge,
  type Row,
  scanSql,
  writeParquet,
} from '../../src/duck/index.js';
import { application } from '../../src/posts/tables.js';
import { column, type StructType, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { openDuck } from './open-duck.js';

const { dir, database, session } = await openDuck();

let tables = 0;
async function newTable(schema: StructType, partitionColumns: string[] = []): Promise<DeltaLog> {
  const storage = new LocalStorage(join(dir, `t${tables++}`));
  return DeltaLog.create(
    storage,
    { parquet: new DuckParquetHandler(database) },
    { schema, partitionColumns },
  );
}

async function append(table: DeltaLog, select: string): Promise<void> {
  const { schema, metadata } = table.snapshot;
  const files = await writeParquet(session, {
    select,
    storage: table.storage,
    schema,
    partitionColumns: metadata.partitionColumns,
  });
  const transaction = table.begin();
  for (const file of files) transaction.add(file);
  expect(await transaction.commit({ operation: 'WRITE' })).toMatchObject({ outcome: 'committed' });
}

async function merge(table: DeltaLog, options: Omit<MergeOptions, 'table'>): Promise<MergePlan> {
  const plan = await planMerge(session, { table, ...options });
  const transaction = table.begin().reads('table');
  for (const file of plan.adds) transaction.add(file);
  for (const file of plan.removes) transaction.remove(file);
  expect(await transaction.commit({ operation: 'MERGE' })).toMatchObject({ outcome: 'committed' });
  return plan;
}

const rowsOf = async (table: DeltaLog) => session.rows(await scanSql(session, table.snapshot, table.storage));

async function source(schema: StructType, rows: readonly (readonly unknown[])[]): Promise<string> {
  await session.run('DROP TABLE IF EXISTS "so""urce"');
  await session.append('so"urce', schema, rows);
  return 'so"urce';
}

const rules = {
  keys: ['mention'],
  columns: {
    positive: 'add',
    negative: 'add',
    neutral: 'add',
    min_timestamp: 'least',
    max_timestamp: 'greatest',
  },
  derive: { total: ['positive', 'negative'] },
} as const;
const counted = struct(...application.fields.filter((f) => f.name !== 'total'));

describe('merging batch after batch', () => {
  const mention = fc.option(fc.constantFrom('apple', 'zürich', 'a', 'b', 'c', '', '😀', '\uffff'), {
    nil: null,
  });
  const count = fc.option(fc.bigInt({ min: 0n, max: 2n ** 55n }), { nil: null, freq: 5 });
  const time = fc.option(fc.bigInt({ min: 0n, max: 1_800_000_000_000_000n }), { nil: null, freq: 5 });
  const batch = fc.uniqueArray(fc.tuple(mention, count, count, count, time, time), {
    selector: (r) => r[0],
    maxLength: 6,
  });

  it('gives what a map of the keys gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 4 }), async (batches) => {
        const table = await newTable(application);
        const expected = new Map<string | null, (bigint | null)[]>();
        for (const rows of batches) {
          const before = expected.size;
          const {
            rows: metrics,
            adds,
            removes,
          } = await merge(table, { source: await source(counted, rows), ...rules });
          let updated = 0;
          for (const [key, ...values] of rows) {
            const old = expected.get(key);
            if (old) updated++;
            expected.set(key, old ? combine(old, values) : values);
          }
          expect(metrics).toMatchObject({ source: rows.length, updated, inserted: rows.length - updated });
          expect(expected.size - before).toBe(metrics.inserted);
          expect(adds.reduce((n, f) => n + f.numRecords, 0)).toBe(
            metrics.inserted + metrics.updated + metrics.copied,
          );
          if (rows.length > 0) expect(removes.length > 0).toBe(updated > 0);
        }
        const found = new Map((await rowsOf(table)).map((r) => [r.mention, r]));
        expect(found.size).toBe(expected.size);
        for (const [key, [p, n, u, min, max]] of expected) {
          const total = (p ?? 0n) + (n ?? 0n);
          expect(found.get(key)).toEqual({
            mention: key,
            positive: int(p),
            negative: int(n),
            neutral: int(u),
            total: int(total),
            min_timestamp: iso(min),
            max_timestamp: iso(max),
          });
        }
      }),
      { numRuns: 20 },
    );
  });

  function combine(old: (bigint | null)[], now: (bigint | null)[]): (bigint | null)[] {
    const both = (pick: (a: bigint, b: bigint) => bigint) => (a: bigint | null, b: bigint | null) =>
      a === null ? b : b === null ? a : pick(a, b);
    const [add, least, greatest] = [
      both((a, b) => a + b),
      both((a, b) => [a, b].sort(ascending)[0]!),
      both((a, b) => [a, b].sort(ascending)[1]!),
    ];
    return [add, add, add, least, greatest].map((rule, i) => rule(old[i]!, now[i]!));
  }
  const ascending = (a: bigint, b: bigint) => Number(a - b);
  const int = (v: bigint | null | undefined) =>
    v == null ? null : v > 9007199254740991n ? String(v) : Number(v);
  function iso(micros: bigint | null | undefined) {
    if (micros == null) return null;
    const fraction = String(micros % 1_000_000n).padStart(6, '0');
    const seconds = new Date(Number(micros / 1_000_000n) * 1000).toISOString().slice(0, 19);
    const digits =
      fraction === '000000' ? '' : fraction.endsWith('000') ? `.${fraction.slice(0, 3)}` : `.${fraction}`;
    return `${seconds}${digits}Z`;
  }
});

describe('files', () => {
  const schema = struct(column('k', 'long'), column('n', 'long'));
  const by = { keys: ['k'], columns: { n: 'add' } } as const;

  it('without a key of the source stay as they are, also those whose statistics would allow one', async () => {
    const table = await newTable(schema);
    await append(table, 'SELECT i AS k, 1 AS n FROM range(0, 10) r(i)');
    await append(table, 'SELECT i * 2 AS k, 1 AS n FROM range(10, 20) r(i)');
    await append(table, 'SELECT i AS k, 1 AS n FROM range(100, 110) r(i)');
    const before = new Map(table.snapshot.files.map((f) => [JSON.parse(f.stats!).minValues.k, f.path]));
    const plan = await merge(table, {
      source: await source(schema, [
        [5n, 10n],
        [25n, 10n],
        [105n, 10n],
        [106n, null],
      ]),
      ...by,
    });
    expect(plan.removes.map((f) => f.path).sort()).toEqual([before.get(0), before.get(100)].sort());
    expect(plan.rows).toEqual({ source: 4, inserted: 1, updated: 3, copied: 17 });
    expect(plan.adds).toHaveLength(1);
    const after = await session.rows(
      `SELECT k, n FROM (${await scanSql(session, table.snapshot, table.storage)}) WHERE n <> 1 ORDER BY k`,
    );
    expect(after).toEqual([
      { k: 5, n: 11 },
      { k: 25, n: 10 },
      { k: 105, n: 11 },
    ]);
    expect(
      await session.scalar(`SELECT count(*) FROM (${await scanSql(session, table.snapshot, table.storage)})`),
    ).toBe(31);
  });

  it('with null keys are found by their null counts', async () => {
    const table = await newTable(schema);
    await append(table, 'SELECT NULL::BIGINT AS k, 1 AS n');
    await append(table, 'SELECT 7 AS k, 1 AS n');
    const plan = await merge(table, { source: await source(schema, [[null, 4n]]), ...by });
    expect(plan.rows).toEqual({ source: 1, inserted: 0, updated: 1, copied: 0 });
    expect(await rowsOf(table)).toEqual(
      expect.arrayContaining([
        { k: null, n: 5 },
        { k: 7, n: 1 },
      ]),
    );
  });

  it('of partitions are written to their partitions', async () => {
    const parted = struct(column('k', 'long'), column('n', 'long'), column('p', 'string'));
    const table = await newTable(parted, ['p']);
    await append(table, "SELECT * FROM (VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 1, NULL)) v(k, n, p)");
    const plan = await merge(table, {
      source: await source(parted, [
        [1n, 5n, 'x'],
        [3n, 5n, null],
        [1n, 5n, 'new'],
      ]),
      keys: ['k', 'p'],
      columns: { n: 'add' },
    });
    expect(plan.adds.map((f) => f.partitionValues.p).sort()).toEqual(['new', 'x', null].sort());
    expect(
      await session.rows(`FROM (${await scanSql(session, table.snapshot, table.storage)}) ORDER BY k, p`),
    ).toEqual([
      { k: 1, n: 5, p: 'new' },
      { k: 1, n: 6, p: 'x' },
      { k: 2, n: 1, p: 'y' },
      { k: 3, n: 6, p: null },
    ]);
  });

  it('replace takes the source value, null included; keys may be several and of any type', async () => {
    const wide = struct(
      column('d', 'double'),
      column('b', 'boolean'),
      column('t', 'timestamp'),
      column('v', 'string'),
    );
    const keys = ['d', 'b', 't'];
    const table = await newTable(wide);
    const at = 1_700_000_000_000_001n;
    await merge(table, {
      source: await source(wide, [
        [Number.NaN, true, at, 'old'],
        [1.5, null, null, 'kept'],
      ]),
      keys,
      columns: { v: 'replace' },
    });
    const plan = await merge(table, {
      source: await source(wide, [
        [Number.NaN, true, at, null],
        [1.5, false, null, 'other'],
      ]),
      keys,
      columns: { v: 'replace' },
    });
    expect(plan.rows).toEqual({ source: 2, inserted: 1, updated: 1, copied: 1 });
    const back: Row[] = await rowsOf(table);
    expect(back.map((r) => r.v).sort()).toEqual(['kept', 'other', null].sort());
  });

  it('an empty source plans nothing', async () => {
    const table = await newTable(schema);
    expect(await planMerge(session, { table, source: await source(schema, []), ...by })).toEqual({
      adds: [],
      removes: [],
      rows: { source: 0, inserted: 0, updated: 0, copied: 0 },
    });
  });
});

describe('what cannot be merged', () => {
  const schema = struct(column('k', 'long'), column('n', 'long'));

  it('a key twice, a column without a rule, a key that is none', async () => {
    const table = await newTable(schema);
    const twice = await source(schema, [
      [null, 1n],
      [null, 2n],
    ]);
    await expect(
      planMerge(session, { table, source: twice, keys: ['k'], columns: { n: 'add' } }),
    ).rejects.toMatchObject({ code: 'duck.merge_duplicate_keys' });
    await expect(
      planMerge(session, { table, source: twice, keys: ['k'], columns: {} }),
    ).rejects.toMatchObject({ code: 'duck.merge_incomplete', message: expect.stringContaining('column n') });
    await expect(
      planMerge(session, { table, source: twice, keys: ['x'], columns: { k: 'add', n: 'add' } }),
    ).rejects.toMatchObject({ code: 'duck.merge_incomplete' });
    await expect(
      planMerge(session, { table, source: twice, keys: ['k'], columns: {}, derive: { n: ['x'] } }),
    ).rejects.toMatchObject({ code: 'duck.merge_incomplete' });
  });

  it('a sum beyond 64 bits is an error, not a rounded number', async () => {
    const table = await newTable(schema);
    const by = { keys: ['k'], columns: { n: 'add' } } as const;
    await merge(table, { source: await source(schema, [[1n, 2n ** 63n - 1n]]), ...by });
    await expect(
      planMerge(session, { table, source: await source(schema, [[1n, 1n]]), ...by }),
    ).rejects.toMatchObject({ code: 'duck.sql_error' });
    expect(await rowsOf(table)).toEqual([{ k: 1, n: '9223372036854775807' }]);
  });
});
