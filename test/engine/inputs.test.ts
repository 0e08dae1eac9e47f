/** What a batch reads: landing files of several kinds, what became of them since the plan, and tables with a history. */
import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { DuckDatabase } from '../../src/duck/index.js';
import { posts, query, TestLake } from './lake.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
});
afterEach(async () => {
  disarmFaultPoint();
  await lake.remove();
});

const crash = () => {
  throw new MurmurError('test.crash', 'a crash', { fault: 'user' });
};
const ids = (table: string) => lake.sql(`SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM ${table}`);

describe('Parquet in landing', () => {
  beforeEach(async () => {
    const duck = await DuckDatabase.open();
    const session = await duck.connect();
    await session.run(`COPY (SELECT '9007199254740993' AS id_str, 'text ' || range AS text, range AS n,
      TIMESTAMPTZ '2024-01-02 03:04:05Z' AS created_at FROM range(25)) TO '${lake.path('landing', 'a.parquet')}'`);
    await duck.close();
  });

  it('is read by rows, in batches, each row at its place', async () => {
    const { error, run } = await lake.runOnce([query('bronze', { posts: 10 }), query('silver')]);
    expect(error).toBeUndefined();
    expect(run.status()[0]!.totals).toMatchObject({ batches: 3, input_posts: 25, output_posts: 25 });
    expect(
      await lake.sql(`SELECT text, date, post_id, _rescued_data FROM bronze WHERE text = 'text 13'`),
    ).toMatchObject([{ post_id: '9007199254740993', date: '2024-01-02T03:04:05Z' }]);
    expect(await lake.sql('SELECT count(DISTINCT timestamp) AS n, max(timestamp) AS at FROM silver')).toEqual(
      [{ n: 1, at: '2024-01-02T03:04:05Z' }],
    );
  });

  it('that breaks between plan and read gives a row in quarantine, and stops nothing', async () => {
    armFaultPoint('bronze.after_offsets', crash);
    await lake.runOnce([query('bronze')]);
    writeFileSync(lake.path('landing', 'a.parquet'), 'PAR1 nothing of it PAR1');
    lake.land('b.ndjson', posts(2));
    const { error, run } = await lake.runOnce([query('bronze')]);
    expect(error).toBeUndefined();
    expect(run.status()[0]!.totals).toMatchObject({ output_posts: 2 });
    expect(await lake.sql('SELECT stream, source_file FROM quarantine LIMIT 1')).toEqual([
      { stream: 'bronze', source_file: 'a.parquet' },
    ]);
  });
});

describe('a file that changed between plan and replay', () => {
  beforeEach(async () => {
    lake.land('a.ndjson', posts(4));
    armFaultPoint('bronze.after_offsets', crash);
    await lake.runOnce([query('bronze')]);
  });

  it('is read as planned when it only grew; the rest comes after', async () => {
    appendFileSync(
      lake.path('landing', 'a.ndjson'),
      posts(2, 4)
        .map((p) => `${JSON.stringify(p)}\n`)
        .join(''),
    );
    const { run } = await lake.runOnce([query('bronze')]);
    expect(run.status()[0]!.totals).toMatchObject({ batches: 2, input_posts: 6, output_posts: 6 });
    expect(await ids('bronze')).toEqual([{ n: 6, ids: 6 }]);
  });

  it('gives one row in quarantine when it was rewritten, and is told', async () => {
    lake.land('a.ndjson', posts(3, 50));
    const { run } = await lake.runOnce([query('bronze')]);
    expect(await lake.sql(`SELECT rule, source_file FROM quarantine`)).toEqual([
      { rule: 'source_changed', source_file: 'a.ndjson' },
    ]);
    const { totals } = run.status()[0]!;
    expect(totals.input_posts).toBe(totals.output_posts + totals.quarantined_posts);
  });
});

it('a query that begins late reads what its table held, then what came', async () => {
  lake.land('a.ndjson', posts(30));
  await lake.runOnce([query('bronze', { posts: 10 })]);
  const first = await lake.start([
    query('silver', { posts: 7, trigger: { kind: 'interval', everyMs: 600_000 } }),
  ]);
  for await (const e of first.events.subscribe()) if (e.type === 'batch_committed') break;
  await first.close(1_000);
  expect(await ids('silver')).toEqual([{ n: 14, ids: 7 }]);
  lake.land('b.ndjson', posts(5, 30));
  const { run } = await lake.runOnce([query('bronze'), query('silver')]);
  expect(run.status()[1]!.totals).toMatchObject({ input_posts: 28, output_posts: 28 });
  expect(await ids('silver')).toEqual([{ n: 70, ids: 35 }]);
});

it('a table made anew under a query is refused', async () => {
  lake.land('a.ndjson', posts(3));
  await lake.runOnce([query('bronze'), query('silver')]);
  const other = new TestLake();
  other.land('a.ndjson', posts(3));
  await other.runOnce([query('bronze')]);
  rmSync(lake.path('tables', 'bronze'), { recursive: true });
  cpSync(other.path('tables', 'bronze'), lake.path('tables', 'bronze'), { recursive: true });
  await other.remove();
  expect((await lake.runOnce([query('silver')])).error).toMatchObject({
    code: 'delta.table_replaced',
    fault: 'user',
  });
});
