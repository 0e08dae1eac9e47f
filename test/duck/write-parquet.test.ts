import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { DataFile } from '../../src/delta/actions.js';
import { scanSql, writeParquet } from '../../src/duck/index.js';
import { arrayOf, column, type StructType, struct } from '../../src/schema/column-types.js';
import type { LocalStorage } from '../../src/storage/local.js';
import { liveTable } from './live-table.js';
import { openDuck } from './open-duck.js';

const { storage, session } = await openDuck();

const everyType: StructType = struct(
  column('s', 'string'),
  column('l', 'long'),
  column('i', 'integer'),
  column('sh', 'short'),
  column('by', 'byte'),
  column('f', 'float'),
  column('d', 'double'),
  column('b', 'boolean'),
  column('bin', 'binary'),
  column('day', 'date'),
  column('t', 'timestamp'),
  column('price', 'decimal(10,2)'),
  column('big', 'decimal(38,10)'),
  column('tags', arrayOf('string')),
  column('st', struct(column('x', 'integer'), column('y', struct(column('z', 'string'))))),
  column('m', { type: 'map', keyType: 'string', valueType: 'long', valueContainsNull: true }),
  column('nothing', 'void'),
);

const everyValue = [
  [
    'emoji 😀 \0',
    9223372036854775807n,
    -2147483648,
    -32768,
    127,
    0.1,
    1e300,
    true,
    new Uint8Array([0, 255]),
    '2024-02-29',
    1704164645123457n,
    '12345678.90',
    '1234567890123456789012345678.0123456789',
    ['a', null, ''],
    { x: 1, y: { z: 'deep' } },
    { k: 9007199254740993n, none: null },
  ],
  [
    '',
    -9223372036854775808n,
    0,
    0,
    -128,
    -1.5,
    -0.1,
    false,
    new Uint8Array(),
    '1999-12-31',
    1704164645123456n,
    '-0.01',
    '0',
    [],
    { x: null, y: null },
    {},
  ],
  new Array(16).fill(null),
];

async function fresh(): Promise<LocalStorage> {
  return storage.at(`t${tables++}`);
}
let tables = 0;

function statsOf(file: DataFile) {
  return JSON.parse(file.stats);
}

