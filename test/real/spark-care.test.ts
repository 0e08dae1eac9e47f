/** One lake on a real Spark, and what has to be mended in it: a rule that ends a batch, a lost checkpoint, a table restored. */
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

/** The lake with these settings, opened for a piece of work. */
async function withLake<T>(settings: string, work: (lake: OpenLake) => Promise<T>): Promise<T> {
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
function land(file: string, texts: readonly string[]): void {
  const hidden = join(folder.dir, name, `.${file}`);
  const lines = texts.map((text, i) => JSON.stringify({ id: `${file}-${i}`, user: 'ann', text }));
  mkdirSync(join(folder.dir, name, 'landing'), { recursive: true });
  writeFileSync(hidden, `${lines.join('\n')}\n`);
  renameSync(hidden, join(folder.dir, name, 'landing', file));
}

const runOnce = (lake: OpenLake): Promise<RunSummary> => lake.run({ until: 'idle' }).done;

const name = 'care';
const rules = (whisper: string) => `expect:
  bronze:
    - { name: no shouting, rule: "text <> 'SHOUT'", action: fail }
    - { name: no spam, rule: "text <> 'spam'", action: quarantine }
  silver:
    - { name: no whisper, rule: "text <> 'whisper'", action: ${whisper} }
    - { name: no ads, rule: "text <> 'ad'", action: quarantine }
`;
/** Which posts have a mention is decided anew in the middle. */
const anew = `${rules('drop')}mentions: nonspace\n`;
/** The version of silver that its rebuild ended with. */
let rebuiltAt: number;

/** Rows of each table, and those that application counts. */
async function rows(lake: OpenLake): Promise<unknown> {
  const found = await lake.sql(`SELECT (SELECT count(*) FROM bronze)::int AS bronze,
    (SELECT count(*) FROM silver)::int AS silver, (SELECT count(*) FROM gold)::int AS gold,
    (SELECT count(*) FROM quarantine)::int AS quarantine,
    (SELECT sum(positive + negative + neutral) FROM application)::int AS application`);
  return found.rows[0];
}

it('a rule with `fail` leaves nothing of its batch; with the file or the rule corrected, all posts are there once', async () => {
  const failure = (rule: string, post: string) => (e: unknown) =>
    isMurmurError(e, 'engine.rule_failed') && e.message.includes(`"${rule}" `) && e.message.includes(post);
  const texts = (third: string) => ['one @ann', 'spam', third, 'ad', 'whisper', 'two @bob @ann'];
  const none = { silver: 0, gold: 0, application: null };

  land('a.ndjson', texts('SHOUT'));
  await withLake(rules('fail'), async (lake) => {
    await expect(runOnce(lake)).rejects.toSatisfy(failure('no shouting', 'post a.ndjson-2 (a.ndjson:3)'));
    expect(await rows(lake)).toEqual({ bronze: 0, ...none, quarantine: 0 });
    land('a.ndjson', texts('hush'));
    await expect(runOnce(lake)).rejects.toSatisfy(failure('no whisper', 'post a.ndjson-4 (a.ndjson)'));
    expect(await rows(lake)).toEqual({ bronze: 5, ...none, quarantine: 1 });
  });
  await withLake(rules('drop'), async (lake) => {
    const { streams } = await runOnce(lake);
    expect(streams.silver).toMatchObject({ output_posts: 3, quarantined_posts: 1, dropped_posts: 1 });
    expect(await rows(lake)).toEqual({ bronze: 5, silver: 4, gold: 4, application: 4, quarantine: 2 });
  });
});

it('a lost checkpoint is told, and mended by a rebuild of its table and all behind it', async () => {
  rmSync(join(folder.dir, name, 'checkpoints', 'silver'), { recursive: true });
  await withLake(anew, async (lake) => {
    const [checkpoint] = await fixLake(lake);
    expect(checkpoint).toMatchObject({ what: 'checkpoint silver', done: null });
    expect(checkpoint!.fix).toContain('murmur rebuild silver');
    await expect(runOnce(lake)).rejects.toSatisfy((e) => isMurmurError(e, 'engine.stamp_differs'));
    const { streams } = await rebuild(lake, 'silver');
    expect(Object.keys(streams)).toEqual(['silver', 'gold', 'application']);
    expect(streams.silver).toMatchObject({ input_posts: 5, output_rows: 4, quarantined_posts: 1 });
    expect(await rows(lake)).toEqual({ bronze: 5, silver: 4, gold: 4, application: 4, quarantine: 2 });
    rebuiltAt = streams.silver!.version;
  });
});

it('a file that changed is told, one that is old when it lands is read', async () => {
  await withLake(anew, async (lake) => {
    land('b.ndjson', ['three @ann', 'spam']);
    utimesSync(join(folder.dir, name, 'landing', 'b.ndjson'), new Date(2009, 3), new Date(2009, 3));
    appendFileSync(join(folder.dir, name, 'landing', 'a.ndjson'), '{"text":"late"}\n');
    const run = lake.run({ until: 'idle' });
    await run.done;
    const told: string[] = [];
    for await (const event of run.events) if (event.type === 'file_changed') told.push(event.path);
    expect(told).toEqual(['a.ndjson']);
    expect(await fixLake(lake)).toMatchObject([{ what: 'landed files', done: null }]);
    expect(await rows(lake)).toEqual({ bronze: 6, silver: 5, gold: 5, application: 5, quarantine: 3 });
  });
});

it('a restored table has what is behind it made anew, and its own stream goes on behind what it had read', async () => {
  await withLake(anew, async (lake) => {
    const { rebuilt } = await restoreAndRebuild(lake, 'silver', { version: rebuiltAt });
    expect(Object.keys(rebuilt!.streams)).toEqual(['gold', 'application']);
    expect(await rows(lake)).toEqual({ bronze: 6, silver: 4, gold: 4, application: 4, quarantine: 3 });
    expect((await fixLake(lake)).filter(({ what }) => what.startsWith('checkpoint'))).toEqual([]);
  });
});
