import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDatabase, type DuckSession } from '../../src/duck/index.js';
import { loadDuckApi } from '../../src/duck/native.js';
import { arrayOf, column, struct } from '../../src/schema/column-types.js';

let database: DuckDatabase;
let session: DuckSession;
beforeAll(async () => {
  database = await DuckDatabase.open({ threads: 2 });
  session = await database.connect();
});
afterAll(() => database.close());

describe('values that come out', () => {
  it('are JSON-safe and exact', async () => {
    const [row] = await session.rows(`SELECT
      1::INTEGER small, 9007199254740991::BIGINT edge, 9007199254740992::BIGINT big, (-9007199254740993)::BIGINT neg,
      sum(x) huge, 170141183460469231731687303715884105727::HUGEINT enormous, 42::DECIMAL(10,2) price,
      'NaN'::DOUBLE nan, '-Infinity'::DOUBLE inf, true truth, NULL AS missing, DATE '2024-02-29' AS day,
      TIMESTAMPTZ '2024-01-02 03:04:05+00' t0, TIMESTAMPTZ '2024-01-02 03:04:05.12+00' t3,
      TIMESTAMPTZ '2024-01-02 05:04:05.123456+02' t6, TIMESTAMP '1969-12-31 23:59:59.999999' ntz,
      [1, NULL, 3] list, {'a': 1, 'b': ['x']} AS nested, MAP {'k': 1} AS by_text, MAP {1: 'v'} AS by_number,
      '\\xFF\\x00'::BLOB bytes, 'emoji 😀' AS text, uuid '00000000-0000-0000-0000-000000000001' id
      FROM (VALUES (1::BIGINT), (2)) v(x)`);
    expect(row).toEqual({
      small: 1,
      edge: 9007199254740991,
      big: '9007199254740992',
      neg: '-9007199254740993',
      huge: 3,
      enormous: '170141183460469231731687303715884105727',
      price: '42.00',
      nan: 'NaN',
      inf: '-Infinity',
      truth: true,
      missing: null,
      day: '2024-02-29',
      t0: '2024-01-02T03:04:05Z',
      t3: '2024-01-02T03:04:05.120Z',
      t6: '2024-01-02T03:04:05.123456Z',
      ntz: '1969-12-31T23:59:59.999999',
      list: [1, null, 3],
      nested: { a: 1, b: ['x'] },
      by_text: { k: 1 },
      by_number: [{ key: 1, value: 'v' }],
      bytes: Buffer.from([255, 0]).toString('base64'),
      text: 'emoji 😀',
      id: '00000000-0000-0000-0000-000000000001',
    });
    expect(JSON.parse(JSON.stringify(row))).toEqual(row);
  });

  it('keep columns of the same name apart and tell the columns of an empty result', async () => {
    expect(await session.rows('SELECT 1 AS a, 2 AS a')).toEqual([{ a: 1, 'a:1': 2 }]);
    const empty = await session.query('SELECT 1::BIGINT AS n, now() AS at WHERE false');
    expect(empty).toEqual({
      columns: [
        { name: 'n', type: 'BIGINT' },
        { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
      ],
      rows: [],
    });
  });

  it('stream in chunks, in order', async () => {
    const seen: unknown[] = [];
    let chunks = 0;
    for await (const rows of session.stream('SELECT i FROM range(5000) r(i) WHERE i >= ?', [10])) {
      chunks++;
      for (const row of rows) seen.push(row.i);
    }
    expect(seen).toEqual(Array.from({ length: 4990 }, (_, i) => i + 10));
    expect(chunks).toBeGreaterThan(1);
  });

  it('streams may be left half read', async () => {
    for await (const rows of session.stream('SELECT i FROM range(100000000) r(i)')) {
      expect(rows[0]).toEqual({ i: 0 });
      break;
    }
    expect(await session.scalar('SELECT 1')).toBe(1);
    const { columns, rows } = await session.open("SELECT 'x' AS a WHERE ? = 1", [2]);
    expect(columns).toEqual([{ name: 'a', type: 'VARCHAR' }]);
    for await (const _ of rows) expect.unreachable('a query without rows has no chunk');
  });

  it('scalar gives the first value, or null without a row', async () => {
    expect(await session.scalar('SELECT 7')).toBe(7);
    expect(await session.scalar('SELECT 7 WHERE false')).toBeNull();
  });
});

describe('parameters', () => {
  it('take the types of their values', async () => {
    const at = new Date('2024-01-02T03:04:05.678Z');
    const params = [
      1,
      2 ** 40,
      1.5,
      9007199254740993n,
      "o'x",
      true,
      null,
      at,
      ['a', null],
      { b: 1 },
      Buffer.from('z'),
    ];
    const [row] = await session.rows(
      'SELECT $1 a, $2 b, $3 c, $4 d, $5 e, $6 f, $7 g, $8 h, $9 i, $10 j, $11 k',
      params,
    );
    expect(row).toEqual({
      a: 1,
      b: 2 ** 40,
      c: 1.5,
      d: '9007199254740993',
      e: "o'x",
      f: true,
      g: null,
      h: '2024-01-02T03:04:05.678Z',
      i: ['a', null],
      j: { b: 1 },
      k: Buffer.from('z').toString('base64'),
    });
    const [{ t }] = (await session.rows('SELECT typeof($1) AS t', [9007199254740993n])) as [{ t: string }];
    expect(t).toBe('BIGINT');
  });

  it('of other types are refused', async () => {
    await expect(session.rows('SELECT ?', [() => 1])).rejects.toMatchObject({
      code: 'duck.parameter_unsupported',
    });
  });
});

describe('time zone', () => {
  it('is UTC on every connection', async () => {
    const other = await database.connect();
    expect(await other.scalar("SELECT current_setting('TimeZone')")).toBe('UTC');
    expect(await other.scalar("SELECT CAST('2024-01-02 03:04:05' AS TIMESTAMPTZ)")).toBe(
      '2024-01-02T03:04:05Z',
    );
    await other.close();
  });
});

describe('append', () => {
  const schema = struct(
    column('s', 'string'),
    column('l', 'long'),
    column('i', 'integer'),
    column('d', 'double'),
    column('b', 'boolean'),
    column('t', 'timestamp'),
    column('day', 'date'),
    column('price', 'decimal(10,2)'),
    column('bytes', 'binary'),
    column('tags', arrayOf('string')),
    column('st', struct(column('x', 'integer'), column('y', arrayOf('long')))),
    column('m', { type: 'map', keyType: 'string', valueType: 'double', valueContainsNull: true }),
  );

  it('makes the table, keeps every type and null, and appends to one that is there', async () => {
    const rows = [
      [
        'emoji 😀 \0 nul',
        9007199254740993n,
        -5,
        0.1,
        true,
        1704164645123456n,
        '2024-02-29',
        '12.3',
        new Uint8Array([1, 0]),
        ['a', null, ''],
        { x: 1, y: [2n, null] },
        { k: 1.5, n: null },
      ],
      [
        '',
        42,
        2147483647,
        Number.NaN,
        false,
        new Date('2024-01-02T03:04:05.678Z'),
        '0001-01-01',
        -7,
        new Uint8Array(),
        [],
        { x: null },
        {},
      ],
      new Array(12).fill(null),
      new Array(12).fill(undefined),
    ];
    expect(await session.append('appended', schema, rows)).toBe(4);
    expect(await session.append('appended', schema, [])).toBe(0);
    expect(await session.rows('FROM appended')).toEqual([
      {
        s: 'emoji 😀 \0 nul',
        l: '9007199254740993',
        i: -5,
        d: 0.1,
        b: true,
        t: '2024-01-02T03:04:05.123456Z',
        day: '2024-02-29',
        price: '12.30',
        bytes: 'AQA=',
        tags: ['a', null, ''],
        st: { x: 1, y: [2, null] },
        m: { k: 1.5, n: null },
      },
      {
        s: '',
        l: 42,
        i: 2147483647,
        d: 'NaN',
        b: false,
        t: '2024-01-02T03:04:05.678Z',
        day: '0001-01-01',
        price: '-7.00',
        bytes: '',
        tags: [],
        st: { x: null, y: null },
        m: {},
      },
      ...[0, 1].map(() => ({
        s: null,
        l: null,
        i: null,
        d: null,
        b: null,
        t: null,
        day: null,
        price: null,
        bytes: null,
        tags: null,
        st: null,
        m: null,
      })),
    ]);
  });

  it('keeps order over many chunks', async () => {
    const n = 10_000;
    await session.append(
      'many',
      struct(column('i', 'long')),
      Array.from({ length: n }, (_, i) => [i]),
    );
    expect(await session.scalar('SELECT bool_and(i = rowid) AND count(*) = 10000 FROM many')).toBe(true);
  });

  it('refuses a value of another type', async () => {
    const bad = session.append('bad', struct(column('n', 'integer')), [[1.5]]);
    await expect(bad).rejects.toMatchObject({ code: 'duck.value_mismatch', fault: 'internal' });
    expect(await session.append('bad', struct(column('n', 'integer')), [[1]])).toBe(1);
  });

  it('replaces a lone surrogate', async () => {
    await session.append('lone', struct(column('s', 'string')), [['x\ud800y']]);
    expect(await session.scalar('SELECT s FROM lone')).toBe('x\ufffdy');
  });
});

describe('errors', () => {
  it.each([
    ['selec 1', 'duck.sql_error', 'user'],
    ['SELECT nope', 'duck.sql_error', 'user'],
    ["SELECT 'x'::INTEGER", 'duck.sql_error', 'user'],
    ['SELECT 9223372036854775807::BIGINT + 1', 'duck.sql_error', 'user'],
    ["FROM read_parquet('/nowhere/x.parquet')", 'duck.file_missing', 'external'],
    ["COPY (SELECT 1) TO '/nowhere/x.parquet'", 'duck.io_failed', 'external'],
    ["FROM read_parquet('s3://bucket/x.parquet')", 'duck.io_failed', 'external'],
  ])('%s is %s', async (sql, code, fault) => {
    await expect(session.rows(sql)).rejects.toMatchObject({ code, fault });
  });

  it('a file that is no Parquet is named as such', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'murmur-duck-test-'));
    await writeFile(join(dir, 'x.parquet'), 'not a parquet file, but longer than its trailer');
    const read = session.rows(`FROM read_parquet('${dir}/x.parquet')`);
    await expect(read).rejects.toMatchObject({ code: 'duck.parquet_invalid', fault: 'external' });
    await rm(dir, { recursive: true });
  });

  it('a native module that does not load says what to do', async () => {
    const failing = loadDuckApi(() =>
      Promise.reject(new Error('libstdc++.so.6: cannot open shared object file')),
    );
    await expect(failing).rejects.toMatchObject({
      code: 'duck.native_missing',
      fault: 'external',
      fix: expect.stringContaining('npm ci'),
    });
  });

  it('memory has a limit', async () => {
    const small = await DuckDatabase.open({ memoryLimit: '20MB', threads: 1 });
    const s = await small.connect();
    const all = s.rows("SELECT len(list(repeat('x', 1000) || i)) FROM range(1000000) r(i)");
    await expect(all).rejects.toMatchObject({
      code: 'duck.out_of_memory',
      fault: 'external',
      fix: expect.any(String),
    });
    await small.close();
  });
});

