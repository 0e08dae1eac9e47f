/** Tables that Murmur makes: Spark and Python's deltalake read every row of them, whatever was done to the table. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeltaTable } from '../../src/table/index.js';
import { everything, everythingLocal, everythingRows } from './everything.js';
import { Readers } from './readers.js';

let readers: Readers;
beforeAll(async () => {
  readers = await Readers.open();
});
afterAll(() => readers.close());

/** Both others read what the model says, and so do we. */
async function expectRead(table: string, model: string, version?: number): Promise<void> {
  await readers.expectSame(await readers.ours(table, version), model);
  await readers.expectSame(await readers.deltalakes(table, version), model);
  await readers.expectSame(await readers.sparks(table, version), model);
}

describe.each([
  ['every type', 'plain', everything, []],
  ['every type, partitioned by odd texts', 'parted', everything, ['part']],
  ['partitions of every type', 'typed', everything, ['tiny', 'price', 'flag', 'day', 'at']],
  ['times without a zone', 'local', everythingLocal, []],
])('%s', (_, name, schema, partitionColumns) => {
  const columns = schema.fields.map((f) => `"${f.name}"`).join(', ');
  const model = (from: number, to: number) => `SELECT ${columns} FROM (${everythingRows(from, to)})`;
  const twice = `${model(0, 100)} UNION ALL ${model(30, 60)}`;
  let table: DeltaTable;
  beforeAll(async () => {
    table = await DeltaTable.create(readers.path(name), { schema, partitionColumns, duck: readers.database });
  });
  afterAll(() => table.close());

  it('after appends', async () => {
    await table.append({ sql: model(0, 100) });
    await table.append({ sql: model(30, 60) });
    await expectRead(name, twice);
  });

  it('after optimize', async () => {
    expect((await table.optimize()).versions).toHaveLength(1);
    await expectRead(name, twice);
  });
});

