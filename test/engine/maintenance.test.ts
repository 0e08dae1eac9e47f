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

it('what joining left behind goes after the retention, but not before its last reader has it', async () => {
  const clock = new ManualClock();
  lake.land('a.ndjson', posts(30));
  await lake.runOnce([query('bronze', { posts: 1 })], { clock });
  // silver reads a part of bronze's first files, and stops.
  const first = await lake.start(
    [query('silver', { posts: 10, trigger: { kind: 'interval', everyMs: 1_000 } })],
    { clock },
  );
  for await (const e of first.events.subscribe()) if (e.type === 'batch_committed') break;
  await first.close(1_000);
  const before = parquetFiles('bronze').length;
  expect(before).toBeGreaterThan(30);

  // Files on disk have the real time; the lake's clock is far behind it.
  clock.advance(Date.now() + 3 * 86_400_000 - clock.now());
  lake.land('b.ndjson', posts(1, 30));
  const both = [query('bronze'), query('silver', { posts: 10 })];
  await lake.runOnce([query('bronze')], { clock });
  const left = parquetFiles('bronze').length;
  expect(left).toBeLessThan(before);
  await lake.runOnce(both, { clock });
  expect(await lake.sql('SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM silver')).toEqual([
    { n: 62, ids: 31 },
  ]);
});
