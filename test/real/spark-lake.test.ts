/**
 * One lake on both engines: 20,000 real posts through the embedded one and through a real Spark give the same tables. And a lake
 * that streams on Spark while the server is killed, another controller comes, and the model is moved.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DuckDatabase } from '../../src/duck/index.js';
import { isMurmurError, type LakeRun, type OpenLake, openLake } from '../../src/index.js';
import { murmurJson, temporaryFolder } from '../e2e/murmur.js';
import { type RealSpark, startSparkServer } from './setup/spark-server.js';
import { haveTweets, tweetLines } from './tweets.js';

const folder = temporaryFolder('murmur-spark-');
const opened: OpenLake[] = [];
let spark: RealSpark;

beforeAll(async () => {
  spark = await startSparkServer(folder.dir);
});
afterAll(async () => {
  for (const lake of opened) await lake.close();
  await spark?.stop();
  folder.remove();
});

const onSpark = () => `engine: { spark: { remote: "${spark.remote}" } }\n`;

/** A lake's folder with these settings. */
async function lakeAt(name: string, settings: string): Promise<OpenLake> {
  const dir = join(folder.dir, name);
  mkdirSync(join(dir, 'landing'), { recursive: true });
  writeFileSync(join(dir, 'murmur.yaml'), settings);
  const lake = await openLake(dir);
  opened.push(lake);
  return lake;
}

/** Files appear whole: Spark reads each once. */
function land(lake: OpenLake, name: string, content: readonly string[] | Uint8Array): void {
  const hidden = join(lake.lake.dir, `.${name}`);
  writeFileSync(hidden, content instanceof Uint8Array ? content : `${content.join('\n')}\n`);
  renameSync(hidden, join(lake.lake.dir, 'landing', name));
}

/** The posts of JSON lines as a CSV file and as a Parquet file. */
async function otherFormats(lines: readonly string[]): Promise<{ csv: Buffer; parquet: Buffer }> {
  const path = (name: string) => join(folder.dir, name);
  writeFileSync(path('posts.ndjson'), lines.join('\n'));
  const duck = await DuckDatabase.open();
  try {
    const session = await duck.connect();
    for (const format of ['csv', 'parquet'])
      await session.run(
        `COPY (FROM '${path('posts.ndjson')}') TO '${path(`posts.${format}`)}' (FORMAT ${format})`,
      );
    return { csv: readFileSync(path('posts.csv')), parquet: readFileSync(path('posts.parquet')) };
  } finally {
    await duck.close();
  }
}

async function one<T>(lake: OpenLake, sql: string): Promise<T> {
  return (await lake.sql(sql)).rows[0] as T;
}