describe('every Delta type', () => {
  it('comes back as it went in, with the physical types Delta prescribes and exact statistics', async () => {
    const table = await fresh();
    const inFile = struct(...everyType.fields.filter((f) => f.type !== 'void'));
    await session.append('every', inFile, everyValue);
    const files = await writeParquet(session, { select: 'FROM every', storage: table, schema: everyType });
    expect(files).toHaveLength(1);
    const [file] = files as [DataFile];
    expect(file.path).toMatch(/^part-00000-[0-9a-f-]{36}\.c000\.snappy\.parquet$/);
    const info = await table.stat(file.path);
    expect(file).toMatchObject({
      size: info!.size,
      modificationTime: Math.floor(info!.mtimeMs),
      numRecords: 3,
      partitionValues: {},
    });

    const back = await session.rows(await scanSql(session, liveTable(everyType, files), table));
    expect(back).toEqual(await session.rows('SELECT *, NULL AS nothing FROM every'));

    const again = await writeParquet(session, {
      select: await scanSql(session, liveTable(everyType, files), table),
      storage: table,
      schema: everyType,
    });
    expect(again[0]!.stats).toBe(file.stats);

    const physical = await session.rows(
      `SELECT name, type, converted_type, logical_type FROM parquet_schema('${table.uri(file.path)}') WHERE name IN ('t', 'l', 'i', 'sh', 'by', 'price', 'big', 's', 'day')`,
    );
    expect(physical.map((p) => [p.name, p.type, p.converted_type])).toEqual([
      ['s', 'BYTE_ARRAY', 'UTF8'],
      ['l', 'INT64', 'INT_64'],
      ['i', 'INT32', 'INT_32'],
      ['sh', 'INT32', 'INT_16'],
      ['by', 'INT32', 'INT_8'],
      ['day', 'INT32', 'DATE'],
      ['t', 'INT64', 'TIMESTAMP_MICROS'],
      ['price', 'INT64', 'DECIMAL'],
      ['big', 'FIXED_LEN_BYTE_ARRAY', 'DECIMAL'],
    ]);
    expect(physical.find((p) => p.name === 't')!.logical_type).toContain('isAdjustedToUTC=1');

    // As text: JSON.parse would round the 64-bit numbers.
    expect(file.stats).toBe(
      '{"numRecords":3,' +
        '"minValues":{"s":"","l":-9223372036854775808,"i":-2147483648,"sh":-32768,"by":-128,"f":-1.5,"d":-0.1,"day":"1999-12-31","t":"2024-01-02T03:04:05.123Z","price":-0.01,"big":0.0000000000,"st":{"x":1,"y":{"z":"deep"}}},' +
        '"maxValues":{"s":"emoji 😀 \\u0000","l":9223372036854775807,"i":0,"sh":0,"by":127,"f":0.1,"d":1e+300,"day":"2024-02-29","t":"2024-01-02T03:04:05.124Z","price":12345678.90,"big":1234567890123456789012345678.0123456789,"st":{"x":1,"y":{"z":"deep"}}},' +
        '"nullCount":{"s":1,"l":1,"i":1,"sh":1,"by":1,"f":1,"d":1,"b":1,"bin":1,"day":1,"t":1,"price":1,"big":1,"tags":1,"st":{"x":2,"y":{"z":2}},"m":1}}',
    );
  });

  it('is cast from whatever the query gives', async () => {
    const table = await fresh();
    const schema = struct(
      column('n', 'long'),
      column('t', 'timestamp'),
      column('s', 'string'),
      column('none', 'double'),
    );
    const select = `SELECT sum(x) AS N, TIMESTAMP '2024-01-02 03:04:05' AS t, 'e'::ENUM('e') AS s FROM (VALUES (1::BIGINT), (2)) v(x)`;
    const files = await writeParquet(session, { select, storage: table, schema });
    expect(await session.rows(await scanSql(session, liveTable(schema, files), table))).toEqual([
      { n: 3, t: '2024-01-02T03:04:05Z', s: 'e', none: null },
    ]);
    const types = await session.rows(
      `SELECT column_name, column_type FROM (DESCRIBE FROM '${table.uri(files[0]!.path)}')`,
    );
    expect(Object.fromEntries(types.map((t) => [t.column_name, t.column_type]))).toEqual({
      n: 'BIGINT',
      t: 'TIMESTAMP WITH TIME ZONE',
      s: 'VARCHAR',
      none: 'DOUBLE',
    });
  });
});

describe('what cannot be written', () => {
  const schema = struct(column('a', 'integer'));
  it.each([
    ['a column the table lacks', 'SELECT 1 AS a, 2 AS b', 'duck.column_unknown'],
    ['two columns of one name', 'SELECT 1 AS a, 2 AS A', 'duck.column_ambiguous'],
    ['a value out of range', 'SELECT 3000000000 AS a', 'duck.sql_error'],
    [
      'a query that fails half way',
      "SELECT CASE WHEN i > 150000 THEN error('x') ELSE i END AS a FROM range(200000) r(i)",
      'duck.sql_error',
    ],
  ])('%s is refused, and no file stays', async (_, select, code) => {
    const table = await fresh();
    await expect(writeParquet(session, { select, storage: table, schema })).rejects.toMatchObject({
      code,
      fault: 'user',
    });
    const failing = writeParquet(session, {
      select,
      storage: table,
      schema,
      maxFileBytes: 1000,
      rowGroupRows: 2048,
    });
    await expect(failing).rejects.toMatchObject({ code });
    expect(await readdir(table.root).catch(() => [])).toEqual([]);
  });

  const required = struct(
    column('a', 'integer', false),
    column('st', struct(column('x', 'integer', false))),
    column('list', { type: 'array', elementType: 'integer', containsNull: false }),
    column('m', { type: 'map', keyType: 'string', valueType: 'integer', valueContainsNull: false }),
  );
  it.each([
    ['a', "NULL AS a, {'x': 1} AS st, [1] AS list, MAP {'k': 1} AS m"],
    ['a', "{'x': 1} AS st"],
    ['st', "1 AS a, {'x': NULL} AS st"],
    ['list', '1 AS a, [1, NULL] AS list'],
    ['m', "1 AS a, MAP {'k': NULL} AS m"],
  ])('null in column %s where the schema forbids it', async (name, columns) => {
    const write = writeParquet(session, {
      select: `SELECT ${columns}`,
      storage: await fresh(),
      schema: required,
    });
    await expect(write).rejects.toMatchObject({
      code: 'duck.sql_error',
      message: expect.stringContaining(`null in column ${name},`),
    });
  });

  it('null parents of required fields are fine', async () => {
    const files = await writeParquet(session, {
      select: "SELECT 1 AS a, NULL AS st, NULL AS list, NULL AS m UNION ALL SELECT 2, {'x': 1}, [], MAP {}",
      storage: await fresh(),
      schema: required,
    });
    expect(files[0]!.numRecords).toBe(2);
  });
});

