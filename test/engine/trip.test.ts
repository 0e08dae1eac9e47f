/** The trip of posts through queries of the embedded engine, on real files, DuckDB and Delta tables. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchProgress, QueryEvent } from '../../src/engine/engine.js';
import { posts, query, TestLake } from './lake.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
});
afterEach(() => lake.remove());

const progressOf = (events: QueryEvent[], stream: string): BatchProgress[] =>
  events.flatMap((e) => (e.type === 'batch_committed' && e.stream === stream ? [e.progress] : []));
const sum = (rows: BatchProgress[], key: keyof BatchProgress) =>
  rows.reduce((total, row) => total + Number(row[key]), 0);

describe('posts', () => {
  it('pass all four queries once, in batches cut between posts', async () => {
    lake.land('a.ndjson', posts(300, 0, 3));
    lake.land('b.ndjson', posts(100, 300, 0));
    const { events, error } = await lake.runOnce([
      query('bronze', { posts: 90 }),
      query('silver', { posts: 70 }),
      query('gold', { posts: 60 }),
      query('application', { posts: 50 }),
    ]);
    expect(error).toBeUndefined();
    expect(
      await lake.sql(`SELECT (SELECT count(*) FROM bronze) AS bronze, (SELECT count(DISTINCT post_id) FROM bronze) AS ids,
        (SELECT count(*) FROM silver) AS silver, (SELECT count(*) FROM gold) AS gold,
        (SELECT count(DISTINCT post_id) FROM gold) AS gold_ids,
        (SELECT sum(positive + negative + neutral)::BIGINT FROM application) AS application`),
    ).toEqual([{ bronze: 400, ids: 400, silver: 1000, gold: 1000, gold_ids: 400, application: 1000 }]);
    for (const [stream, limit, rows] of [
      ['bronze', 90, 400],
      ['silver', 70, 1000],
      ['gold', 60, 1000],
    ] as const) {
      const batches = progressOf(events, stream);
      expect(batches.map((b) => b.batch_id)).toEqual(batches.map((_, i) => i));
      expect(Math.max(...batches.map((b) => b.input_posts))).toBeLessThanOrEqual(limit);
      expect([
        sum(batches, 'input_posts'),
        sum(batches, 'output_posts'),
        sum(batches, 'output_rows'),
      ]).toEqual([400, 400, rows]);
    }
    // No post is split: each batch of gold scores whole posts.
    expect(
      await lake.sql(`SELECT count(*) AS split FROM (SELECT post_id FROM gold GROUP BY post_id
        HAVING count(DISTINCT scored_at) > 1)`),
    ).toEqual([{ split: 0 }]);
  });

  it('with the same post_id side by side are two posts in silver, as they are in bronze', async () => {
    const [post] = posts(1);
    lake.land('a.ndjson', [post!, post!, { ...post, text: 'no mention' }]);
    const { events } = await lake.runOnce([query('bronze'), query('silver')]);
    expect(progressOf(events, 'silver')).toMatchObject([{ input_posts: 3, output_posts: 3, output_rows: 5 }]);
  });

  it('are read on from where the last run ended', async () => {
    const queries = [query('bronze'), query('silver')];
    lake.land('a.ndjson', posts(10));
    await lake.runOnce(queries);
    expect((await lake.runOnce(queries)).events.filter((e) => e.type === 'batch_committed')).toEqual([]);
    lake.land('b.ndjson', posts(5, 10));
    const { events } = await lake.runOnce(queries);
    expect(progressOf(events, 'silver')).toMatchObject([{ batch_id: 1, input_posts: 5 }]);
    expect(await lake.sql('SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM silver')).toEqual([
      { n: 30, ids: 15 },
    ]);
  });

  it('keep their order within a table', async () => {
    lake.land('a.ndjson', posts(50, 0, 2));
    await lake.runOnce([query('bronze'), query('silver'), query('gold')]);
    const rows = await lake.sql<{ post_id: string; mention: string }>('SELECT post_id, mention FROM gold');
    expect(rows.map((r) => r.post_id)).toEqual(posts(50).flatMap((p) => [p.id_str, p.id_str]));
    expect(rows.slice(0, 4).map((r) => r.mention)).toEqual(['friend0', 'friend1', 'friend1', 'friend2']);
  });
});

it('posts with many rows are not split either, however small the batches', async () => {
  lake.land('a.ndjson', [...posts(2, 0, 7), ...posts(1, 2, 30), ...posts(2, 3, 1)]);
  const { events } = await lake.runOnce([query('bronze'), query('silver'), query('gold', { posts: 1 })]);
  expect(progressOf(events, 'gold').map((b) => [b.input_posts, b.output_rows])).toEqual([
    [1, 7],
    [1, 7],
    [1, 30],
    [1, 1],
    [1, 1],
  ]);
});

describe('what is no good post', () => {
  it('goes to quarantine with file, line and reason, and is accounted for', async () => {
    lake.land('a.ndjson', [...posts(2), '{ broken', { id_str: '9', user: 'ann' }, '', ...posts(1, 2)]);
    const { events } = await lake.runOnce([
      query('bronze', {
        expect: [{ kind: 'row', name: 'has text', rule: 'text is not null', action: 'quarantine' }],
      }),
      query('silver'),
    ]);
    expect(progressOf(events, 'bronze')).toMatchObject([
      { input_posts: 5, output_posts: 3, quarantined_posts: 2, dropped_posts: 0, output_rows: 3 },
    ]);
    expect(
      await lake.sql(
        'SELECT stream, batch_id, rule, post_id, source_file, position FROM quarantine ORDER BY position',
      ),
    ).toEqual([
      {
        stream: 'bronze',
        batch_id: 0,
        rule: 'bad_line',
        post_id: null,
        source_file: 'a.ndjson',
        position: 3,
      },
      {
        stream: 'bronze',
        batch_id: 0,
        rule: 'has text',
        post_id: '9',
        source_file: 'a.ndjson',
        position: 4,
      },
    ]);
    expect(
      await lake.sql(`SELECT row->>'user' AS "user", reason FROM quarantine WHERE rule = 'has text'`),
    ).toEqual([{ user: 'ann', reason: 'not true: text is not null' }]);
    expect(events.filter((e) => e.type === 'rule_fired').map((e) => [e.rule, e.action, e.posts])).toEqual(
      expect.arrayContaining([
        ['bad_line', 'quarantine', 1],
        ['has text', 'quarantine', 1],
      ]),
    );
  });

  it('commits a batch even when no row survived', async () => {
    lake.land('a.ndjson', posts(4));
    const { events } = await lake.runOnce([
      query('bronze', { expect: [{ kind: 'row', name: 'none', rule: 'false', action: 'drop' }] }),
    ]);
    expect(progressOf(events, 'bronze')).toMatchObject([
      { input_posts: 4, output_posts: 0, dropped_posts: 4, table_version: 1 },
    ]);
    expect((await lake.runOnce([query('bronze')])).events.some((e) => e.type === 'batch_committed')).toBe(
      false,
    );
  });

  it('is superseded in silver when it is no new post', async () => {
    const [post] = posts(1);
    lake.land('a.ndjson', [
      ...posts(3),
      {
        did: 'did:plc:x',
        time_us: 1_700_000_000_000_000,
        kind: 'commit',
        commit: { operation: 'delete', collection: 'app.bsky.feed.post', rkey: 'r', rev: 'v' },
      },
      { ...post, id_str: '8' },
    ]);
    const { events } = await lake.runOnce([query('bronze'), query('silver')]);
    expect(await lake.sql(`SELECT count(*) AS n FROM bronze WHERE op = 'delete'`)).toEqual([{ n: 1 }]);
    expect(progressOf(events, 'silver')).toMatchObject([
      { input_posts: 5, output_posts: 4, superseded_posts: 1, dropped_posts: 0 },
    ]);
  });
});

it('the progress table holds each batch once, equal to what was told', async () => {
  lake.land('a.ndjson', posts(40));
  const { events } = await lake.runOnce([query('bronze', { posts: 10 }), query('silver', { posts: 20 })]);
  const told = events.flatMap((e) => (e.type === 'batch_committed' ? [e.progress] : []));
  const rows = await lake.sql<Record<string, unknown>>('SELECT * FROM progress ORDER BY stream, batch_id');
  expect(rows.map((r) => [r.stream, r.batch_id, r.input_posts, r.output_rows, r.table_version])).toEqual(
    told
      .map((p) => [p.stream, p.batch_id, p.input_posts, p.output_rows, p.table_version])
      .sort((a, b) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : Number(a[1]) - Number(b[1]))),
  );
  expect(rows.length).toBeGreaterThan(4);
});

it('a commit tells where its input ended, what became of the posts and how long the steps took', async () => {
  lake.land('a.ndjson', posts(3));
  await lake.runOnce([query('bronze'), query('silver')]);
  const [commit] = await (await lake.table('silver')).history(1);
  expect(commit).toMatchObject({
    operation: 'STREAMING UPDATE',
    operationParameters: { outputMode: 'Append', epochId: '0' },
  });
  expect(JSON.parse(commit!.murmur!)).toMatchObject({
    stream: 'silver',
    batchId: 0,
    counts: { input_posts: 3, output_posts: 3, output_rows: 6 },
    steps: { read_ms: expect.any(Number), write_ms: expect.any(Number) },
    endOffset: { tableId: expect.any(String), version: 1, file: 1, row: 0 },
  });
});
