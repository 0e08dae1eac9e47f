/** Rows of tables that use what we never write: deletion vectors, column mapping, widened types, odd paths and values. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deletionVectorPath, optimize } from '../../src/delta/index.js';
import { DuckDatabase, type DuckSession, registerTables, scanSql } from '../../src/duck/index.js';
import { arrayOf, column, type DataType, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { inlineVector, storedVectors } from '../delta/deletion-vectors.js';
import { ForeignTable, mapOf, mapped, tableOf, widened } from './foreign-table.js';

let dir: string;
let database: DuckDatabase;
let session: DuckSession;
let table: ForeignTable;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-foreign-test-'));
  database = await DuckDatabase.open({ threads: 2 });
  session = await database.connect();
});
afterAll(async () => {
  await database.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  table = new ForeignTable(new LocalStorage(await mkdtemp(join(dir, 'table-'))), database, session);
});

describe('deletion vectors', () => {
  const schema = struct(column('n', 'long'), column('p', 'string'));
  const numbers = (from: number, to: number) =>
    table.file(`SELECT i AS n FROM range(${from}, ${to}) r(i)`, {
      partitionValues: { p: from < 200 ? 'a' : 'b' },
      stats: `{"numRecords":${to - from},"tightBounds":false}`,
    });
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

  /** Four files of 100 rows, three of them with rows taken out, each vector of another kind. */
  async function deleted(): Promise<number[]> {
    const [kept, inline, relative, absolute] = await Promise.all(
      [0, 100, 200, 300].map((n) => numbers(n, n + 100)),
    );
    const [, second] = await storedVectors(table.storage, [[7], [0, 1, 2, 99]], 'ab');
    const [third] = await storedVectors(table.storage, [range(0, 100)]);
    const elsewhere = pathToFileURL(table.storage.uri(deletionVectorPath(third!)!)).href;
    await table.commit(
      0,
      ...tableOf(schema, { features: ['deletionVectors'], partitionColumns: ['p'] }),
      { add: kept! },
      { add: { ...inline!, deletionVector: inlineVector([0, 50]) } },
      { add: { ...relative!, deletionVector: second! } },
      { add: { ...absolute!, deletionVector: { ...third!, storageType: 'p', pathOrInlineDv: elsewhere } } },
    );
    return range(0, 299).filter((n) => ![100, 150, 200, 201, 202].includes(n));
  }

  it('take their rows out, inline, relative and absolute; the others keep their number', async () => {
    const expected = await deleted();
    expect(await table.rows('n', 'ORDER BY n')).toEqual(expected.map((n) => ({ n })));
    const { snapshot } = await table.open();
    expect(snapshot.numRecords).toBe(expected.length);
    const scan = await scanSql(session, snapshot, table.storage, { rowNumbers: true, columns: ['n'] });
    expect(await session.rows(`SELECT n, file_row_number AS row FROM (${scan}) ORDER BY n`)).toEqual(
      expected.map((n) => ({ n, row: n % 100 })),
    );
  });

  it('hold in views, of one session or of the database, as long as a session has scanned them', async () => {
    const expected = await deleted();
    const { snapshot } = await table.open();
    await registerTables(session, { live: { snapshot, storage: table.storage } });
    expect(await session.scalar('SELECT count(*) FROM live')).toBe(expected.length);
    await session.run('CREATE SCHEMA "@1"');
    for (const each of [session, await database.connect()]) {
      const scan = await scanSql(each, snapshot, table.storage);
      await each.run(`CREATE OR REPLACE VIEW "@1".live AS ${scan}`);
    }
    expect(await session.scalar('SELECT count(*) FROM "@1".live')).toBe(expected.length);
    await session.run('DROP SCHEMA "@1" CASCADE');
  });

  it('are read once for a session, also by scans at the same time', async () => {
    await deleted();
    const { snapshot } = await table.open();
    const before = await session.rows('FROM duckdb_tables()');
    await Promise.all([1, 2, 3].map(() => scanSql(session, snapshot, table.storage)));
    expect(await session.rows('FROM duckdb_tables()')).toHaveLength(before.length + 1);
  });

  it('are gone once the files are rewritten', async () => {
    const expected = await deleted();
    const log = await table.open();
    expect((await optimize(log, { targetSize: 2 ** 20 })).versions).not.toEqual([]);
    expect(await table.rows('n', 'ORDER BY n')).toEqual(expected.map((n) => ({ n })));
    expect(log.snapshot.numRecords).toBe(expected.length);
  });

  it('that are missing stop the scan, now and when asked again', async () => {
    await deleted();
    const { snapshot } = await table.open();
    const { deletionVector } = snapshot.files.find((file) => file.deletionVector?.storageType === 'u')!;
    const path = deletionVectorPath(deletionVector!)!;
    const bytes = await table.storage.read(path);
    await table.storage.delete(path);
    const scan = () => scanSql(session, snapshot, table.storage);
    await expect(scan()).rejects.toMatchObject({ code: 'delta.bad_deletion_vector' });
    await expect(scan()).rejects.toMatchObject({ code: 'delta.bad_deletion_vector' });
    await table.storage.put(path, bytes);
    expect(await session.scalar(`SELECT count(*) FROM (${await scan()})`)).toBe(294);
  });

  it('cannot be told apart from a column that has the name of a row number', async () => {
    const file = await table.file('SELECT 1 AS file_row_number');
    await table.commit(0, ...tableOf(struct(column('file_row_number', 'long'))), {
      add: { ...file, deletionVector: inlineVector([0]) },
    });
    await expect(table.rows()).rejects.toMatchObject({ code: 'duck.column_ambiguous' });
  });
});

