/** Reading a lake: SQL before and after tables exist, time travel, counts, history, export. */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Lake } from '../../src/lake/lake.js';
import { tableAt } from '../../src/lake/table-at.js';
import { column, struct } from '../../src/schema/column-types.js';
import { LakeBuilder } from './lake-builder.js';

let builder: LakeBuilder;
let lake: Lake;
beforeAll(async () => {
  builder = await LakeBuilder.open();
  lake = new Lake({ dir: builder.dir });
});
afterAll(async () => {
  await lake.close();
  await builder.close();
});

describe('before any table exists', () => {
  it('every table of ours can be asked, and is empty', async () => {
    const { columns, rows } = await lake.sql('select * from application');
    expect(rows).toEqual([]);
    expect(columns.map(({ name }) => name)).toEqual([
      'mention',
      'positive',
      'negative',
      'neutral',
      'total',
      'min_timestamp',
      'max_timestamp',
    ]);
    expect((await lake.sql('select count(*) n from gold join silver using (post_id)')).rows).toEqual([
      { n: 0 },
    ]);
    expect((await lake.sql('show tables')).rows).toHaveLength(6);
  });

  it('the functions of posts are there', async () => {
    const { rows } = await lake.sql(
      `select parse_timestamp('Mon Apr 06 22:19:45 PDT 2009') "at", mentions('hi @Ann and x@y.com') m,
         clean_text('@ann fish &amp; chips') c, label_id('4') l`,
    );
    expect(rows).toEqual([{ at: '2009-04-07T05:19:45Z', m: ['Ann'], c: 'fish & chips', l: 1 }]);
  });

  it('counts, heads and histories are empty, descriptions and exports are refused', async () => {
    const gold = lake.table('gold');
    expect(await gold.exists()).toBe(false);
    expect(await gold.count()).toEqual({ table: 'gold', rows: 0, version: null });
    expect(await gold.head()).toEqual([]);
    expect(await gold.history()).toEqual([]);
    await expect(gold.describe()).rejects.toMatchObject({ code: 'lake.no_such_table', fault: 'user' });
    await expect(gold.export('/nowhere')).rejects.toMatchObject({ code: 'lake.no_such_table' });
    expect(await lake.tables()).toEqual([]);
  });

  it('a name that was mistyped gets the one that was meant', async () => {
    await expect(lake.namedTable('glod')).rejects.toMatchObject({ fix: 'did you mean gold?' });
  });
});

