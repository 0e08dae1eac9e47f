/** A second model beside the stream, and the watch for drift. */
import { writeFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { Drift } from '../../src/pipeline/model/drift.js';
import { isSampled, Shadow } from '../../src/pipeline/model/shadow.js';
import { openScorer } from '../../src/scoring/index.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { posts } from '../engine/lake.js';
import { ManualClock } from '../engine/manual-clock.js';
import { contraryBundle, ModelLake } from './model-lake.js';

const soon = { timeout: 20_000, interval: 10 };

it('agreement is what counting again afterwards gives; gold knows nothing of the shadow', async () => {
  const lake = new ModelLake({ model: 'lexicon', shadow: { model: 'bundled', sample: 0.3 } });
  const moods = [
    'what a great day',
    'so bad and sad',
    'it is raining',
    'I love it',
    'the train leaves at nine',
  ];
  const watched = await lake.run();
  const { run } = watched;
  await vi.waitFor(() => expect(run.model()?.shadow?.model).toBe('murmur-minilm-tweets/1'), soon);
  lake.land(
    'a.ndjson',
    posts(400).map((post, i) => ({ ...post, text: `${post.text} ${moods[i % 5]}` })),
  );
  await vi.waitFor(() => expect(watched.scored).toBe(400), soon);
  const told = run.model()!.shadow!;
  await run.stop();
  await watched.heard;

  const sample = await lake.sql<{ text: string; predicted: string; model: string }>(
    `SELECT any_value(text) AS text, any_value(predicted_sentiment) AS predicted, any_value(model) AS model
     FROM gold GROUP BY source, post_id
     HAVING ('0x' || sha256(concat(source, chr(10), post_id))[:8])::UINTEGER < 0.3 * 4294967296`,
  );
  expect([...new Set(sample.map(({ model }) => model))]).toEqual(['lexicon/1']);
  const scorer = await openScorer({ bundle: 'bundled', threads: 1 });
  const scores = await scorer.score(sample.map(({ text }) => text));
  await scorer.close();
  const agreed = scores.filter(({ sentiment }, i) => sentiment === sample[i]!.predicted).length;
  expect(agreed).toBeGreaterThan(0);
  expect(agreed).toBeLessThan(sample.length);
  expect(told).toMatchObject({ sampled: sample.length, scored: sample.length, agreed, fault: null });

  const reports = watched.of('batch_committed').flatMap(({ progress }) => progress.scoring?.shadow ?? []);
  const sum = (key: 'sampled' | 'scored' | 'agreed') => reports.reduce((total, one) => total + one[key], 0);
  expect([sum('sampled'), sum('scored'), sum('agreed')]).toEqual([sample.length, sample.length, agreed]);
});

it('a shadow that cannot be had, or is not sound, is told; the stream does not mind', async () => {
  const { folder } = contraryBundle().alter('config.json', (text) => `${text} `);
  const lake = new ModelLake({ model: 'lexicon', shadow: { model: folder, sample: 1 } });
  lake.land('a.ndjson', posts(20));
  const watched = await lake.run({ until: 'idle' });
  await watched.run.done;
  await watched.heard;
  expect(watched.of('shadow_failed')).toMatchObject([{ error: { code: 'scoring.bundle_altered' } }]);
  const [report] = watched.of('batch_committed').flatMap(({ progress }) => progress.scoring?.shadow ?? []);
  expect(report).toEqual({ model: null, sampled: 20, scored: 0, agreed: 0 });
});

it('a shadow that never answers is given up for the batch', async () => {
  const clock = new ManualClock();
  const faults: string[] = [];
  const shadow = new Shadow({ sample: 1, clock, onFault: ({ code }) => faults.push(code) });
  const silent = {
    model: { id: 'silent/1', digest: '', labels: [] },
    score: (_: unknown, signal: AbortSignal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  };
  shadow.serving = { scorer: async () => silent } as never;
  const post = { source: null, postId: '1', text: 'x', sentiment: 'neutral', score: 50 };
  const counts = shadow.compare([post], new AbortController().signal);
  await clock.sleeper(20_000);
  clock.advance(20_000);
  expect(await counts).toEqual({ model: 'silent/1', sampled: 1, scored: 0, agreed: 0 });
  expect(faults).toEqual(['pipeline.shadow_slow']);
});

it('the sample is a share of the posts, the same ones each time', () => {
  const all = Array.from({ length: 20_000 }, (_, i) => ({ source: 'x', postId: String(i) }));
  const few = all.filter((post) => isSampled(post, 0.05));
  expect(few.length).toBeGreaterThan(850);
  expect(few.length).toBeLessThan(1150);
  const more = new Set(all.filter((post) => isSampled(post, 0.1)));
  expect(few.every((post) => more.has(post))).toBe(true);
  expect(all.filter((post) => isSampled(post, 0))).toEqual([]);
  expect(all.filter((post) => isSampled(post, 1))).toHaveLength(all.length);
});

const batch = (
  batchId: number,
  count: number,
  sentiment: (i: number) => string,
  score: (i: number) => number,
) => ({
  batchId,
  model: { id: 'm/1', digest: 'd' },
  posts: Array.from({ length: count }, (_, i) => ({
    source: null,
    postId: `${batchId}-${i}`,
    text: 'x'.repeat(1 + (i % 100)),
    sentiment: sentiment(i),
    score: score(i),
  })),
});
const even = (i: number) => ['negative', 'positive'][i % 2]!;
const spread = (i: number) => 40 + (i % 60);

it('the first posts become the baseline, over restarts; the same again is no drift, others are', async () => {
  const storage = new MemoryStorage();
  const options = { baseline: 1000, window: 600 };
  const first = new Drift(options, storage);
  expect(await first.look(batch(0, 700, even, spread), undefined)).toBeNull();
  // Another try of the same batch counts once, and one that is never committed not at all.
  await first.look(batch(0, 700, even, spread), undefined);
  await first.committed(0);
  await first.look(
    batch(
      1,
      700,
      () => 'neutral',
      () => 99,
    ),
    undefined,
  );

  const second = new Drift(options, storage);
  await second.look(batch(1, 300, even, spread), undefined);
  await second.committed(1);
  expect(second.posts).toBe(1000);
  const same = await second.look(batch(2, 600, even, spread), undefined);
  expect(same).toMatchObject({ posts: 600, shares: { positive: { now: 0.5, baseline: 0.5 } } });
  for (const index of [same!.score_psi, same!.length_psi, same!.class_psi]) expect(index).toBeLessThan(0.1);
  await second.committed(2);
  const moved = await second.look(
    batch(
      3,
      400,
      () => 'positive',
      () => 99,
    ),
    undefined,
  );
  expect(moved!.posts).toBe(600);
  expect(moved!.score_psi).toBeGreaterThan(0.25);
  expect(moved!.class_psi).toBeGreaterThan(0.25);
  expect(moved!.length_psi).toBeLessThan(0.1);
});

it('a drift is told when it begins, by the baseline that the bundle brings', async () => {
  const copy = contraryBundle();
  writeFileSync(
    copy.path('baseline.json'),
    JSON.stringify({
      posts: 1000,
      score: { edges: [50, 80], counts: [300, 300, 400] },
      length: { edges: [40, 80], counts: [0, 0, 1000] },
      classes: { negative: 300, neutral: 400, positive: 300 },
    }),
  );
  const lake = new ModelLake({ model: copy.folder, drift: { window: 100 } });
  lake.land('a.ndjson', posts(1200));
  const watched = await lake.run({ until: 'idle' });
  await watched.run.done;
  await watched.heard;
  const told = watched.of('drift_found').map(({ measure }) => measure);
  expect(told).toContain('length_psi');
  expect(told).toHaveLength(new Set(told).size);
  expect(watched.run.model()!.drift).toMatchObject({ baseline_posts: 1000, figures: { posts: 100 } });
});