describe('stopping', () => {
  const endless = 'SELECT count(*) FROM range(1000000000) a, range(1000) b WHERE a.range % 7 = b.range % 11';

  it('interrupt ends the running statement, and the session stays usable', async () => {
    const running = session.rows(endless);
    const ended = expect(running).rejects.toMatchObject({ code: 'duck.interrupted' });
    const interrupting = setInterval(() => session.interrupt(), 5);
    await ended;
    clearInterval(interrupting);
    expect(await session.scalar('SELECT 1')).toBe(1);
  });

  it('close interrupts, also while a TypeScript function is being called, and then refuses', async () => {
    const other = await database.connect();
    other.register({ name: 'slow_identity', parameters: ['long'], returns: 'long', call: (x) => x });
    const running = other.rows('SELECT sum(slow_identity(i)) FROM range(100000000) r(i)');
    const ended = expect(running).rejects.toMatchObject({ code: 'duck.interrupted' });
    await other.close();
    await ended;
    await expect(other.rows('SELECT 1')).rejects.toMatchObject({ code: 'duck.closed' });
    await other.close();
  });
});

describe('confinement', () => {
  it('a read-only query is a single query', async () => {
    const readOnly = { readOnly: true };
    expect((await session.query('SELECT 1 AS x', [], readOnly)).rows).toEqual([{ x: 1 }]);
    for (const sql of [
      'CREATE TABLE t(i INT)',
      "COPY (SELECT 1) TO '/tmp/x.parquet'",
      'SELECT 1; DROP TABLE x',
      'SET threads = 1',
    ]) {
      await expect(session.query(sql, [], readOnly)).rejects.toMatchObject({
        code: 'duck.not_a_query',
        fault: 'user',
      });
    }
  });

  it('onlyFilesIn keeps SQL to its folders', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'murmur-duck-test-'));
    await writeFile(join(dir, 'in.csv'), 'a\n1\n');
    const confined = await DuckDatabase.open({ onlyFilesIn: [dir] });
    const s = await confined.connect();
    expect(await s.rows(`FROM read_csv('${dir}/in.csv')`)).toEqual([{ a: 1 }]);
    await expect(s.rows("FROM read_text('/etc/hostname')")).rejects.toMatchObject({ code: 'duck.sql_error' });
    await expect(s.run('SET enable_external_access = true')).rejects.toMatchObject({
      code: 'duck.sql_error',
    });
    await confined.close();
    await rm(dir, { recursive: true });
  });
});

