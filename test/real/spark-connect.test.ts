/** The Spark Connect client against Spark itself, with Delta: values, uploads, writes, errors, broken wires. */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MurmurError } from '../../src/base/errors.js';
import {
  type ConnectOptions,
  connectSpark,
  mapArrow,
  type Observations,
  observe,
  project,
  type SparkField,
  type SparkSession,
  sparkExceptions,
  sqlRelation,
  withRelations,
} from '../../src/engine/spark/connect/index.js';
import { startCuttingProxy } from './setup/cutting-proxy.js';
import { type RealSpark, startSparkServer } from './setup/spark-server.js';

const token = 'a-token-of-this-suite';
let dir: string;
let server: RealSpark;
let session: SparkSession;

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-real-spark-connect-')));
  server = await startSparkServer(dir, { 'spark.connect.authenticate.token': token });
  session = await open();
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const open = (options: ConnectOptions = {}) => connectSpark(server.remote, { token, ...options });
const folder = (name: string) => join(dir, name);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('no error'),
    (e: MurmurError) => e,
  );

describe('a session', () => {
  it('knows its server', async () => {
    expect(session.version).toMatch(/^4\.\d+\.\d+/);
    expect(await session.conf('spark.app.id')).toMatch(/^local-/);
    await session.setConf({ 'spark.sql.session.timeZone': 'Europe/Berlin' });
    expect(await session.rows('SELECT string(timestamp_seconds(0)) AS t')).toEqual([
      { t: '1970-01-01 01:00:00' },
    ]);
    await session.unsetConf('spark.sql.session.timeZone');
    expect(await session.conf('spark.sql.session.timeZone')).toBe('UTC');
    expect(await session.conf('spark.murmur.none')).toBeUndefined();
  });

  it('needs the right token', async () => {
    expect(await failure(open({ token: 'wrong' }))).toMatchObject({
      code: 'spark.token_refused',
      fault: 'user',
    });
    expect(await failure(connectSpark(server.remote))).toMatchObject({ code: 'spark.token_refused' });
  });

  it('that somebody else ended is over', async () => {
    const mine = await open();
    const same = await open({ sessionId: mine.sessionId });
    await mine.view('v', sqlRelation('SELECT 1 AS one'));
    expect(await same.rows('SELECT * FROM v')).toEqual([{ one: 1 }]);
    await same.close();
    expect(await failure(mine.rows('SELECT * FROM v'))).toMatchObject({ code: 'spark.session_changed' });
    await mine.close();
  });
});

