import { describe, expect, it, onTestFinished } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import { loadBundle } from '../../src/scoring/bundle.js';
import { bundleFolder } from '../../src/scoring/bundle-folder.js';
import { OnnxScorer } from '../../src/scoring/onnx-scorer.js';
import { openScorer } from '../../src/scoring/open-scorer.js';
import { verifyBundle } from '../../src/scoring/verify-bundle.js';
import { scorerContract } from '../contract/scorer.contract.js';
import { madeUpTexts } from './made-up-texts.js';

scorerContract('the bundled model', (threads) => openScorer({ bundle: 'bundled', threads, cache: false }));

async function open(options: { threads?: number; cache?: boolean } = {}): Promise<OnnxScorer> {
  const scorer = new OnnxScorer(await loadBundle(await bundleFolder('bundled')), {
    threads: 1,
    cache: false,
    ...options,
  });
  onTestFinished(() => scorer.close());
  return scorer;
}

describe('the bundled model', () => {
  it('answers its goldens through the whole scorer', async () => {
    const { goldens, config } = await loadBundle(await bundleFolder('bundled'));
    const plain = goldens.filter((g) => !g.text.includes('&'));
    const scores = await (await open()).score(plain.map((g) => g.text));
    scores.forEach((score, i) => {
      score.probabilities.forEach((p, j) => {
        expect(Math.abs(p - plain[i]!.probabilities[j]!)).toBeLessThanOrEqual(config.tolerance);
      });
    });
  });

  it('is verified by its digests and goldens', async () => {
    const report = await verifyBundle('bundled');
    expect(report).toMatchObject({ cases: 65, tolerance: 0.02, model: { id: 'murmur-minilm-tweets/1' } });
    expect(report.maxDifference).toBeLessThanOrEqual(0.02);
  });

  it('is loaded once by each worker, however much there is to do', async () => {
    const scorer = await open({ threads: 2 });
    while (scorer.stats().loads < 2) await scorer.score(['hello']);
    for (let n = 0; n < 4; n++) await scorer.score(madeUpTexts(40));
    const { loads, restarts, rss, tokens, padding } = scorer.stats();
    expect(loads).toBe(2);
    expect(scorer.pids).toHaveLength(2);
    expect(restarts).toBe(0);
    expect(rss).toBeGreaterThan(20 * 2 ** 20);
    expect(padding).toBeLessThan(tokens / 4);
  });
});

describe('an abort', () => {
  it('ends a call that is running, with the reason of the signal', async () => {
    const scorer = await open();
    await scorer.ready();
    const reason = new Error('enough');
    const abort = new AbortController();
    const running = scorer.score(madeUpTexts(150), abort.signal);
    abort.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await scorer.score(['still here'])).toHaveLength(1);
    expect(scorer.stats().computed).toBeLessThan(150);
  });
});

describe('the cache', () => {
  it('keeps the scores of model inputs, not of texts', async () => {
    const scorer = await open({ cache: true });
    const [first] = await scorer.score(['so good']);
    const again = await scorer.score(['so good', '@you so   good', 'so bad']);
    expect(again[0]).toEqual(first);
    expect(again[1]).toEqual(first);
    expect(scorer.stats()).toMatchObject({ texts: 4, computed: 2, cacheHits: 1 });
  });

  it('can be left out', async () => {
    const scorer = await open({ cache: false });
    await scorer.score(['so good']);
    await scorer.score(['so good']);
    expect(scorer.stats()).toMatchObject({ texts: 2, computed: 2, cacheHits: 0 });
  });
});

describe('without ONNX Runtime', () => {
  it('scoring is refused, never done by another scorer', async () => {
    const scorer = await openScorer({ bundle: 'bundled', threads: 2, runtime: 'no-such-runtime' });
    onTestFinished(() => scorer.close());
    for (const refused of [scorer.ready(), scorer.score(['hello'])]) {
      const e = await refused.catch((error: unknown) => error);
      expect(isMurmurError(e, 'scoring.runtime_missing') && e).toMatchObject({ fault: 'external' });
      expect(isMurmurError(e) && e.fix).toContain('model: lexicon');
    }
  });
});