describe('schemaOf', () => {
  it('tells the Delta types of a query and refuses what Delta lacks', async () => {
    const schema = await session.schemaOf(
      "SELECT 1::BIGINT a, 'x' b, now() c, [1.5::DOUBLE] d, {'e': DATE '2024-01-01'} f, MAP {'k': 2::DECIMAL(5,1)} g",
    );
    expect(schema.fields.map((f) => [f.name, f.type])).toEqual([
      ['a', 'long'],
      ['b', 'string'],
      ['c', 'timestamp'],
      ['d', arrayOf('double')],
      ['f', struct(column('e', 'date'))],
      ['g', { type: 'map', keyType: 'string', valueType: 'decimal(5,1)', valueContainsNull: true }],
    ]);
    for (const type of [
      'TIME',
      'INTERVAL',
      'BIT',
      'HUGEINT',
      'UBIGINT',
      'TIMESTAMP_NS',
      'TIMESTAMP_S',
      'UUID',
      'INTEGER[3]',
      'JSON',
      'UNION(a INTEGER)',
      'UINTEGER[]',
    ]) {
      await expect(session.schemaOf(`SELECT NULL::${type} x`), type).rejects.toMatchObject({
        code: 'duck.type_unsupported',
        fault: 'user',
      });
    }
  });
});