describe('column mapping', () => {
  const inner = (...names: [string, string, string]) =>
    struct(
      mapped(11, names[0], 'c-11', 'long'),
      mapped(12, names[1], 'c-12', struct(mapped(13, names[2], 'c-13', 'string'))),
    );
  const schema = struct(
    mapped(1, 'Customer', 'c-1', 'integer'),
    mapped(2, 'one', 'c-2', inner('x', 'y', 'z')),
    mapped(
      3,
      'many',
      'c-3',
      arrayOf(struct(mapped(31, 'x', 'c-31', 'long'), mapped(32, 'all', 'c-32', arrayOf('long')))),
    ),
    mapped(
      4,
      'keyed',
      'c-4',
      mapOf(struct(mapped(41, 'k', 'c-41', 'string')), struct(mapped(42, 'v', 'c-42', 'long'))),
    ),
    mapped(5, 'part', 'c-5', 'date'),
    mapped(6, 'added', 'c-6', 'double'),
  );
  const expected = [
    {
      ...{
        Customer: 7,
        one: { x: 1, y: { z: 'deep' } },
        many: [{ x: 1, all: [1, 2] }, null, { x: null, all: null }],
      },
      ...{
        keyed: [
          { key: { k: 'a' }, value: { v: 1 } },
          { key: { k: 'b' }, value: null },
        ],
      },
      ...{ part: '2024-02-29', added: null },
    },
    { Customer: 8, one: null, many: null, keyed: null, part: null, added: null },
  ];
  /** A file whose fields have the names that `n` gives for their ids. */
  const select = (n: (id: number) => string) => `
    SELECT 7 AS "${n(1)}", {'${n(11)}': 1::INTEGER, '${n(12)}': {'${n(13)}': 'deep'}, 'gone': 5} AS "${n(2)}",
      [{'${n(31)}': 1, '${n(32)}': [1, 2]}, NULL, {'${n(31)}': NULL, '${n(32)}': NULL}] AS "${n(3)}",
      MAP {{'${n(41)}': 'a'}: {'${n(42)}': 1}, {'${n(41)}': 'b'}: NULL} AS "${n(4)}", 99 AS dropped
    UNION ALL BY NAME SELECT 8 AS "${n(1)}"`;
  const fieldIds = (n: (id: number) => string) => `, FIELD_IDS {"${n(1)}": 1,
    "${n(2)}": {__duckdb_field_id: 2, "${n(11)}": 11, "${n(12)}": {__duckdb_field_id: 12, "${n(13)}": 13}, gone: 14},
    "${n(3)}": {__duckdb_field_id: 3, element: {__duckdb_field_id: 30, "${n(31)}": 31, "${n(32)}": {__duckdb_field_id: 32, element: 33}}},
    "${n(4)}": {__duckdb_field_id: 4, key: {__duckdb_field_id: 40, "${n(41)}": 41}, value: {__duckdb_field_id: 43, "${n(42)}": 42}},
    dropped: 9}`;
  const byPhysicalName = (id: number) => `c-${id}`;
  const partitions = [{ 'c-5': '2024-02-29' }, { 'c-5': null }];
  const features = ['columnMapping'];
  const both = async (
    make: (where: string, partitionValues: Record<string, string | null>) => ReturnType<ForeignTable['file']>,
  ) => [{ add: await make('LIMIT 1', partitions[0]!) }, { add: await make('OFFSET 1', partitions[1]!) }];
  const configuration = (mode: string) => ({ 'delta.columnMapping.mode': mode });

  it('by name reads files and partition values under physical names, at every depth', async () => {
    await table.commit(
      0,
      ...tableOf(schema, { features, partitionColumns: ['part'], configuration: configuration('name') }),
      ...(await both((limit, partitionValues) =>
        table.file(`FROM (${select(byPhysicalName)}) ${limit}`, { partitionValues }),
      )),
    );
    expect(await table.rows()).toEqual(expected);
    expect(await table.rows('ONE, customer')).toEqual(
      expected.map(({ one, Customer }) => ({ one, Customer })),
    );
  });

  it('by id finds fields by the ids in each file, whatever they are called there', async () => {
    // In the second file, names are those of other fields.
    const swapped = (id: number) => `c-${{ 1: 6, 6: 1, 11: 12, 12: 11, 31: 32, 32: 31 }[id] ?? id}`;
    await table.commit(
      0,
      ...tableOf(schema, { features, partitionColumns: ['part'], configuration: configuration('id') }),
      {
        add: await table.file(
          `FROM (${select(byPhysicalName)}) LIMIT 1`,
          { partitionValues: partitions[0]! },
          fieldIds(byPhysicalName),
        ),
      },
      { add: await table.file(select(swapped), { partitionValues: partitions[0]! }, fieldIds(swapped)) },
      {
        add: await table.file(`FROM (${select(byPhysicalName)}) OFFSET 1`, {
          partitionValues: partitions[1]!,
        }),
      },
    );
    const [first, second] = expected;
    expect(await table.rows()).toEqual([first, first, { ...second, part: '2024-02-29' }, second]);
  });

  it('none takes no notice of physical names', async () => {
    await table.commit(0, ...tableOf(struct(mapped(1, 'n', 'c-1', 'long'))), {
      add: await table.file('SELECT 1 AS n, 2 AS "c-1"'),
    });
    expect(await table.rows()).toEqual([{ n: 1 }]);
  });

  it('of another kind is refused, and so is writing', async () => {
    await table.commit(0, ...tableOf(schema, { features, configuration: configuration('telepathy') }));
    await expect(table.open()).rejects.toMatchObject({ context: { feature: 'columnMapping by telepathy' } });
    await table.commit(0, ...tableOf(schema, { features, configuration: configuration('name') }));
    const log = await table.open();
    await expect(
      log
        .begin()
        .add(await table.file('SELECT 1 AS n'))
        .commit({ operation: 'WRITE' }),
    ).rejects.toMatchObject({
      context: { feature: 'columnMapping', verb: 'write' },
    });
  });
});