describe.skipIf(!haveTweets)('20,000 real posts', () => {
  let here: OpenLake;
  let there: OpenLake;

  beforeAll(async () => {
    const settings = 'neutral: { id: 2 }\nmaintain: { effort: 0 }\n';
    here = await lakeAt('here', settings);
    there = await lakeAt('there', settings + onSpark());
    const lines = tweetLines(20_000);
    // What real sources send too: lines that are cut, dates that are none, mentions of their own, another shape.
    lines.splice(700, 0, '{"text": "cut', '[1, 2]', '{"id": 1, "user": "x", "text": 7}', '');
    lines.push(
      JSON.stringify({ text: 'no date @ann', user: 'x', date: 'soon', sentiment: '2', extra: { a: [1] } }),
      JSON.stringify({
        id_str: '99',
        text: 'hi @Bob &amp; co',
        user: { screen_name: 'eve' },
        created_at: 'Mon Apr 06 22:19:45 +0000 2009',
        entities: { user_mentions: [{ screen_name: 'Bob' }] },
      }),
    );
    const others = tweetLines(20_800).slice(20_000);
    const { csv } = await otherFormats(others.slice(0, 400));
    const { parquet } = await otherFormats(others.slice(400));
    const cut = gzipSync(csv.toString().replaceAll('\n', ' again\n'));
    for (const lake of [here, there]) {
      for (let i = 0; i < 4; i++) land(lake, `part-${i}.ndjson`, lines.slice(i * 5_002, (i + 1) * 5_002));
      land(lake, 'more.csv', csv);
      land(lake, 'more.parquet', parquet);
      land(lake, 'cut.csv.gz', cut.subarray(0, cut.length / 2));
      land(lake, 'torn.parquet', parquet.subarray(0, parquet.length / 2));
    }
    await here.run({ until: 'idle' }).done;
    await there.run({ until: 'idle' }).done;
  });

  /** One select of each lake, as `a` (embedded) and `b` (Spark) of one query. */
  async function sideBySide(select: string, query: string): Promise<unknown[]> {
    const files = [join(folder.dir, 'a.parquet'), join(folder.dir, 'b.parquet')] as const;
    await here.lake.sqlToParquet(select, files[0]);
    await there.lake.sqlToParquet(select, files[1]);
    const duck = await DuckDatabase.open();
    try {
      const session = await duck.connect();
      return (await session.query(`WITH a AS (FROM '${files[0]}'), b AS (FROM '${files[1]}') ${query}`)).rows;
    } finally {
      await duck.close();
    }
  }

  /** Rows that one lake has and the other has not. */
  function differences(select: string): Promise<unknown[]> {
    return sideBySide(
      select,
      `(SELECT 'here' AS lake, * FROM (FROM a EXCEPT ALL FROM b) LIMIT 5)
       UNION ALL (SELECT 'there', * FROM (FROM b EXCEPT ALL FROM a) LIMIT 5)`,
    );
  }

  it('stand in bronze, silver and application row for row', async () => {
    expect((await one<{ n: number }>(there, 'SELECT count(*) AS n FROM bronze')).n).toBeGreaterThan(20_802);
    expect(
      await differences(
        'SELECT * EXCLUDE (processing_time) REPLACE (json(_rescued_data) AS _rescued_data) FROM bronze',
      ),
    ).toEqual([]);
    expect(await differences('SELECT * FROM silver')).toEqual([]);
    expect(await differences('SELECT * FROM application')).toEqual([]);
  });

  it('are scored alike', async () => {
    const gold =
      'SELECT DISTINCT post_id, predicted_sentiment, predicted_sentiment_id, sentiment_id, model FROM gold';
    // Ties may fall either way; there are none here.
    expect(await differences(gold)).toEqual([]);
    // Which texts share a run of the model moves the last digits: 0.1 of 100 is the probability to 1e-3.
    const apart = await sideBySide(
      'SELECT DISTINCT post_id, predicted_score FROM gold',
      'SELECT a.post_id, a.predicted_score, b.predicted_score FROM a JOIN b USING (post_id) WHERE abs(a.predicted_score - b.predicted_score) > 0.1',
    );
    expect(apart).toEqual([]);
  });

  it('are all accounted for, in progress and in quarantine', async () => {
    // How many rows application merged depends on how many batches there were.
    const counts = `SELECT stream, sum(input_posts)::int AS input, sum(output_posts)::int AS output,
      sum(output_rows) FILTER (WHERE stream <> 'application')::int AS rows, sum(dropped_posts)::int AS dropped,
      sum(quarantined_posts)::int AS quarantined FROM progress GROUP BY ALL ORDER BY stream`;
    const rows = (await there.sql(counts)).rows;
    expect(rows).toEqual((await here.sql(counts)).rows);
    for (const { input, output, dropped, quarantined } of rows as Record<string, number>[])
      expect(input).toBe(output! + dropped! + quarantined!);
    // Spark's words for what is wrong with a line are fewer.
    expect(await differences('SELECT stream, rule, source_file, position FROM quarantine')).toEqual([]);
  });

  it('and a second run finds nothing to do', async () => {
    const { streams } = await there.run({ until: 'idle' }).done;
    expect(streams.bronze).toMatchObject({ batches: 0 });
    expect(streams.application).toMatchObject({ batches: 0 });
  });
});