describe('values', () => {
  it('come as they are', async () => {
    const rows = await session.rows(`SELECT 9223372036854775807L AS big, CAST(-1 AS TINYINT) AS tiny,
      CAST(2 AS SMALLINT) AS small, 3 AS int, CAST(0.5 AS FLOAT) AS real, 0.25D AS ratio, true AS yes, 'zürich 😀' AS text,
      CAST('-12345678901234567890.123456' AS DECIMAL(38,6)) AS huge, X'00FF' AS bytes, DATE'1969-12-31' AS day,
      TIMESTAMP'2020-01-01 00:00:00.123456' AS at, TIMESTAMP_NTZ'1969-12-31 23:59:59.999999' AS local, null AS nothing,
      array(1, null) AS list, map('a', array(DATE'2024-02-29')) AS map,
      named_struct('at', TIMESTAMP'1970-01-01 00:00:00.000001', 'inner', named_struct('x', 1L)) AS struct,
      INTERVAL '1 00:00:00.000001' DAY TO SECOND AS span, INTERVAL '1-2' YEAR TO MONTH AS months,
      array() AS empty, CAST(null AS STRUCT<a: INT>) AS no_struct`);
    expect(rows).toEqual([
      {
        big: 9_223_372_036_854_775_807n,
        tiny: -1,
        small: 2,
        int: 3,
        real: 0.5,
        ratio: 0.25,
        yes: true,
        text: 'zürich 😀',
        huge: '-12345678901234567890.123456',
        bytes: new Uint8Array([0, 255]),
        day: '1969-12-31',
        at: 1_577_836_800_123_456n,
        local: -1n,
        nothing: null,
        list: [1, null],
        map: new Map([['a', ['2024-02-29']]]),
        struct: { at: 1n, inner: { x: 1n } },
        span: 86_400_000_001n,
        months: 14,
        empty: [],
        no_struct: null,
      },
    ]);
  });

  it('go up as they are, and Spark reads them as SQL does', async () => {
    const columns: SparkField[] = [
      { name: 'id', type: 'long', nullable: false },
      { name: 'at', type: 'timestamp', nullable: true },
      { name: 'local', type: 'timestamp_ntz', nullable: true },
      { name: 'day', type: 'date', nullable: true },
      { name: 'price', type: 'decimal(10,2)', nullable: true },
      { name: 'tags', type: { type: 'array', elementType: 'string', containsNull: true }, nullable: true },
      {
        name: 'counts',
        type: { type: 'map', keyType: 'string', valueType: 'integer', valueContainsNull: true },
        nullable: true,
      },
      {
        name: 'who',
        type: { type: 'struct', fields: [{ name: 'name', type: 'string', nullable: true }] },
        nullable: true,
      },
      { name: 'bytes', type: 'binary', nullable: true },
    ];
    const full = {
      id: 1n,
      at: 1_577_836_800_123_456n,
      local: -1n,
      day: '2024-02-29',
      price: '-1.25',
      tags: ['ä', null],
      counts: new Map([['a', null]]),
      who: { name: 'Ann' },
      bytes: new Uint8Array([1, 2]),
    };
    const none = Object.fromEntries(columns.map(({ name }) => [name, null]));
    const local = await session.local(columns, [full, { id: 2 }]);
    expect(await session.rows(local)).toEqual([full, { ...none, id: 2n }]);
    expect(await session.schema(local)).toBe(
      'id BIGINT NOT NULL, at TIMESTAMP, local TIMESTAMP_NTZ, day DATE, price DECIMAL(10,2), tags ARRAY<STRING>, ' +
        'counts MAP<STRING, INT>, who STRUCT<name: STRING>, bytes BINARY',
    );
    const text = `SELECT string(at) AS at, string(local) AS local, string(day) AS day, string(price) AS price,
      tags[0] AS tag, map_keys(counts)[0] AS key, who.name AS name, hex(bytes) AS hex FROM l WHERE id = 1`;
    expect(await session.rows(withRelations(text, { l: local }))).toEqual([
      {
        at: '2020-01-01 00:00:00.123456',
        local: '1969-12-31 23:59:59.999999',
        day: '2024-02-29',
        price: '-1.25',
        tag: 'ä',
        key: 'a',
        name: 'Ann',
        hex: '0102',
      },
    ]);
    expect(await session.rows(await session.local(columns, []))).toEqual([]);
  });

  it('go up 50,000 rows at a time, once', async () => {
    const columns: SparkField[] = [
      { name: 'id', type: 'long', nullable: false },
      { name: 'text', type: 'string', nullable: true },
    ];
    const rows = Array.from({ length: 50_000 }, (_, i) => ({ id: i, text: `post ${i} `.repeat(5) }));
    const local = await session.local(columns, rows);
    if (local.relType?.case !== 'cachedLocalRelation') return expect.fail('not uploaded');
    expect(await session.hasArtifact(`cache/${local.relType.value.hash}`)).toBe(true);
    const sums = 'SELECT count(*) AS n, sum(id) AS ids, sum(length(text)) AS chars FROM l';
    expect(await session.rows(withRelations(sums, { l: local }))).toEqual([
      { n: 50_000n, ids: 1_249_975_000n, chars: BigInt(rows.reduce((n, r) => n + r.text.length, 0)) },
    ]);
    expect(await session.local(columns, rows)).toEqual(local);
  });

  it('of a row larger than any message come whole', async () => {
    const [row] = await session.rows("SELECT repeat('äx', 20000000) AS text");
    expect(String(row!.text)).toHaveLength(40_000_000);
  });

  it('are chosen, filtered and counted on their way', async () => {
    const relation = project(sqlRelation('SELECT id FROM range(100) WHERE id % 2 = 0'), ['id * 10 AS ten']);
    const three = withRelations('SELECT * FROM r LIMIT 3', { r: relation });
    expect(await session.rows(three)).toEqual([{ ten: 0n }, { ten: 20n }, { ten: 40n }]);
    const observed: Observations = new Map();
    let rows = 0;
    const seen = observe(relation, 'seen', [
      'count(*) AS n',
      'max(ten) AS top',
      'max(CAST(null AS INT)) AS none',
    ]);
    for await (const batch of session.batches(seen, {}, observed)) rows += batch.length;
    expect(rows).toBe(50);
    expect(observed.get('seen')).toEqual({ n: 50n, top: 980n, none: null });
  });

  it('under one name twice are refused, not lost', async () => {
    expect(await failure(session.rows('SELECT 1 AS a, 2 AS a'))).toMatchObject({
      code: 'spark.columns_repeat',
    });
  });
});

