import { describe, expect, it } from 'vitest';
import { ScoreCache } from '../../src/scoring/score-cache.js';
import type { Score } from '../../src/scoring/scorer.js';

const score: Score = { sentiment: 'neutral', score: 50, probabilities: [0.25, 0.5, 0.25] };

describe('the cache of scores', () => {
  it('forgets what was not used for longest', () => {
    const cache = new ScoreCache({ entries: 2, bytes: 10_000 });
    cache.set('a', score);
    cache.set('b', score);
    expect(cache.get('a')).toBe(score);
    cache.set('c', score);
    expect(cache.get('b')).toBeUndefined();
    expect(cache.get('a')).toBe(score);
    expect(cache.get('c')).toBe(score);
  });

  it('is bounded by bytes too, and never takes what is larger than all of it', () => {
    const cache = new ScoreCache({ entries: 1_000, bytes: 3_000 });
    for (let n = 0; n < 100; n++) cache.set(`${n} ${'x'.repeat(500)}`, score);
    expect(cache.size).toBe(2);
    cache.set('y'.repeat(5_000), score);
    expect(cache.get('y'.repeat(5_000))).toBeUndefined();
    expect(cache.size).toBe(2);
  });

  it('counts a text that is set again once', () => {
    const cache = new ScoreCache({ entries: 10, bytes: 600 });
    for (let n = 0; n < 50; n++) cache.set('a', score);
    cache.set('b', score);
    expect(cache.size).toBe(2);
  });
});