describe('widened types', () => {
  const features = ['typeWidening'];
  const pairs: [from: string, to: DataType, value: string, read: string | number][] = [
    ['byte', 'short', '7::TINYINT', 7],
    ['byte', 'long', '-7::TINYINT', -7],
    ['integer', 'long', '2147483647::INTEGER', 2147483647],
    ['short', 'double', '7::SMALLINT', 7],
    ['integer', 'decimal(12,2)', '7::INTEGER', '7.00'],
    ['long', 'decimal(20,0)', '9223372036854775807::BIGINT', '9223372036854775807'],
    ['float', 'double', '0.1::FLOAT', Math.fround(0.1)],
    ['decimal(4,2)', 'decimal(10,4)', '12.34::DECIMAL(4,2)', '12.3400'],
    ['date', 'timestamp_ntz', "DATE '2024-02-29'", '2024-02-29T00:00:00'],
  ];

  it.each(pairs)('from %s to %j', async (from, to, value, read) => {
    const nested = struct(widened('x', from, to));
    const schema = struct(widened('v', from, to), column('s', nested), column('a', arrayOf(nested)));
    await table.commit(
      0,
      ...tableOf(schema, { features }),
      { add: await table.file(`SELECT ${value} AS v, {'x': ${value}} AS s, [{'x': ${value}}] AS a`) },
      { add: await table.file('SELECT NULL::INTEGER AS v') },
    );
    expect(await table.rows()).toEqual([
      { v: read, s: { x: read }, a: [{ x: read }] },
      { v: null, s: null, a: null },
    ]);
  });

  it.each([
    ['integer', 'string'],
    ['long', 'double'],
    ['long', 'integer'],
    ['decimal(10,2)', 'decimal(11,4)'],
    ['integer', 'decimal(10,1)'],
    ['timestamp', 'date'],
  ])('from %s to %s are none, and refused by name, wherever they stand', async (from, to) => {
    const deep = struct(column('a', arrayOf(struct(widened('x', from, to as DataType)))));
    await table.commit(0, ...tableOf(deep, { features }));
    await expect(table.open()).rejects.toMatchObject({
      code: 'delta.unsupported_feature',
      message: expect.stringContaining(`typeWidening from ${from} to ${to}`),
    });
  });
});

