/** The page's figures, against plain counting in SQL, while tables grow and change under them. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { optimize } from '../../src/delta/index.js';
import { Lake } from '../../src/lake/lake.js';
import { defaultScheme } from '../../src/posts/labels.js';
import { tables } from '../../src/posts/tables.js';
import { goldRows, LakeBuilder } from './lake-builder.js';

let builder: LakeBuilder;
let lake: Lake;
beforeEach(async () => {
  builder = await LakeBuilder.open();
  lake = new Lake({ dir: builder.dir });
});
afterEach(async () => {
  await lake.close();
  await builder.close();
});

it('are empty, not missing, before anything was written', async () => {
  expect(await lake.figures.sentimentOverTime()).toEqual({ by: 'timestamp', widthMs: 1000, buckets: [] });
  expect(await lake.figures.topMentions()).toEqual({ talked: [], positive: [], negative: [] });
  expect(await lake.figures.lastScored()).toEqual([]);
  expect(await lake.figures.progressHistory()).toEqual([]);
  expect((await lake.figures.totals()).map(({ table, version }) => [table, version])).toEqual([
    ['bronze', null],
    ['silver', null],
    ['gold', null],
    ['application', null],
    ['quarantine', null],
    ['progress', null],
  ]);
  expect((await lake.figures.lastCommits())[0]).toEqual({
    stream: 'bronze',
    batchId: null,
    tableVersion: null,
    rows: 0,
    updatedAt: null,
  });
});

it('sentiment over time counts a post once, batch by batch, through compaction and rewriting', async () => {
  const post = (id: string, sentiment: string, second: number, mentions: string[] = []) => ({
    id,
    sentiment,
    at: new Date(Date.UTC(2026, 10, 21, 10, 0, second)).toISOString(),
    mentions,
  });
  const at = (second: number) => Date.UTC(2026, 10, 21, 10, 0, second);
  await builder.append(
    'gold',
    goldRows([post('a', 'positive', 1, ['x', 'y', 'z']), post('b', 'negative', 1)]),
    0,
  );
  const first = await lake.figures.sentimentOverTime();
  expect(first).toEqual({
    by: 'timestamp',
    widthMs: 1000,
    buckets: [{ at: at(1), positive: 1, neutral: 0, negative: 1 }],
  });
  expect(await lake.figures.sentimentOverTime()).toEqual(first);

  await builder.append('gold', goldRows([post('c', 'positive', 1, ['x']), post('d', 'neutral', 30)]), 1);
  const second = [
    { at: at(1), positive: 2, neutral: 0, negative: 1 },
    { at: at(30), positive: 0, neutral: 1, negative: 0 },
  ];
  expect((await lake.figures.sentimentOverTime()).buckets).toEqual(second);

  const gold = await builder.table('gold', tables.gold);
  expect(await optimize(gold, { targetSize: 1 << 20, minFiles: 2 })).toBeDefined();
  expect((await lake.figures.sentimentOverTime()).buckets).toEqual(second);

  await builder.overwrite('gold', goldRows([post('e', 'negative', 5)]));
  expect((await lake.figures.sentimentOverTime()).buckets).toEqual([
    { at: at(5), positive: 0, neutral: 0, negative: 1 },
  ]);

  await builder.append('gold', goldRows([{ id: 'f', sentiment: 'positive', at: '2025-01-01T00:00:00Z' }]), 2);
  const wide = await lake.figures.sentimentOverTime();
  expect(wide.widthMs).toBeGreaterThan(3_600_000);
  expect(wide.buckets.reduce((sum, { positive, negative }) => sum + positive + negative, 0)).toBe(2);
});

it('sentiment goes by scoring time until a post has a time of its own', async () => {
  await builder.append('gold', goldRows([{ id: 'a', sentiment: 'positive', at: null }]), 0);
  expect(await lake.figures.sentimentOverTime()).toMatchObject({
    by: 'scored_at',
    buckets: [{ at: Date.UTC(2026, 10, 21, 10), positive: 1 }],
  });
  await builder.append('gold', goldRows([{ id: 'b', sentiment: 'negative', at: '2009-04-07T05:19:45Z' }]), 1);
  expect(await lake.figures.sentimentOverTime()).toMatchObject({
    by: 'timestamp',
    buckets: [{ at: Date.UTC(2009, 3, 7, 5, 19, 45), positive: 0, negative: 1 }],
  });
});

it('the last scored are the newest, once each, also out of compacted files', async () => {
  const scored = (n: number) => ({
    id: `p${String(n).padStart(3, '0')}`,
    sentiment: 'positive',
    at: null,
    mentions: ['x', 'y'],
    scoredAt: new Date(Date.UTC(2026, 10, 21, 10, 0, n)).toISOString(),
  });
  for (let batch = 0; batch < 6; batch++) {
    await builder.append(
      'gold',
      goldRows(Array.from({ length: 10 }, (_, i) => scored(batch * 10 + i))),
      batch,
    );
    if (batch === 3)
      await optimize(await builder.table('gold', tables.gold), { targetSize: 1 << 20, minFiles: 2 });
  }
  const posts = await lake.figures.lastScored(20);
  expect(posts.map(({ post_id }) => post_id)).toEqual(
    Array.from({ length: 20 }, (_, i) => scored(59 - i).id),
  );
  expect(posts[0]).toEqual({
    post_id: 'p059',
    user: 'ann',
    text: 'text of p059',
    predicted_sentiment: 'positive',
    predicted_score: 90.5,
    timestamp: null,
    scored_at: Date.UTC(2026, 10, 21, 10, 0, 59),
    model: 'm/1',
  });
});

it('mentions are ranked three ways, nobody left out of it', async () => {
  await builder.append(
    'application',
    `select * from (values ('ann', 5, 1, 0), ('bob', 1, 9, 0), (null, 99, 99, 99), ('cat', 0, 0, 7), ('dan', 5, 0, 0))
       v(mention, positive, negative, neutral)`,
  );
  const boards = await lake.figures.topMentions(3);
  expect(boards.talked.map(({ mention }) => mention)).toEqual(['bob', 'cat', 'ann']);
  expect(boards.positive).toEqual([
    { mention: 'ann', positive: 5, negative: 1, neutral: 0 },
    { mention: 'dan', positive: 5, negative: 0, neutral: 0 },
    { mention: 'bob', positive: 1, negative: 9, neutral: 0 },
  ]);
  expect(boards.negative.map(({ mention }) => mention)).toEqual(['bob', 'ann']);
});

it('progress is summed by the second near its end and coarser before', async () => {
  const now = Date.UTC(2026, 10, 21, 10);
  const row = (stream: string, at: number, posts: number) =>
    `('${stream}', make_timestamptz(${at * 1000}), ${posts}, ${posts * 2}, 500.0)`;
  await builder.append(
    'progress',
    `select * from (values ${[
      row('bronze', now - 86_400_000, 1),
      row('bronze', now - 86_400_000 + 90, 2),
      row('gold', now - 2000, 3),
      row('bronze', now - 2000, 4),
      row('bronze', now - 1900, 5),
      row('bronze', now, 6),
    ].join(', ')}) v(stream, started_at, input_posts, output_rows, duration_ms)`,
  );
  expect(await lake.figures.progressHistory()).toEqual([
    { stream: 'bronze', at: now - 86_400_000, batches: 2, input_posts: 3, output_rows: 6, duration_ms: 1000 },
    { stream: 'bronze', at: now - 2000, batches: 2, input_posts: 9, output_rows: 18, duration_ms: 1000 },
    { stream: 'gold', at: now - 2000, batches: 1, input_posts: 3, output_rows: 6, duration_ms: 500 },
    { stream: 'bronze', at: now, batches: 1, input_posts: 6, output_rows: 12, duration_ms: 500 },
  ]);
});

it('the last commits tell batch, version and rows of each stream', async () => {
  await builder.append('bronze', `select 'a' as post_id`, 0);
  await builder.append('bronze', `select 'b' as post_id`, 1);
  const [bronze, silver] = await lake.figures.lastCommits();
  expect(bronze).toMatchObject({ stream: 'bronze', batchId: 1, tableVersion: 2, rows: 2 });
  expect(silver).toMatchObject({ stream: 'silver', batchId: null, tableVersion: null });
});

const scored = (
  posts: readonly [id: string, label: string | null, predicted: string, score: number, model?: string][],
) =>
  posts
    .map(
      ([id, label, predicted, score, model = 'm/1']) =>
        `SELECT NULL::TIMESTAMPTZ AS "timestamp", 't' AS "text", ${label === null ? 'NULL' : `'${label}'`} AS sentiment,
           '${id}' AS post_id, 's' AS source, ${score}::DOUBLE AS predicted_score, '${predicted}' AS predicted_sentiment,
           '${model}' AS model`,
    )
    .join(' UNION ALL ');

it('quality counts a post once, by model, with coverage, calibration and confidence', async () => {
  expect(await lake.figures.quality()).toMatchObject({ version: null, posts: 0, models: [] });
  await builder.append(
    'gold',
    scored([
      ['a', '4', 'positive', 90],
      ['a', '4', 'positive', 90],
      ['b', '0', 'positive', 60],
      ['c', '0', 'negative', 90],
      ['d', null, 'neutral', 50],
      ['e', 'nonsense', 'neutral', 50],
      ['f', '4', 'negative', 100, 'other/2'],
    ]),
  );
  const ambiguous = await lake.figures.quality();
  expect(ambiguous).toMatchObject({ posts: 6, labels: null, refused: expect.stringContaining('nonsense') });
  expect(ambiguous.models[0]).toMatchObject({ model: 'm/1', posts: 5, evaluated: 0, accuracy: null });
  const told = new Lake({
    dir: builder.dir,
    posts: { mentions: 'twitter', zones: new Map(), neutralId: null, labels: defaultScheme },
  });
  try {
    const { labels, models } = await told.figures.quality();
    expect(labels).toBe('0/2/4');
    expect(
      models.map(({ model, posts, evaluated, coverage }) => [model, posts, evaluated, coverage]),
    ).toEqual([
      ['m/1', 5, 3, 0.6],
      ['other/2', 1, 1, 1],
    ]);
    const [first] = models;
    expect(first!.confusion.counts).toEqual([
      [1, 0, 1],
      [0, 0, 0],
      [0, 0, 1],
    ]);
    expect(first).toMatchObject({ accuracy: 2 / 3, precision_positive: 0.5, recall_positive: 1 });
    // 0.9 twice right, 0.6 wrong.
    expect(first!.calibration.ece).toBeCloseTo((Math.abs(1.8 - 2) + 0.6) / 3);
    expect(first!.confidence.reduce((a, b) => a + b)).toBe(5);
    expect(first!.confidence[7]).toBe(2);
  } finally {
    await told.close();
  }
});