describe.skipIf(!haveTweets)('a lake that streams on Spark', () => {
  const patient = { timeout: 240_000, interval: 500 };
  const total = 1_200;

  it('loses nothing and writes nothing twice when the server is killed in the middle, and goes on by itself', async () => {
    const lake = await lakeAt('killed', `${onSpark()}streams: { gold: { trigger: 1s } }\n`);
    const lines = tweetLines(total);
    const run = lake.run();
    await run.started;
    const posts = async () =>
      (await one<{ n: number }>(lake, 'SELECT count(DISTINCT post_id) AS n FROM gold')).n;
    const landHundred = (from: number) => land(lake, `p${from}.ndjson`, lines.slice(from, from + 100));
    for (let from = 0; from < total; from += 100) {
      landHundred(from);
      if (from === 300 || from === 700) {
        await vi.waitFor(async () => expect(await posts()).toBeGreaterThan(from - 300), patient);
        await spark.crash();
        landHundred(from + 100);
        from += 100;
        await spark.restart();
      }
    }
    await vi.waitFor(async () => expect(await posts()).toBe(total), patient);
    await vi.waitFor(async () => {
      const { n } = await one<{ n: number }>(
        lake,
        'SELECT sum(positive + negative + neutral)::int AS n FROM application',
      );
      const gold = await one<{ n: number }>(lake, 'SELECT count(*) AS n FROM gold');
      expect(n).toBe(gold.n);
    }, patient);
    await run.stop();
    const twice = await one<{ n: number }>(
      lake,
      'SELECT count(*) AS n FROM (SELECT 1 FROM bronze GROUP BY post_id HAVING count(*) > 1)',
    );
    expect(twice.n).toBe(0);
    const silver = await one<{ n: number }>(lake, 'SELECT count(*) AS n FROM silver');
    const gold = await one<{ n: number }>(lake, 'SELECT count(*) AS n FROM gold');
    expect(gold.n).toBe(silver.n);
    const rows = (
      await lake.sql(
        'SELECT stream, sum(output_posts)::int AS posts FROM progress GROUP BY ALL ORDER BY stream',
      )
    ).rows;
    expect(rows).toEqual(
      ['application', 'bronze', 'gold', 'silver'].map((stream) => ({ stream, posts: total })),
    );
  });

  it('is left by the controller that was there before when another one comes', async () => {
    const first = await lakeAt('first', onSpark());
    const tables = first.lake.paths.tables;
    const second = await lakeAt(
      'second',
      `${onSpark()}tables: ${tables}\nlanding: ${first.lake.paths.landing}\n`,
    );
    land(first, 'a.ndjson', tweetLines(20));
    const run = first.run();
    await run.started;
    await vi.waitFor(async () => expect(await bronzePosts(first)).toBe(20), patient);
    const other = second.run();
    await other.started;
    await expect(run.done).rejects.toSatisfy((e) => isMurmurError(e, 'engine.fenced'));
    land(first, 'b.ndjson', tweetLines(30).slice(20));
    await vi.waitFor(async () => expect(await bronzePosts(first)).toBe(30), patient);
    await endOf(other);
    expect(await bronzePosts(first)).toBe(30);
  });

  const bronzePosts = async (lake: OpenLake) =>
    (await one<{ n: number }>(lake, 'SELECT count(*)::int AS n FROM bronze')).n;

  async function endOf(run: LakeRun): Promise<void> {
    await run.stop();
    await run.done.catch(() => undefined);
  }

  it('is told where no server is', async () => {
    const lake = await lakeAt('nobody', 'engine: { spark: { remote: "sc://127.0.0.1:1" } }\n');
    await expect(lake.run().done).rejects.toSatisfy((e) => isMurmurError(e, 'spark.unreachable'));
  });

  it('has the same verbs: status, optimize, vacuum, and a doctor who finds nothing', async () => {
    const dir = join(folder.dir, 'killed');
    // Small files are joined as they come, so there is nothing to gain but an order.
    const order = ['--zorder-by', 'mention'];
    const [optimized] = await murmurJson<{ files_removed: number; versions: number[] }[]>([
      ...['-C', dir, 'table', 'optimize', 'gold', ...order],
    ]);
    expect(optimized!.files_removed).toBeGreaterThan(0);
    expect(optimized!.versions).toHaveLength(1);
    expect(await murmurJson<unknown[]>(['-C', dir, 'table', 'vacuum', 'gold', '--dry-run'])).toHaveLength(1);
    const checks = await murmurJson<{ check: string; ok: boolean }[]>(['-C', dir, 'doctor']);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});
