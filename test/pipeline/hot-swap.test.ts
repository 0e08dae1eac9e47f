/** The model of a stream that follows an alias: swapped between two batches, kept for replays, never lost to a bad one. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { packageRoot } from '../../src/base/package-root.js';
import { posts } from '../engine/lake.js';
import { FakeServer } from '../mlflow/fake-server.js';
import { BundleCopy } from '../scoring/bundle-copy.js';
import { contraryBundle, ModelLake } from './model-lake.js';

const bundled = join(packageRoot(), 'models', 'bundled');
const champion = { model: 'models:/sentiment@champion' };
const soon = { timeout: 20_000, interval: 10 };

async function lakeWithChampion(): Promise<ModelLake> {
  const lake = new ModelLake(champion);
  await lake.alias(await lake.register(bundled));
  return lake;
}

const models =
  'SELECT model, count(DISTINCT post_id) AS posts, count(*) AS rows FROM gold GROUP BY model ORDER BY model';

it('a moved alias changes the model between two batches; nothing is lost or doubled, each row names its model', async () => {
  const lake = await lakeWithChampion();
  lake.land('a.ndjson', posts(300));
  const { run, events, heard } = await lake.run();
  await vi.waitFor(() => expect(run.status()[2]?.totals.output_posts).toBe(300), soon);
  await lake.alias(await lake.register(contraryBundle().folder));
  await vi.waitFor(() => expect(run.model()).toMatchObject({ id: 'sentiment/1', next: 'sentiment/2' }), soon);
  lake.land('b.ndjson', posts(200, 300));
  await vi.waitFor(() => expect(run.status()[2]!.totals.output_posts).toBe(500), soon);
  expect(run.model()).toMatchObject({ id: 'sentiment/2', next: null, swaps: 1, loads: { present: 1 } });
  await run.stop();
  await heard;
  expect(await lake.sql(models)).toEqual([
    { model: 'sentiment/1', posts: 300, rows: 600 },
    { model: 'sentiment/2', posts: 200, rows: 400 },
  ]);
  expect(events.filter(({ type }) => type === 'model_changed')).toEqual([
    expect.objectContaining({ stream: 'gold', from: 'sentiment/1', to: 'sentiment/2', batchId: 1 }),
  ]);
  const [opinions] = await lake.sql<{ same: number }>(
    `SELECT count(*) FILTER (a.predicted_sentiment = b.predicted_sentiment) AS same
     FROM gold a JOIN gold b ON a.text = b.text AND a.model <> b.model AND a.predicted_sentiment <> 'neutral'`,
  );
  expect(Number(opinions!.same)).toBe(0);
});

it('a batch that was killed is scored with the model it was planned with, in a process that has another', async () => {
  const lake = await lakeWithChampion();
  lake.land('a.ndjson', posts(100));
  armFaultPoint('gold.after_write', () => {
    throw new MurmurError('test.crash', 'a crash', { fault: 'user' });
  });
  const first = await lake.run({ until: 'idle' });
  await expect(first.run.done).rejects.toMatchObject({ code: 'test.crash' });
  disarmFaultPoint();
  await lake.alias(await lake.register(contraryBundle().folder));
  lake.land('b.ndjson', posts(50, 100));
  const second = await lake.run({ until: 'idle' });
  await second.run.done;
  await second.heard;
  expect(await lake.sql(models)).toEqual([
    { model: 'sentiment/1', posts: 100, rows: 200 },
    { model: 'sentiment/2', posts: 50, rows: 100 },
  ]);
  expect(second.of('model_changed')).toMatchObject([{ from: 'sentiment/1', to: 'sentiment/2', batchId: 1 }]);
});

it('a replay whose model is gone says so, and goes on with the present one when it is told to', async () => {
  const lake = new ModelLake(champion);
  await lake.alias(await lake.register(contraryBundle().folder));
  lake.land('a.ndjson', posts(20));
  armFaultPoint('gold.after_write', () => {
    throw new MurmurError('test.crash', 'a crash', { fault: 'user' });
  });
  await (await lake.run({ until: 'idle' })).run.done.catch(() => undefined);
  disarmFaultPoint();
  rmSync(join(lake.dir, 'run', 'models'), { recursive: true });
  rmSync(join(lake.dir, 'mlruns'), { recursive: true });
  const stopped = await lake.run({ until: 'idle' }, { model: 'lexicon' });
  await expect(stopped.run.done).rejects.toMatchObject({
    code: 'pipeline.model_gone',
    fix: expect.stringContaining('--replay-with-present-model'),
  });
  const forced = await lake.run({ until: 'idle', replayWithPresentModel: true }, { model: 'lexicon' });
  await forced.run.done;
  expect(await lake.sql(models)).toEqual([{ model: 'lexicon/1', posts: 20, rows: 40 }]);
});

it('a bundle that is not sound leaves the old model in its place, and is told once', async () => {
  const lake = await lakeWithChampion();
  const { run, events } = await lake.run();
  const faults = () => events.flatMap((e) => (e.type === 'model_watch_failed' ? [e.error.code] : []));
  await run.started;
  const bad: [string, BundleCopy][] = [
    ['scoring.bundle_altered', contraryBundle().alter('README.md', (text) => `${text} `)],
    [
      'scoring.golden_mismatch',
      new BundleCopy().remake('tokenizer.json', (text) =>
        text.replace('"lowercase": true', '"lowercase": false'),
      ),
    ],
    [
      'scoring.bundle_invalid',
      new BundleCopy().remake('config.json', (text) => text.replace('"labels"', '"names"')),
    ],
  ];
  for (const [i, [code, { folder }]] of bad.entries()) {
    await lake.alias(await lake.register(folder));
    await vi.waitFor(() => expect(faults()).toHaveLength(i + 1), soon);
    expect(faults()[i]).toBe(code);
    expect(run.model()).toMatchObject({ id: 'sentiment/1', next: null, fault: { code } });
  }
  lake.land('a.ndjson', posts(30));
  await vi.waitFor(() => expect(run.status()[2]!.totals.output_posts).toBe(30), soon);
  await lake.store.registry.deleteAlias('sentiment', 'champion');
  await vi.waitFor(() => expect(faults().slice(bad.length)).toEqual(['mlflow.model_unknown']), soon);
  await lake.alias('1');
  await vi.waitFor(() => expect(run.model()!.fault).toBeNull(), soon);
  await run.stop();
  expect(faults()).toHaveLength(bad.length + 1);
  expect(await lake.sql(models)).toEqual([{ model: 'sentiment/1', posts: 30, rows: 60 }]);
});

it('a run begins with the last model known, if the alias points at nothing; without one it refuses', async () => {
  const lake = await lakeWithChampion();
  lake.land('a.ndjson', posts(10));
  await (await lake.run({ until: 'idle' })).run.done;
  rmSync(join(lake.dir, 'mlruns'), { recursive: true });
  lake.land('b.ndjson', posts(10, 10));
  const second = await lake.run({ until: 'idle' });
  await second.run.done;
  await second.heard;
  expect(second.of('model_watch_failed')).toMatchObject([
    { model: champion.model, error: { code: 'mlflow.model_unknown' } },
  ]);
  expect(await lake.sql(models)).toEqual([{ model: 'sentiment/1', posts: 20, rows: 40 }]);

  const other = await lake.run({ until: 'idle' }, { model: 'models:/sentiment@none' });
  await expect(other.run.done).rejects.toMatchObject({ code: 'mlflow.model_unknown', fault: 'user' });
});

it('a server that goes away is told once and missed by nobody, while it runs and at the next start', async () => {
  const server = await FakeServer.start();
  const lake = new ModelLake({ ...champion, mlflow: server.uri }, server.uri);
  await lake.alias(await lake.register(bundled));
  const first = await lake.run();
  await first.run.started;
  await server.close();
  await vi.waitFor(
    () => expect(first.run.model()!.fault).toMatchObject({ code: 'mlflow.unreachable' }),
    soon,
  );
  lake.land('a.ndjson', posts(10));
  await vi.waitFor(() => expect(first.scored).toBe(10), soon);
  await first.run.stop();
  await first.heard;
  expect(first.of('model_watch_failed')).toHaveLength(1);

  lake.land('b.ndjson', posts(10, 10));
  const second = await lake.run({ until: 'idle' });
  await second.run.done;
  await second.heard;
  expect(second.of('model_watch_failed')).toMatchObject([{ error: { code: 'mlflow.unreachable' } }]);
  expect(await lake.sql(models)).toEqual([{ model: 'sentiment/1', posts: 20, rows: 40 }]);
});

it('a bundle in the cache that was changed is fetched again', async () => {
  const lake = await lakeWithChampion();
  const first = await lake.run({ until: 'idle' });
  await first.run.done;
  const { digest } = first.run.model()!;
  const file = join(lake.dir, 'run', 'models', digest, 'config.json');
  const sound = readFileSync(file, 'utf8');
  writeFileSync(file, `${sound} `);
  await (await lake.run({ until: 'idle' })).run.done;
  expect(readFileSync(file, 'utf8')).toBe(sound);
});