describe('files', () => {
  const schema = struct(column('i', 'long'), column('s', 'string'));

  it('there are none without rows', async () => {
    const table = await fresh();
    expect(
      await writeParquet(session, { select: "SELECT 1 AS i, 'x' AS s WHERE false", storage: table, schema }),
    ).toEqual([]);
    expect(await readdir(table.root).catch(() => [])).toEqual([]);
  });

  describe('of many rows', () => {
    const n = 120_000;
    // Several files of several row groups: what DuckDB reads in parallel.
    async function manyRows(): Promise<string> {
      const source = await fresh();
      const files = [];
      for (let from = 0; from < n; from += n / 4) {
        const select = `SELECT i, md5(i::VARCHAR) AS s FROM range(${from}, ${from + n / 4}) r(i)`;
        files.push(...(await writeParquet(session, { select, storage: source, schema, rowGroupRows: 4096 })));
      }
      return await scanSql(session, liveTable(schema, files), source);
    }

    async function assertInOrder(files: DataFile[], table: LocalStorage): Promise<void> {
      expect(files.map((f) => f.path)).toEqual(files.map((f) => f.path).toSorted());
      let next = 0;
      for (const file of files) {
        const [own] = await session.rows(
          `SELECT min(i) AS first, max(i) AS last, count(*) AS n, count(*) FILTER (i <> ${next} + file_row_number) AS misplaced
           FROM '${table.uri(file.path)}'`,
        );
        const { minValues, maxValues } = statsOf(file);
        expect(own).toEqual({
          first: next,
          last: next + file.numRecords - 1,
          n: file.numRecords,
          misplaced: 0,
        });
        expect([minValues.i, maxValues.i]).toEqual([own!.first, own!.last]);
        next += file.numRecords;
      }
      expect(next).toBe(n);
    }

    it('keep the order of the query in one file', async () => {
      const table = await fresh();
      const files = await writeParquet(session, {
        select: await manyRows(),
        storage: table,
        schema,
        rowGroupRows: 4096,
      });
      expect(files).toHaveLength(1);
      await assertInOrder(files, table);
    });

    it('split near the size asked for, in the order of their paths, beside files that are there', async () => {
      const table = await fresh();
      await table.put('other.txt', Buffer.from('x'));
      const maxFileBytes = 300_000;
      const select = `SELECT * FROM (${await manyRows()}) ORDER BY i`;
      const files = await writeParquet(session, { select, storage: table, schema, maxFileBytes });
      expect(files.length).toBeGreaterThan(10);
      await assertInOrder(files, table);
      for (const file of files) expect(file.size).toBeLessThan(maxFileBytes * 1.5);
      expect((await readdir(table.root)).toSorted()).toEqual(['other.txt', ...files.map((f) => f.path)]);
    });
  });

  it('zstd and pages of version 1 on request', async () => {
    const table = await fresh();
    const [file] = await writeParquet(session, {
      select: "SELECT 1 AS i, 'x' AS s",
      storage: table,
      schema,
      compression: 'zstd',
    });
    expect(file!.path).toMatch(/\.c000\.zstd\.parquet$/);
    expect(
      await session.rows(
        `SELECT DISTINCT compression, encodings FROM parquet_metadata('${table.uri(file!.path)}')`,
      ),
    ).toEqual([{ compression: 'ZSTD', encodings: expect.not.stringContaining('DELTA') }]);
  });
});

