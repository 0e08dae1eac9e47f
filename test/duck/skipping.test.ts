/**
 * Leaving files out by their statistics never loses a row: real files of every type, statistics as we write them and as
 * others do, against a full scan.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AddFile } from '../../src/delta/actions.js';
import { type Condition, planScan } from '../../src/delta/index.js';
import { emptyState, replay, Snapshot } from '../../src/delta/snapshot.js';
import { DuckDatabase, type DuckSession, quoteIdent, scanSql, writeParquet } from '../../src/duck/index.js';
import { dataFileUri } from '../../src/duck/parquet-location.js';
import { column, type PrimitiveType, type StructType, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { type ColumnValue, partitionable, partitionValuesOf, valuesOf } from './any-values.js';
import { type StatsStyle, statsInStyle, styles } from './foreign-stats.js';
import { addsOf } from './live-table.js';

let dir: string;
let database: DuckDatabase;
let session: DuckSession;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-skipping-test-'));
  database = await DuckDatabase.open({ threads: 2 });
  session = await database.connect();
});
afterAll(async () => {
  await database.close();
  await rm(dir, { recursive: true, force: true });
});

interface Example {
  schema: StructType;
  partitionColumns: string[];
  /** Rows of one write each, which gives a file for every partition in it. */
  writes: { rows: ColumnValue[][]; style: StatsStyle; dropped: number }[];
  scans: Condition[][];
}

const types: PrimitiveType[] = [
  ...(['string', 'long', 'integer', 'short', 'byte', 'float', 'double', 'boolean', 'binary'] as const),
  ...(['date', 'timestamp', 'timestamp_ntz', 'decimal(5,2)', 'decimal(38,18)'] as const),
];

interface Column {
  name: string;
  type: PrimitiveType;
  /** Few, so that conditions hit what rows hold, and just beside it. */
  values: Exclude<ColumnValue, null>[];
}

const columnOf = (
  name: string,
  among: readonly PrimitiveType[],
  from: typeof valuesOf,
): fc.Arbitrary<Column> =>
  fc.constantFrom(...among).chain((type) =>
    fc.record({
      name: fc.constant(name),
      type: fc.constant(type),
      values: fc.array(from[type]!, { minLength: 1, maxLength: 4 }),
    }),
  );

const example: fc.Arbitrary<Example> = fc
  .tuple(
    ...['c1', 'c2', 'c3'].map((name) => columnOf(name, types, valuesOf)),
    fc.option(columnOf('p', types.filter(partitionable), partitionValuesOf)),
  )
  .chain((given) => {
    const columns = given.filter((each) => each !== null);
    const row = fc.tuple(...columns.map(({ values }) => fc.option(fc.constantFrom(...values), { freq: 5 })));
    const write = fc.record({
      rows: fc.array(row, { minLength: 1, maxLength: 3 }),
      style: fc.constantFrom(...styles),
      dropped: fc.nat(20),
    });
    const condition = fc.constantFrom(...columns).chain(conditionOn);
    return fc.record({
      schema: fc.constant(struct(...columns.map(({ name, type }) => column(name, type)))),
      partitionColumns: fc.constant(columns.length > 3 ? ['p'] : []),
      writes: fc.array(write, { minLength: 1, maxLength: 3 }),
      scans: fc.array(fc.array(condition, { minLength: 1, maxLength: 2 }), { minLength: 40, maxLength: 40 }),
    });
  });