describe('with tables', () => {
  beforeAll(async () => {
    await builder.append(
      'bronze',
      `select 'a' as post_id, 'one' as "text", 9007199254740993::bigint as seq`,
      0,
    );
    await builder.append('bronze', `select 'b' as post_id, 'two' as "text", null::bigint as seq`, 1);
    await builder.appendTo(
      'mine',
      struct(column('x', 'long'), column('t', 'timestamp')),
      'select 1 x, null t',
    );
  });

  it('SQL values are safe in JSON', async () => {
    const { rows } = await lake.sql(
      `select seq, 1::bigint one, timestamptz '2026-11-21 10:00:00.5+02' "at", [1, 2] l, {a: 'b'} s, null n
       from bronze order by post_id limit 1`,
    );
    expect(rows).toEqual([
      { seq: '9007199254740993', one: 1, at: '2026-11-21T08:00:00.500Z', l: [1, 2], s: { a: 'b' }, n: null },
    ]);
  });

  it('parameters stand for values', async () => {
    expect((await lake.sql('select "text" from bronze where post_id = ?', ['b'])).rows).toEqual([
      { text: 'two' },
    ]);
  });

  it('SQL sees what was committed a moment ago, and tables of others', async () => {
    expect((await lake.sql('select x from mine')).rows).toEqual([{ x: 1 }]);
    await builder.appendTo(
      'mine',
      struct(column('x', 'long'), column('t', 'timestamp')),
      'select 2 x, null t',
    );
    expect((await lake.sql('select sum(x)::int s from mine')).rows).toEqual([{ s: 3 }]);
  });

  it('versions can be read side by side', async () => {
    const text = `select (select count(*) from bronze version as of 0) v0, (select count(*) from bronze version as of 1) v1,
      (select count(*) from bronze) now, (select max(Bronze.post_id) from Bronze at (version => 1)) p`;
    expect((await lake.sql(text)).rows).toEqual([{ v0: 0, v1: 1, now: 2, p: 'a' }]);
    await expect(lake.sql('from bronze version as of 99')).rejects.toMatchObject({
      code: 'delta.no_such_version',
    });
  });

  it('and so can moments', async () => {
    const [newest, , oldest] = await lake.table('bronze').history();
    const at = (ms: number) => new Date(ms).toISOString();
    expect((await lake.sql(`from bronze timestamp as of '${at(newest!.timestamp)}'`)).rows).toHaveLength(2);
    const before = lake.sql(`from bronze timestamp as of '${at(oldest!.timestamp - 1)}'`);
    await expect(before).rejects.toMatchObject({ code: 'delta.no_such_version', fault: 'user' });
    const nonsense = lake.sql(`from bronze timestamp as of 'yesterday'`);
    await expect(nonsense).rejects.toMatchObject({ code: 'lake.bad_timestamp', fault: 'user' });
  });

  it('many questions at once do not disturb each other', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        lake.sql(`select ${i} i, count(*) n from bronze version as of ${i % 3}`),
      ),
    );
    expect(answers.map(({ rows }) => rows[0])).toEqual(answers.map((_, i) => ({ i, n: i % 3 })));
  });

  it('a mistake in SQL is the user’s', async () => {
    await expect(lake.sql('selec 1')).rejects.toMatchObject({ fault: 'user' });
    const nowhere = { code: 'lake.no_such_table', fault: 'user' };
    await expect(lake.sql('select * from nowhere')).rejects.toMatchObject({
      ...nowhere,
      fix: expect.stringMatching(/^its tables are bronze, /),
    });
    await expect(lake.sql('select * from gld')).rejects.toMatchObject({
      ...nowhere,
      fix: 'did you mean gold?',
    });
    await expect(lake.sqlStream('select * from gld')).rejects.toMatchObject(nowhere);
    await expect(lake.sqlToParquet('from gld', '/nowhere.parquet')).rejects.toMatchObject(nowhere);
  });

  it('rows are counted from the log, at any version', async () => {
    const bronze = lake.table('bronze');
    expect(await bronze.count()).toEqual({ table: 'bronze', rows: 2, version: 2 });
    expect(await bronze.count({ version: 1 })).toEqual({ table: 'bronze', rows: 1, version: 1 });
  });

  it('rows can be filtered, limited, and taken from a version', async () => {
    const bronze = lake.table('bronze');
    const collect = async (query: object) => {
      const rows = [];
      for await (const row of bronze.rows({ columns: ['post_id'], ...query })) rows.push(row.post_id);
      return rows;
    };
    expect(await collect({ where: 'post_id > ?', params: ['a'] })).toEqual(['b']);
    expect(await collect({ limit: 1 })).toHaveLength(1);
    expect(await collect({ version: 1 })).toEqual(['a']);
    expect((await bronze.head(1, { version: 1 }))[0]).toMatchObject({ post_id: 'a', text: 'one' });
  });

  it('a description says what the table is', async () => {
    expect(await lake.table('mine').describe()).toMatchObject({
      table: 'mine',
      rows: 2,
      version: 2,
      files: 2,
      protocol: { minReaderVersion: 1, minWriterVersion: 2, features: [] },
      partitionColumns: [],
      columns: [
        { name: 'x', type: 'long', nullable: true },
        { name: 't', type: 'timestamp', nullable: true },
      ],
    });
    expect(await lake.tables()).toMatchObject([
      { table: 'bronze', rows: 2, version: 2, files: 2 },
      { table: 'mine', rows: 2, version: 2, files: 2 },
    ]);
  });

  it('history is newest first, with what a stream said of its batch', async () => {
    const history = await lake.table('bronze').history();
    expect(history.map(({ version, operation }) => [version, operation])).toEqual([
      [2, 'WRITE'],
      [1, 'WRITE'],
      [0, 'CREATE TABLE'],
    ]);
    expect(history[0]!.murmur).toEqual({ batch: 1 });
  });

  it('an export is one Parquet file of one version', async () => {
    const to = join(builder.dir, 'out.parquet');
    expect(await lake.table('bronze').export(to, { version: 1 })).toEqual({
      table: 'bronze',
      rows: 1,
      version: 1,
    });
    expect(statSync(to).size).toBeGreaterThan(0);
    expect((await lake.sql(`select post_id, "text", seq from '${to}'`)).rows).toEqual([
      { post_id: 'a', text: 'one', seq: '9007199254740993' },
    ]);
    expect(await lake.sqlToParquet('select post_id from bronze version as of 2;', to)).toBe(2);
    expect((await lake.sql(`select count(*) n from '${to}'`)).rows).toEqual([{ n: 2 }]);
  });

  it('a Delta table anywhere can be read without a lake', async () => {
    const { table, close } = tableAt(join(builder.dir, 'tables', 'mine'));
    expect(await table.count()).toEqual({ table: 'mine', rows: 2, version: 2 });
    await close();
    const nothing = tableAt(builder.dir);
    await expect(nothing.table.count()).rejects.toMatchObject({ code: 'lake.no_such_table', fault: 'user' });
    await nothing.close();
  });

  it('a table that was dropped and made anew is not taken for the old one', async () => {
    rmSync(join(builder.dir, 'tables', 'mine'), { recursive: true });
    expect((await lake.tables()).map(({ table }) => table)).toEqual(['bronze']);
    for (const x of [7, 8, 9]) {
      await builder.appendTo(
        'mine',
        struct(column('x', 'long'), column('t', 'timestamp')),
        `select ${x} x, null t`,
      );
    }
    expect((await lake.sql('select list(x order by x) xs from mine')).rows).toEqual([{ xs: [7, 8, 9] }]);
    mkdirSync(join(builder.dir, 'tables', 'not-a-table'));
    expect((await lake.tables()).map(({ table }) => table)).toEqual(['bronze', 'mine']);
    expect(existsSync(join(builder.dir, 'murmur.yaml'))).toBe(false);
  });
});
