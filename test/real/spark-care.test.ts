/** A lake on a real Spark that has to be mended: a batch that a rule ends, a checkpoint that is lost. */
import { appendFileSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  fixLake,
  isMurmurError,
  type OpenLake,
  openLake,
  type RunSummary,
  rebuild,
  restoreAndRebuild,
} from '../../src/index.js';
import { temporaryFolder } from '../e2e/murmur.js';
import { type RealSpark, startSparkServer } from './setup/spark-server.js';

const folder = temporaryFolder('murmur-spark-care-');
let spark: RealSpark;

beforeAll(async () => {
  spark = await startSparkServer(folder.dir);
});
afterAll(async () => {
  await spark?.stop();
  folder.remove();
});

/** A lake's folder with these settings, opened for a piece of work. */
async function withLake<T>(name: string, settings: string, work: (lake: OpenLake) => Promise<T>): Promise<T> {
  const dir = join(folder.dir, name);
  mkdirSync(join(dir, 'landing'), { recursive: true });
  writeFileSync(join(dir, 'murmur.yaml'), `engine: { spark: { remote: "${spark.remote}" } }\n${settings}`);
  const lake = await openLake(dir);
  try {
    return await work(lake);
  } finally {
    await lake.close();
  }
}

/** Files appear whole: Spark reads each once. */
function land(lake: string, name: string, texts: readonly string[]): void {
  const hidden = join(folder.dir, lake, `.${name}`);
  const lines = texts.map((text, i) => JSON.stringify({ id: `${name}-${i}`, user: 'ann', text }));
  mkdirSync(join(folder.dir, lake, 'landing'), { recursive: true });
  writeFileSync(hidden, `${lines.join('\n')}\n`);
  renameSync(hidden, join(folder.dir, lake, 'landing', name));
}

const runOnce = (lake: OpenLake): Promise<RunSummary> => lake.run({ until: 'idle' }).done;

/** Posts, and those that stand there twice. */
async function posts(lake: OpenLake, table: string): Promise<[posts: number, twice: number]> {
  const { rows } = await lake.sql(
    `SELECT count(DISTINCT post_id)::int AS posts, (count(*) - count(DISTINCT post_id))::int AS twice FROM ${table}`,
  );
  const [{ posts, twice }] = rows as [{ posts: number; twice: number }];
  return [posts, twice];
}

it('a rule with `fail` leaves nothing of its batch; with the file or the rule corrected, all posts are there once', async () => {
  const rules = (silver: string) => `expect:
  bronze:
    - { name: no shouting, rule: "text <> 'SHOUT'", action: fail }
    - { name: no spam, rule: "text <> 'spam'", action: quarantine }
  silver:
    - { name: no whisper, rule: "text <> 'whisper'", action: ${silver} }
    - { name: no ads, rule: "text <> 'ad'", action: quarantine }
`;
  const failure = (rule: string, post: string) => (e: unknown) =>
    isMurmurError(e, 'engine.rule_failed') && e.message.includes(`"${rule}" `) && e.message.includes(post);
  const texts = (third: string) => ['one', 'spam', third, 'ad', 'whisper', 'two'];

  land('strict', 'a.ndjson', texts('SHOUT'));
  await withLake('strict', rules('fail'), async (lake) => {
    await expect(runOnce(lake)).rejects.toSatisfy(failure('no shouting', 'post a.ndjson-2 (a.ndjson:3)'));
    expect(await posts(lake, 'bronze')).toEqual([0, 0]);
    expect(await posts(lake, 'quarantine')).toEqual([0, 0]);
    land('strict', 'a.ndjson', texts('hush'));
    await expect(runOnce(lake)).rejects.toSatisfy(failure('no whisper', 'post a.ndjson-4 (a.ndjson)'));
    expect(await posts(lake, 'bronze')).toEqual([5, 0]);
    expect(await posts(lake, 'silver')).toEqual([0, 0]);
    expect(await posts(lake, 'quarantine')).toEqual([1, 0]);
  });
  await withLake('strict', rules('drop'), async (lake) => {
    const { streams } = await runOnce(lake);
    expect(streams.silver).toMatchObject({ output_posts: 3, quarantined_posts: 1, dropped_posts: 1 });
    for (const table of ['silver', 'gold']) expect(await posts(lake, table)).toEqual([3, 0]);
    expect(await posts(lake, 'quarantine')).toEqual([2, 0]);
  });
});