describe('Delta', () => {
  it('takes a write once, whatever is sent again', async () => {
    const path = folder('once');
    const rows = sqlRelation('SELECT id, id % 3 AS part FROM range(1000)');
    const append = (version: number) =>
      session.write(rows, {
        path,
        partitionBy: ['part'],
        options: { txnAppId: 'suite', txnVersion: String(version) },
      });
    const count = async () => (await session.rows(`SELECT count(*) AS n FROM delta.\`${path}\``))[0]!.n;
    await append(1);
    await append(1);
    expect(await count()).toBe(1000n);
    await append(2);
    expect(await count()).toBe(2000n);
    await session.write(rows, { path, mode: 'overwrite' });
    expect(await count()).toBe(1000n);
    expect(await failure(session.write(rows, { path, mode: 'error_if_exists' }))).toMatchObject({
      code: 'spark.analysis',
    });
  });

  it('merges what came from here', async () => {
    const path = folder('merged');
    await session.sql(`CREATE TABLE delta.\`${path}\` (id BIGINT, text STRING) USING delta`);
    await session.sql(`INSERT INTO delta.\`${path}\` SELECT id, 'old' FROM range(10)`);
    const columns: SparkField[] = [
      { name: 'id', type: 'long', nullable: false },
      { name: 'text', type: 'string', nullable: true },
    ];
    const news = [8, 9, 10].map((id) => ({ id, text: "it's new" }));
    await session.view('news', await session.local(columns, news));
    const result = await session.sql(`MERGE INTO delta.\`${path}\` t USING news s ON t.id = s.id
      WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`);
    expect(await session.rows(result)).toMatchObject([{ num_updated_rows: 2n, num_inserted_rows: 1n }]);
    const merged = `SELECT text, count(*) AS n FROM delta.\`${path}\` GROUP BY text ORDER BY text`;
    expect(await session.rows(merged)).toEqual([
      { text: "it's new", n: 3n },
      { text: 'old', n: 8n },
    ]);
    const history = await session.rows(`DESCRIBE HISTORY delta.\`${path}\``);
    expect(history.map((h) => h.operation)).toEqual(['MERGE', 'WRITE', 'CREATE TABLE']);
  });
});

describe('errors', () => {
  it.each([
    ['SELECT nope FROM range(1)', 'spark.analysis', /^UNRESOLVED_COLUMN/, '42703', 'nope'],
    ['SELECT * FROM no_such_table', 'spark.analysis', /^TABLE_OR_VIEW_NOT_FOUND$/, '42P01', 'no_such_table'],
    ['SELEC 1', 'spark.analysis', /^PARSE_SYNTAX_ERROR$/, '42601', null],
    ['SELECT id, 1 / id AS x FROM range(3)', 'spark.query_failed', /^DIVIDE_BY_ZERO$/, '22012', '1 / id'],
    [
      "SELECT CAST(t AS INT) FROM VALUES ('x') AS v(t)",
      'spark.query_failed',
      /^CAST_INVALID_INPUT$/,
      '22018',
      'CAST(t AS INT)',
    ],
  ])('of %s', async (query, code, errorClass, sqlState, fragment) => {
    const fault = await failure(session.rows(query));
    expect(fault).toMatchObject({ code, fault: 'user', context: { sqlState, fragment } });
    expect(fault.context.errorClass).toMatch(errorClass);
    expect(fault.message).not.toContain('\n');
    expect(sparkExceptions(fault)[0]!.frames.length).toBeGreaterThan(5);
  });

  it('of a Python worker of another version name the version', async () => {
    const relation = mapArrow(sqlRelation('SELECT 1 AS a'), {
      name: 'f',
      columns: ['a'],
      command: Buffer.from('N.'),
      output: 'a int',
      pythonVersion: '2.7',
    });
    expect(await failure(session.rows(relation))).toMatchObject({
      code: 'spark.python_version',
      context: { workerPython: expect.stringMatching(/^3\.\d+$/) },
    });
  });
});

describe('a broken wire', () => {
  it('loses no row and doubles none', async () => {
    const proxy = await startCuttingProxy(server.port, 1_000_000, 6);
    const through = await connectSpark(`sc://127.0.0.1:${proxy.port}`, { token, retry: { firstWaitMs: 1 } });
    try {
      let expected = 0n;
      const query = "SELECT id, repeat('x', 40) AS text FROM range(0, 200000, 1, 4)";
      for await (const rows of through.batches(query))
        for (const { id } of rows) if (id !== expected++) expect.fail(`row ${id} at ${expected - 1n}`);
      expect(expected).toBe(200_000n);
      expect(proxy.cuts()).toBe(6);
    } finally {
      await through.close();
      await proxy.close();
    }
  });
});

describe('a running statement', () => {
  /** Days, on every core, in tasks that notice when they are killed. */
  const endless = 'SELECT count(*) AS n FROM range(0, 1000000000000000, 1, 8) WHERE hash(id) = 7';

  const jobs = async () => readFileSync(server.log, 'utf8').split(/Got (?:map stage )?job/).length;

  it('is interrupted by its tag', async () => {
    const before = await jobs();
    const running = failure(session.rows(sqlRelation(endless), { tags: ['slow', 'suite'] }));
    await repeated(jobs, (n) => n > before);
    const ids = await session.interrupt({ tag: 'slow' });
    expect(ids).toHaveLength(1);
    expect(await running).toMatchObject({ code: 'spark.interrupted', context: { sqlState: 'HY008' } });
    expect(await session.interrupt({ tag: 'slow' })).toEqual([]);
  });

  it('ends on the server when its caller gives up: the cores are free again', async () => {
    const before = await jobs();
    const stop = new AbortController();
    const running = failure(session.rows(endless, { signal: stop.signal }));
    await repeated(jobs, (n) => n > before);
    stop.abort();
    expect(await running).toMatchObject({ code: 'spark.aborted' });
    expect(await session.rows('SELECT count(*) AS n FROM range(0, 100, 1, 4)')).toEqual([{ n: 100n }]);
  });
});

/** Asks until the answer is the wanted one; the suite's time limit ends what never comes. */
async function repeated<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await sleep(20);
  }
}
