import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDatabase, type DuckSession } from '../../src/duck/index.js';
import { arrayOf, column, type DataType, struct } from '../../src/schema/column-types.js';

let database: DuckDatabase;
let session: DuckSession;
beforeAll(async () => {
  database = await DuckDatabase.open({ threads: 2 });
  session = await database.connect();
});
afterAll(() => database.close());

describe('a TypeScript function in SQL', () => {
  const types: [name: string, type: DataType, values: string[]][] = [
    ['string', 'string', ["''", "'emoji 😀'", "'a' || chr(0) || 'b'", "repeat('long ', 20)"]],
    ['long', 'long', ['0', '9007199254740993', '-9223372036854775808', '9223372036854775807']],
    ['integer', 'integer', ['0', '-2147483648', '2147483647']],
    ['double', 'double', ['0.1', '1e300', "'-Infinity'"]],
    ['boolean', 'boolean', ['true', 'false']],
    ['timestamp', 'timestamp', ["'2024-01-02 03:04:05.123456+00'", "'0001-01-01 00:00:00+00'"]],
    ['strings', arrayOf('string'), ["['a', NULL, 'ü']", '[]']],
  ];
  const duck: Record<string, string> = {
    string: 'VARCHAR',
    long: 'BIGINT',
    integer: 'INTEGER',
    double: 'DOUBLE',
    boolean: 'BOOLEAN',
    timestamp: 'TIMESTAMPTZ',
    strings: 'VARCHAR[]',
  };

  it.each(types)('gets and gives %s, null included', async (name, type, values) => {
    const seen: unknown[] = [];
    session.register({
      name: `same_${name}`,
      parameters: [type],
      returns: type,
      call(value) {
        seen.push(value);
        return value;
      },
    });
    const rows = [...values, 'NULL'].map((v) => `(CAST(${v} AS ${duck[name]}))`).join(', ');
    const [result] = await session.rows(
      `SELECT count(*) n, count(*) FILTER (same_${name}(x) IS NOT DISTINCT FROM x) same FROM (VALUES ${rows}) v(x)`,
    );
    expect(result).toEqual({ n: values.length + 1, same: values.length + 1 });
    expect(seen).toContain(null);
    expect(await session.scalar(`SELECT same_${name}(NULL) IS NULL`)).toBe(true);
  });

  it('hands over what the function contract says', async () => {
    const seen: unknown[] = [];
    session.register({
      name: 'spy',
      parameters: ['string', 'long', 'integer', 'double', 'boolean', 'timestamp', arrayOf('string')],
      returns: 'boolean',
      call(...args) {
        seen.push(args);
        return true;
      },
    });
    await session.rows(
      "SELECT spy(s, 5, 6, 7.5::DOUBLE, true, TIMESTAMPTZ '1970-01-01 00:00:01.000002+00', ['a', NULL]) FROM (VALUES ('x')) v(s)",
    );
    expect(seen).toContainEqual(['x', 5n, 6, 7.5, true, 1000002n, ['a', null]]);
  });

  it('keeps rows apart over many chunks, filters and threads', async () => {
    session.register({
      name: 'words',
      parameters: ['string'],
      returns: arrayOf('string'),
      call: (text) => (text as string | null)?.split(' ') ?? null,
    });
    const wrong = await session.scalar(`
      SELECT count(*) FROM (SELECT i, CASE WHEN i % 5 = 0 THEN NULL ELSE i || ' ü ' || (i * 3) END t FROM range(50000) r(i))
      WHERE i % 3 <> 0 AND words(t) IS DISTINCT FROM (CASE WHEN t IS NOT NULL THEN [i::VARCHAR, 'ü', (i * 3)::VARCHAR] END)`);
    expect(wrong).toBe(0);
  });

  it('that throws fails the statement as our bug, and the session lives on', async () => {
    session.register({
      name: 'boom',
      parameters: ['string'],
      returns: 'string',
      call() {
        throw new RangeError('out of ideas');
      },
    });
    const failing = session.rows("SELECT boom(x) FROM (VALUES ('a')) v(x)");
    await expect(failing).rejects.toMatchObject({
      code: 'duck.function_failed',
      fault: 'internal',
      message: 'SQL function boom threw: out of ideas',
    });
    expect(await session.scalar("SELECT try(boom('x'))")).toBeNull();
    await expect(session.rows('SELECT nope')).rejects.toMatchObject({ code: 'duck.sql_error' });
  });

  it('that gives a value of another type fails the statement', async () => {
    session.register({ name: 'liar', parameters: ['string'], returns: 'integer', call: () => 1.5 });
    await expect(session.rows("SELECT liar('x')")).rejects.toMatchObject({ code: 'duck.function_failed' });
  });

  it('is there for every session, and a later one of the name takes its place', async () => {
    const other = await database.connect();
    const version = (n: number) => ({
      name: 'version_of',
      parameters: [],
      returns: 'integer' as const,
      call: () => n,
    });
    session.register(version(1));
    expect(await other.scalar('SELECT version_of()')).toBe(1);
    other.register(version(2));
    expect(await session.scalar('SELECT version_of()')).toBe(2);
    await other.close();
  });

  it('waits for nobody: other sessions append, connect and call functions meanwhile', async () => {
    const other = await database.connect();
    session.register({
      name: 'upper_js',
      parameters: ['string'],
      returns: 'string',
      call: (s) => String(s).toUpperCase(),
    });
    const sql = "SELECT count(DISTINCT upper_js('x' || i)) FROM range(60000) r(i)";
    let running = true;
    const long = session.scalar(sql).finally(() => {
      running = false;
    });
    let appended = 0;
    do {
      appended += await other.append('beside', struct(column('s', 'string')), [['a'], ['b']]);
      const third = await database.connect();
      await third.close();
    } while (running);
    expect(await long).toBe(60000);
    expect(await other.scalar('SELECT count(*) FROM beside')).toBe(appended);
    expect(await Promise.all([session.scalar(sql), other.scalar(sql)])).toEqual([60000, 60000]);
    await other.close();
  });
});