describe('a long life', () => {
  const id = (i: number) => 9007199254740993n + BigInt(i);
  /** What is done, and the same on a plain table of DuckDB. */
  const life: [name: string, act: (table: DeltaTable) => Promise<unknown>, model: string][] = [
    ['append', (t) => t.append({ sql: everythingRows(0, 90) }), `INSERT INTO model ${everythingRows(0, 90)}`],
    [
      'delete',
      (t) => t.delete({ where: `id % 9 = 4 OR part = 'a/b'` }),
      `DELETE FROM model WHERE id % 9 = 4 OR part = 'a/b'`,
    ],
    [
      'update',
      (t) => t.update({ set: { text: `'new 😀'`, huge: 'huge + 0.5', part: `'100%'` }, where: 'id % 7 = 2' }),
      `UPDATE model SET text = 'new 😀', huge = huge + 0.5, part = '100%' WHERE id % 7 = 2`,
    ],
    [
      'merge',
      (t) =>
        t.merge({
          source: { sql: everythingRows(70, 120) },
          on: 'target.id = source.id',
          whenMatched: [{ where: 'source.id % 2 = 0', delete: true }, { update: 'all' }],
          whenNotMatched: [{ insert: 'all' }],
        }),
      `CREATE TEMP TABLE source AS ${everythingRows(70, 120)};
       CREATE TEMP TABLE matched AS SELECT id FROM model SEMI JOIN source USING (id);
       DELETE FROM model WHERE id IN (FROM matched);
       INSERT INTO model FROM source WHERE id NOT IN (FROM matched) OR id % 2 <> 0`,
    ],
    [
      'overwrite of a part',
      (t) =>
        t.overwrite(
          { sql: `FROM (${everythingRows(20, 50)}) WHERE part = '100%'` },
          { where: `part = '100%'` },
        ),
      `DELETE FROM model WHERE part = '100%'; INSERT INTO model FROM (${everythingRows(20, 50)}) WHERE part = '100%'`,
    ],
    ['optimize', (t) => t.optimize(), ''],
    [
      'new columns',
      (t) =>
        t.append(
          { sql: `SELECT *, {a: id, b: ['x', NULL]} AS extra FROM (${everythingRows(200, 220)})` },
          { mergeSchema: true },
        ),
      `ALTER TABLE model ADD COLUMN extra STRUCT(a BIGINT, b VARCHAR[]);
       INSERT INTO model SELECT *, {a: id, b: ['x', NULL]} FROM (${everythingRows(200, 220)})`,
    ],
    ['Z-order', (t) => t.optimize({ zOrderBy: ['id', 'text', 'at'] }), ''],
    [
      'another append',
      (t) => t.append({ sql: everythingRows(300, 310) }),
      `INSERT INTO model BY NAME ${everythingRows(300, 310)}`,
    ],
    [
      'delete of one row',
      (t) => t.delete({ where: `id = ${id(305)}` }),
      `DELETE FROM model WHERE id = ${id(305)}`,
    ],
    ['restore', (t) => t.restore({ version: 5 }), 'CREATE OR REPLACE TABLE model AS FROM model_5'],
    [
      'an append behind it',
      (t) => t.append({ sql: everythingRows(400, 410) }),
      `INSERT INTO model ${everythingRows(400, 410)}`,
    ],
  ];
  const operations = [
    'CREATE TABLE',
    'WRITE',
    'DELETE',
    'UPDATE',
    'MERGE',
    'WRITE',
    'OPTIMIZE',
    'WRITE',
    'OPTIMIZE',
    'WRITE',
    'DELETE',
  ];
  let table: DeltaTable;
  beforeAll(async () => {
    const options = { schema: everythingLocal, partitionColumns: ['part'], duck: readers.database };
    table = await DeltaTable.create(readers.path('life'), options);
    await readers.session.run(`CREATE TABLE model AS FROM (${everythingRows(0, 0)})`);
  });
  afterAll(() => table.close());

  it.each(life)('after %s', async (_, act, model) => {
    await act(table);
    await table.log.settled();
    if (model !== '') await readers.session.run(model);
    await expectRead('life', 'FROM model');
    await readers.session.run(`CREATE TABLE model_${table.version} AS FROM model`);
  });

  it('has a history and details that others understand', async () => {
    const theirs = await readers.sql<{ version: number; operation: string }>('DESCRIBE HISTORY {life}');
    const ours = await table.history();
    const shortOf = (entries: { version: number; operation?: string | undefined }[]) =>
      entries.map(({ version, operation }) => `${version} ${operation}`);
    expect(shortOf(theirs)).toEqual(shortOf(ours));
    expect(shortOf(ours).reverse().slice(0, operations.length)).toEqual(
      operations.map((name, i) => `${i} ${name}`),
    );
    const about = await readers.deltalake.ask<{ version: number; history: typeof theirs }>('about', {
      table: readers.path('life'),
    });
    expect(shortOf(about.history)).toEqual(shortOf(ours));
    const [detail] = await readers.sql('DESCRIBE DETAIL {life}');
    const { fileCount, sizeInBytes } = table.log.snapshot;
    expect(detail).toMatchObject({ numFiles: fileCount, sizeInBytes, partitionColumns: ['part'] });
  });

  it('opens from its checkpoint alone', async () => {
    const log = readers.path('life/_delta_log');
    const checkpoints = readdirSync(log).filter((name) => name.endsWith('.checkpoint.parquet'));
    expect(checkpoints).toEqual(['00000000000000000010.checkpoint.parquet']);
    for (const name of readdirSync(log)) if (/^0{18}0\d\.json$/.test(name)) rmSync(join(log, name));
    await readers.sql('REFRESH TABLE {life}');
    await expectRead('life', 'FROM model');
    await expectRead('life', 'FROM model_10', 10);
  });

  it('after vacuum', async () => {
    const { files } = await table.vacuum({ retainMs: 0, allowShorter: true });
    expect(files.length).toBeGreaterThan(0);
    await expectRead('life', 'FROM model');
  });
});