function conditionOn({ name, type, values }: Column): fc.Arbitrary<Condition> {
  const nulls = fc.record({
    column: fc.constant(name),
    op: fc.constantFrom('is null' as const, 'is not null' as const),
  });
  if (type === 'boolean' || type === 'binary') return nulls;
  const value = fc.oneof(
    { arbitrary: fc.constantFrom(...values), weight: 3 },
    { arbitrary: valuesOf[type]!, weight: 1 },
  ) as fc.Arbitrary<string | number | bigint>;
  const op = fc.constantFrom('=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const);
  return fc.oneof(
    { arbitrary: fc.record({ column: fc.constant(name), op, value }), weight: 8 },
    {
      arbitrary: fc.record({
        column: fc.constant(name),
        op: fc.constant('in' as const),
        values: fc.array(value, { maxLength: 3 }),
      }),
      weight: 2,
    },
    { arbitrary: nulls, weight: 1 },
  );
}

let tables = 0;
async function written({
  schema,
  partitionColumns,
  writes,
}: Example): Promise<{ snapshot: Snapshot; storage: LocalStorage }> {
  const storage = new LocalStorage(join(dir, `t${tables++}`));
  const adds: AddFile[] = [];
  for (const { rows, style, dropped } of writes) {
    const source = `rows_${tables}_${adds.length}`;
    await session.append(source, schema, rows);
    const files = await writeParquet(session, {
      select: `FROM ${source}`,
      storage,
      schema,
      partitionColumns,
    });
    for (const [i, file] of addsOf(files).entries()) {
      const stats = await statsInStyle(session, storage, schema, file, style, dropped + i);
      const { stats: ours, ...rest } = file;
      adds.push(stats === undefined ? rest : { ...rest, stats });
    }
  }
  const metaData = {
    ...{ id: 'x', format: { provider: 'parquet', options: {} }, configuration: {} },
    ...{ schemaString: JSON.stringify(schema), partitionColumns },
  };
  const protocol = { minReaderVersion: 1, minWriterVersion: 2 };
  const state = replay(emptyState, 0, [{ protocol }, { metaData }, ...adds.map((add) => ({ add }))]);
  return { snapshot: new Snapshot(state, 'test'), storage };
}

/** Of every file, how many of its rows each scan wants. */
async function wanted(
  snapshot: Snapshot,
  storage: LocalStorage,
  scans: readonly Condition[][],
): Promise<Map<string, number[]>> {
  const params: string[] = [];
  const counts = scans.map((conditions, i) => {
    const tests = conditions.map((condition) => conditionSql(snapshot.schema, condition, params));
    return `count(*) FILTER (WHERE ${tests.join(' AND ')}) AS n${i}`;
  });
  const scan = await scanSql(session, snapshot, storage, { rowNumbers: true });
  const rows = await session.rows(
    `SELECT filename, ${counts.join(', ')} FROM (${scan}) GROUP BY ALL`,
    params,
  );
  return new Map(rows.map((row) => [String(row.filename), scans.map((_, i) => Number(row[`n${i}`]))]));
}

function conditionSql({ fields }: StructType, condition: Condition, params: string[]): string {
  const name = quoteIdent(condition.column);
  if (condition.op === 'is null' || condition.op === 'is not null') return `${name} ${condition.op}`;
  if (condition.op === 'in') {
    const each = condition.values.map((value) =>
      conditionSql({ type: 'struct', fields }, { column: condition.column, op: '=', value }, params),
    );
    return each.length === 0 ? 'false' : `(${each.join(' OR ')})`;
  }
  const { type } = fields.find((field) => field.name === condition.column)!;
  params.push(String(condition.value));
  const parameter = `$${params.length}`;
  if (type === 'timestamp' || type === 'timestamp_ntz')
    return `epoch_us(${name}) ${condition.op} ${parameter}::BIGINT`;
  if (type === 'float' || type === 'double') return `${name}::DOUBLE ${condition.op} ${parameter}::DOUBLE`;
  if (type === 'string') return `${name} ${condition.op} ${parameter}`;
  if (type === 'date') return `${name} ${condition.op} ${parameter}::DATE`;
  return `${name} ${condition.op} ${parameter}::DECIMAL(38,18)`;
}

describe('a planned scan and its filter', () => {
  it('give what the filter gives over all files', async () => {
    let leftOut = 0;
    await fc.assert(
      fc.asyncProperty(example, async (table) => {
        const { snapshot, storage } = await written(table);
        const rows = await wanted(snapshot, storage, table.scans);
        for (const [i, conditions] of table.scans.entries()) {
          const planned = new Set(planScan(snapshot, conditions));
          for (const file of snapshot.files) {
            if (planned.has(file)) continue;
            leftOut++;
            expect(rows.get(dataFileUri(session, storage, file))![i], `${i}: ${file.stats}`).toBe(0);
          }
        }
      }),
      { numRuns: 60, interruptAfterTimeLimit: 20_000 },
    );
    // Planning that leaves nothing out would lose nothing either.
    expect(leftOut).toBeGreaterThan(500);
  });
});