/** Rows of each table, and those that application counts. */
async function rows(lake: OpenLake): Promise<unknown> {
  const found = await lake.sql(`SELECT (SELECT count(*) FROM silver)::int AS silver,
    (SELECT count(*) FROM gold)::int AS gold, (SELECT count(*) FROM quarantine)::int AS quarantine,
    (SELECT sum(positive + negative + neutral) FROM application)::int AS application`);
  return found.rows[0];
}

/** Which posts have a mention is decided anew in the middle. */
const rules = `expect: { silver: [{ name: no spam, rule: "text <> 'spam'", action: quarantine }] }\n`;
const settings = `${rules}mentions: nonspace\n`;
/** The version of silver that its rebuild ended with. */
let rebuiltAt: number;

it('a lost checkpoint is told, and mended by a rebuild of its table and all behind it', async () => {
  land('lost', 'a.ndjson', ['one @ann', 'spam', 'two @bob @ann']);
  await withLake('lost', rules, runOnce);
  rmSync(join(folder.dir, 'lost', 'checkpoints', 'silver'), { recursive: true });
  await withLake('lost', settings, async (lake) => {
    const [checkpoint] = await fixLake(lake);
    expect(checkpoint).toMatchObject({ what: 'checkpoint silver', done: null });
    expect(checkpoint!.fix).toContain('murmur rebuild silver');
    await expect(runOnce(lake)).rejects.toSatisfy((e) => isMurmurError(e, 'engine.stamp_differs'));
    const { streams } = await rebuild(lake, 'silver');
    expect(Object.keys(streams)).toEqual(['silver', 'gold', 'application']);
    expect(streams.silver).toMatchObject({
      input_posts: 3,
      output_posts: 2,
      output_rows: 3,
      quarantined_posts: 1,
    });
    expect(await fixLake(lake)).toEqual([]);
    // A file that is far older than those before it, and one that grows when it was read.
    land('lost', 'b.ndjson', ['three @ann', 'spam']);
    utimesSync(join(folder.dir, 'lost', 'landing', 'b.ndjson'), new Date(2009, 3), new Date(2009, 3));
    appendFileSync(join(folder.dir, 'lost', 'landing', 'a.ndjson'), '{"text":"late"}\n');
    const run = lake.run({ until: 'idle' });
    await run.done;
    const told: string[] = [];
    for await (const event of run.events) if (event.type === 'file_changed') told.push(event.path);
    expect(told).toEqual(['a.ndjson']);
    expect(await fixLake(lake)).toMatchObject([{ what: 'landed files', done: null }]);
    expect(await posts(lake, 'bronze')).toEqual([5, 0]);
    expect(await rows(lake)).toEqual({ silver: 4, gold: 4, application: 4, quarantine: 2 });
    rebuiltAt = streams.silver!.version;
  });
});

it('a restored table has what is behind it made anew, and its own stream goes on behind what it had read', async () => {
  await withLake('lost', settings, async (lake) => {
    const { rebuilt } = await restoreAndRebuild(lake, 'silver', { version: rebuiltAt });
    expect(Object.keys(rebuilt!.streams)).toEqual(['gold', 'application']);
    expect(await rows(lake)).toEqual({ silver: 3, gold: 3, application: 3, quarantine: 2 });
    expect((await fixLake(lake)).filter(({ what }) => what.startsWith('checkpoint'))).toEqual([]);
  });
});
