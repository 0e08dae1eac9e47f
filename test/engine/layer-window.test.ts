import { describe, expect, it } from 'vitest';
import type { LayerRule } from '../../src/engine/expectation.js';
import { type BatchMeasure, LayerWindow, measureKey } from '../../src/engine/layer-window.js';

const kept: LayerRule = {
  kind: 'layer',
  name: 'posts kept',
  layers: 'a → b',
  measure: 'kept',
  min: 0.99,
  action: 'fail',
};
const coverage: LayerRule = {
  kind: 'layer',
  name: 'coverage',
  layers: 'a → b',
  measure: { hit: 'm is null', among: "contains(text, '@')" },
  max: 0.2,
  action: 'fail',
};
const batch = (posts: number, kept: number, among = 0, hits = 0): BatchMeasure => ({
  posts,
  kept,
  shares: { [measureKey(coverage)]: [among, hits] },
});

describe('a layer window', () => {
  it('judges nothing before it holds enough posts', () => {
    const window = new LayerWindow([kept]);
    expect(window.broken(500, batch(499, 0))).toEqual([]);
    expect(window.broken(500, batch(500, 0))).toHaveLength(1);
    expect(window.broken(50, batch(50, 0))).toHaveLength(1);
  });

  it('adds small batches up, the one at hand included', () => {
    const window = new LayerWindow([kept]);
    for (let i = 0; i < 499; i++) window.push(batch(1, i < 10 ? 0 : 1));
    expect(window.broken(500)).toEqual([]);
    expect(window.broken(500, batch(1, 1))).toEqual([
      { rule: kept, posts: 500, detail: '490 of 500 posts (98 %), expected at least 99 %' },
    ]);
  });

  it('slides: old batches leave when newer ones hold enough', () => {
    const window = new LayerWindow([kept]);
    window.push(batch(400, 0));
    window.push(batch(400, 400));
    expect(window.broken(500)).toHaveLength(1);
    window.push(batch(100, 100));
    expect(window.broken(500)).toEqual([]);
  });

  it('measures the share of hits among the posts a rule is about', () => {
    const window = new LayerWindow([coverage]);
    expect(window.broken(500, batch(1000, 1000, 400, 80))).toEqual([]);
    expect(window.broken(500, batch(1000, 1000, 400, 81))).toEqual([
      { rule: coverage, posts: 400, detail: '81 of 400 posts (20.25 %), expected at most 20 %' },
    ]);
  });

  it('says nothing about a share of very few posts', () => {
    const window = new LayerWindow([coverage]);
    expect(window.broken(500, batch(1000, 1000, 49, 49))).toEqual([]);
    expect(window.broken(500, batch(1000, 1000, 50, 50))).toHaveLength(1);
  });

  it('forgets the figures of a rule that was changed', () => {
    const changed: LayerRule = { ...coverage, measure: { hit: 'm is null', among: 'true' } };
    expect(new LayerWindow([changed]).broken(500, batch(1000, 1000, 400, 400))).toEqual([]);
    expect(new LayerWindow([{ ...coverage, max: 0.1 }]).broken(500, batch(1000, 1000, 400, 60))).toHaveLength(
      1,
    );
  });
});
