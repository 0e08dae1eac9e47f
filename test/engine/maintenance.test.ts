/** What happens to the files of a table while and after it grows batch by batch. */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { posts, query, TestLake } from './lake.js';
import { ManualClock } from './manual-clock.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
});
afterEach(() => lake.remove());

const parquetFiles = (table: string) =>
  readdirSync(lake.path('tables', table)).filter((name) => name.endsWith('.parquet'));

it('small files are joined, and neither rows nor readers notice', async () => {
  lake.land('a.ndjson', posts(60));
  const queries = [query('bronze', { posts: 1 }), query('silver', { posts: 7 })];
  const { error, run } = await lake.runOnce(queries);
  expect(error).toBeUndefined();
  expect(run.status()[0]!.totals.batches).toBe(60);
  const { snapshot } = await lake.table('bronze');
  expect(snapshot.files.length).toBeLessThan(10);
  expect(await lake.sql('SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM bronze')).toEqual([
    { n: 60, ids: 60 },
  ]);
  expect(await lake.sql('SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM silver')).toEqual([
    { n: 120, ids: 60 },
  ]);
  const { events } = await lake.runOnce(queries);
  expect(events.some((e) => e.type === 'batch_committed')).toBe(false);
});

it('files of the target size are left as they are', async () => {
  lake.land('a.ndjson', posts(30));
  const { error } = await lake.runOnce([query('bronze', { posts: 1 })], { targetSize: 1 });
  expect(error).toBeUndefined();
  expect((await lake.table('bronze')).snapshot.fileCount).toBe(30);
});

it('what a query has yet to read outlives every retention, while the query cannot run', async () => {
  const clock = new ManualClock();
  const bronze = query('bronze', { posts: 1 });
  lake.land('a.ndjson', posts(1));
  await lake.runOnce([bronze, query('silver')], { clock });
  lake.land('b.ndjson', posts(30, 1));
  await lake.runOnce([bronze], { clock });
  const before = parquetFiles('bronze').length;
  expect(before).toBeGreaterThan(31);

  // Files on disk have the real time; the lake's clock is far behind it.
  clock.advance(Date.now() + 3 * 86_400_000 - clock.now());
  lake.land('c.ndjson', posts(15, 31));
  const refused = query('silver', { stamp: { mentions: 'word' } });
  expect((await lake.runOnce([bronze, refused], { clock })).error).toMatchObject({
    code: 'engine.stamp_differs',
  });
  expect(parquetFiles('bronze').length).toBeGreaterThanOrEqual(before);

  expect((await lake.runOnce([bronze, query('silver')], { clock })).error).toBeUndefined();
  expect(await lake.sql('SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM silver')).toEqual([
    { n: 92, ids: 46 },
  ]);
  expect(parquetFiles('bronze').length).toBeLessThan(30);
});