describe('partitions', () => {
  const schema = struct(
    column('id', 'long'),
    column('region', 'string'),
    column('day', 'date'),
    column('ts', 'timestamp'),
    column('n', 'decimal(6,2)'),
    column('d', 'double'),
    column('f', 'float'),
    column('ok', 'boolean'),
  );
  const partitionColumns = ['region', 'day', 'ts', 'n', 'd', 'f', 'ok'];
  const rows = `SELECT * FROM (VALUES
    (1, 'US/East', DATE '2024-01-31', TIMESTAMPTZ '2024-06-15 19:30:45+00', 42, 1.0, 0.1, true),
    (2, '@a/b c', NULL, TIMESTAMPTZ '2024-06-15 19:30:45.000001+00', -0.5, 1e10, 1e10, false),
    (3, 'zürich 😀', NULL, NULL, NULL, 'NaN'::DOUBLE, -3.0e-5, NULL),
    (4, '100%', NULL, NULL, NULL, '-Infinity'::DOUBLE, NULL, NULL),
    (5, 'x=y?#', NULL, NULL, NULL, 1.5e-7, NULL, NULL),
    (6, '', NULL, NULL, NULL, NULL, NULL, NULL),
    (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (8, '__HIVE_DEFAULT_PARTITION__', NULL, NULL, NULL, 0.0, NULL, NULL)
  ) v(id, region, day, ts, n, d, f, ok)`;

  it('are named in the log as Delta says, on disk as Hive says, and read back exactly', async () => {
    const table = await fresh();
    const files = await writeParquet(session, { select: rows, storage: table, schema, partitionColumns });
    const byId = new Map(files.map((f) => [statsOf(f).minValues.id as number, f]));
    expect(byId.get(1)!.partitionValues).toEqual({
      region: 'US/East',
      day: '2024-01-31',
      ts: '2024-06-15T19:30:45.000000Z',
      n: '42.00',
      d: '1.0',
      f: '0.1',
      ok: 'true',
    });
    expect(byId.get(1)!.path).toMatch(
      /^region=US%2FEast\/day=2024-01-31\/ts=2024-06-15T19%3A30%3A45.000000Z\/n=42.00\/d=1.0\/f=0.1\/ok=true\/part-/,
    );
    expect(byId.get(2)!.partitionValues).toMatchObject({
      region: '@a/b c',
      ts: '2024-06-15T19:30:45.000001Z',
      n: '-0.50',
      d: '1.0E10',
      f: '1.0E10',
      ok: 'false',
    });
    expect(byId.get(3)!.partitionValues).toMatchObject({
      region: 'zürich 😀',
      d: 'NaN',
      f: '-3.0E-5',
      ok: null,
    });
    expect(byId.get(3)!.path).toMatch(/^region=zürich 😀\/day=__HIVE_DEFAULT_PARTITION__\//);
    expect(byId.get(4)!.path).toMatch(/^region=100%25\//);
    expect(byId.get(4)!.partitionValues.d).toBe('-Infinity');
    expect(byId.get(5)!.path).toMatch(/^region=x%3Dy%3F%23\//);
    expect(byId.get(5)!.partitionValues.d).toBe('1.5E-7');
    // The empty text and null are one partition.
    expect(byId.get(6)).toMatchObject({ partitionValues: { region: null }, numRecords: 2 });
    expect(byId.has(7)).toBe(false);

    const back = await session.rows(
      `FROM (${await scanSql(session, liveTable(schema, files, partitionColumns), table)}) ORDER BY id`,
    );
    const expected = await session.rows(
      `SELECT id, nullif(region, '') AS region, day, ts, n::DECIMAL(6,2) AS n, d::DOUBLE AS d, f::FLOAT AS f, ok FROM (${rows}) ORDER BY id`,
    );
    expect(back).toEqual(expected);
    expect(Object.keys(statsOf(files[0]!).nullCount)).toEqual(['id']);
  });

  it('by a nested or binary column are refused', async () => {
    const nested = struct(column('a', 'long'), column('p', arrayOf('string')), column('q', 'binary'));
    for (const name of ['p', 'q']) {
      const write = writeParquet(session, {
        select: 'SELECT 1 AS a',
        storage: await fresh(),
        schema: nested,
        partitionColumns: [name],
      });
      await expect(write).rejects.toMatchObject({ code: 'duck.partition_type_unsupported' });
    }
  });
});
