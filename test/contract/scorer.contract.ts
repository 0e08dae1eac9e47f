/** What every scorer must do. Each implementation runs this suite. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import type { Score, Scorer } from '../../src/scoring/scorer.js';
import { madeUpTexts } from '../scoring/made-up-texts.js';

/** Milliseconds; workers have a low priority, and the machine may be busy. */
const patience = 120_000;

/** @param open a scorer that keeps nothing between calls, on this many cores */
export function scorerContract(name: string, open: (threads: number) => Promise<Scorer>): void {
  describe(`${name} as a scorer`, () => {
    vi.setConfig({ testTimeout: patience });
    let scorer: Scorer;
    beforeAll(async () => {
      scorer = await open(2);
    });
    afterAll(() => scorer.close());

    it('scores a text by the text alone: not by its neighbours, its order or the number of workers', async () => {
      const texts = madeUpTexts(500);
      const alone = (await Promise.all(texts.map((text) => scorer.score([text])))).flat();

      const by32: Score[] = [];
      for (let at = 0; at < texts.length; at += 32)
        by32.push(...(await scorer.score(texts.slice(at, at + 32))));
      expectSame(by32, alone);

      const order = texts.map((_, i) => (i * 337) % texts.length);
      const shuffled = await scorer.score(order.map((i) => texts[i]!));
      expectSame(
        shuffled,
        order.map((i) => alone[i]!),
      );

      const single = await open(1);
      try {
        expectSame(await single.score(texts.slice(0, 100)), alone.slice(0, 100));
      } finally {
        await single.close();
      }
    });

    it('tells feelings apart', async () => {
      const [love, hate] = await scorer.score([
        'I love this so much, what a wonderful day',
        'this is awful, I hate it, worst day ever',
      ]);
      expect(love!.sentiment).toBe('positive');
      expect(hate!.sentiment).toBe('negative');
    });

    it('gives the probability of the predicted class in per cent, and probabilities that sum to 1', async () => {
      const { labels } = scorer.model;
      for (const score of await scorer.score([
        'so happy',
        'the meeting is at ten',
        'so sad',
        '',
        '@only_a_mention',
      ])) {
        expect(score.probabilities).toHaveLength(labels.length);
        expect(score.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        const highest = Math.max(...score.probabilities);
        expect(score.score).toBe(100 * highest);
        expect(score.sentiment).toBe(labels[score.probabilities.indexOf(highest)]);
      }
    });

    it('names itself, and its classes', () => {
      expect(scorer.model.id).toMatch(/^[^/]+\/[^/]+$/);
      expect(scorer.model.digest).toMatch(/^[0-9a-f]{64}$/);
      expect(['negative', 'neutral', 'positive']).toEqual(expect.arrayContaining([...scorer.model.labels]));
    });

    it('computes equal model inputs once', async () => {
      const before = scorer.stats();
      const texts = ['twice the same', '@someone twice   the same', 'another', 'twice the same http://x.y'];
      const scores = await scorer.score(texts);
      const after = scorer.stats();
      expect(scores[1]).toEqual(scores[0]);
      expect(after.texts - before.texts).toBe(4);
      expect(after.computed - before.computed).toBe(3);
    });

    it('takes nothing, and texts of any size and kind', async () => {
      expect(await scorer.score([])).toEqual([]);
      const odd = [
        '',
        ' ',
        '\0',
        '\ud83d',
        '😀'.repeat(400),
        'word '.repeat(5000),
        'x'.repeat(300_000),
        '&'.repeat(900),
      ];
      expect(await scorer.score(odd)).toHaveLength(odd.length);
    });

    it('rejects with the reason of the signal, and goes on serving', async () => {
      const reason = new Error('enough');
      await expect(scorer.score(['never scored'], AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await scorer.score(['still here'])).toHaveLength(1);
    });

    it('finishes what is running when it is closed, and takes no more', async () => {
      const closing = await open(1);
      const running = closing.score(madeUpTexts(60));
      await Promise.all([closing.close(), closing.close()]);
      expect(await running).toHaveLength(60);
      await expect(closing.score(['too late'])).rejects.toSatisfy((e) => isMurmurError(e, 'scoring.closed'));
    });
  });
}

function expectSame(actual: readonly Score[], expected: readonly Score[]): void {
  expect(actual.map((s) => s.sentiment)).toEqual(expected.map((s) => s.sentiment));
  const differences = actual.map((s, i) =>
    Math.max(...s.probabilities.map((p, j) => Math.abs(p - expected[i]!.probabilities[j]!))),
  );
  expect(Math.max(...differences)).toBeLessThanOrEqual(1e-5);
}