describe('values and places', () => {
  it('partition values of every type', async () => {
    const types: [DataType, string, unknown][] = [
      ['long', '9007199254740993', '9007199254740993'],
      ['byte', '-1', -1],
      ['float', '1.0E10', 1e10],
      ['double', 'NaN', 'NaN'],
      ['decimal(10,2)', '42.00', '42.00'],
      ['boolean', 'true', true],
      ['string', '__HIVE_DEFAULT_PARTITION__x', '__HIVE_DEFAULT_PARTITION__x'],
      ['date', '2024-02-29', '2024-02-29'],
      ['timestamp', '2024-06-15T19:30:45.000001Z', '2024-06-15T19:30:45.000001Z'],
      ['timestamp', '1969-01-01 00:00:00', '1969-01-01T00:00:00Z'],
      ['timestamp', '2020-01-01 08:09:10.001', '2020-01-01T08:09:10.001Z'],
      ['timestamp_ntz', '2021-11-18 02:30:00.123456', '2021-11-18T02:30:00.123456'],
      ['binary', 'a\\x41é', Buffer.from('a\\x41é').toString('base64')],
    ];
    const fields = types.map(([type], i) => column(`p${i}`, type));
    const values = (text: (i: number) => string | null) =>
      Object.fromEntries(types.map((_, i) => [`p${i}`, text(i)]));
    await table.commit(
      0,
      ...tableOf(struct(column('n', 'long'), ...fields), {
        partitionColumns: fields.map(({ name }) => name),
      }),
      { add: await table.file('SELECT 1 AS n', { partitionValues: values((i) => types[i]![1]) }) },
      { add: await table.file('SELECT 2 AS n', { partitionValues: values((i) => (i % 2 ? null : '')) }) },
    );
    expect(await table.rows()).toEqual([
      { n: 1, ...Object.fromEntries(types.map(([, , read], i) => [`p${i}`, read])) },
      { n: 2, ...values(() => null) },
    ]);
  });

  it('files by relative, absolute and malformed names, and by URLs', async () => {
    const at = (path: string) => table.storage.uri(path);
    const files: [literal: string, named: string][] = [
      ['a b#c?d%41.parquet', 'a%20b%23c%3Fd%2541.parquet'],
      ['100%.parquet', '100%.parquet'],
      ['%zz ü.parquet', '%zz ü.parquet'],
      ['p=a%2Fb/x.parquet', 'p=a%252Fb/x.parquet'],
      ['abs 1.parquet', encodeURI(at('abs 1.parquet'))],
      ['url 2.parquet', pathToFileURL(at('url 2.parquet')).href],
      ['url 3.parquet', `file:${encodeURI(at('url 3.parquet'))}`],
      ['url 4%.parquet', `file://${at('url 4%.parquet')}`],
    ];
    const adds = await Promise.all(
      files.map(async ([path, named], n) => ({
        add: { ...(await table.file(`SELECT ${n} AS n`, { path })), path: named },
      })),
    );
    await table.commit(0, ...tableOf(struct(column('n', 'long'))), ...adds);
    const rows = (await table.rows()) as { n: number }[];
    expect(rows.map(({ n }) => n).sort()).toEqual(files.map((_, n) => n));
  });

  it('void columns are null, also inside others', async () => {
    const schema = struct(
      column('n', 'long'),
      column('v', 'void'),
      column('s', struct(column('v', 'void'), column('x', 'long'))),
      column('a', arrayOf(struct(column('x', 'long'), column('v', 'void')))),
    );
    await table.commit(0, ...tableOf(schema), {
      add: await table.file("SELECT 1 AS n, {'x': 2} AS s, [{'x': 3}] AS a"),
    });
    expect(await table.rows()).toEqual([{ n: 1, v: null, s: { v: null, x: 2 }, a: [{ x: 3, v: null }] }]);
  });
});
