import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedSeries, dense } from '../../src/figures/bounded-series.js';
import { bucketStart, bucketWidth, bucketWidths } from '../../src/figures/bucket-width.js';

const widening = { widthMs: 1000, points: 60, whenFull: 'widen' } as const;
const forgetting = { widthMs: 1000, points: 60, whenFull: 'forget' } as const;

describe('bucket widths', () => {
  it('nest: each is a multiple of the one before', () => {
    for (let i = 1; i < bucketWidths.length; i++) expect(bucketWidths[i]! % bucketWidths[i - 1]!).toBe(0);
  });

  it('are the smallest that fit', () => {
    expect(bucketWidth(0, 59_999, 60)).toBe(1000);
    expect(bucketWidth(0, 60_000, 60)).toBe(5000);
    expect(bucketWidth(999, 60_000, 60)).toBe(5000);
    expect(bucketWidth(0, 365 * 86_400_000, 600)).toBe(86_400_000);
  });
});

describe('a widening series', () => {
  it('keeps every sum within its bounds, in whatever order the points come', () => {
    const points = fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 4e9 }), n: fc.integer({ min: 1, max: 99 }) }),
      {
        minLength: 1,
        maxLength: 80,
      },
    );
    fc.assert(
      fc.property(points, (all) => {
        const series = new BoundedSeries(['n'], widening);
        for (const { at, n } of all) series.add(at, { n });
        const { widthMs, at, n } = series.columns();
        const want = new Map<number, number>();
        for (const p of all) {
          const start = bucketStart(p.at, widthMs);
          want.set(start, (want.get(start) ?? 0) + p.n);
        }
        expect(at.map((start, i) => [start, n[i]])).toEqual([...want].sort((a, b) => a[0] - b[0]));
        expect((at.at(-1)! - at[0]!) / widthMs).toBeLessThan(60);
      }),
    );
  });

  it('goes on where another one stood', () => {
    const first = new BoundedSeries(['n'], widening);
    first.add(0, { n: 1 });
    first.add(200_000, { n: 2 });
    const second = new BoundedSeries(['n'], widening, first.columns());
    second.add(201_000, { n: 3 });
    expect(second.columns()).toEqual({ widthMs: 5000, at: [0, 200_000], n: [1, 5] });
    expect(first.columns().n).toEqual([1, 2]);
  });
});

describe('a forgetting series', () => {
  it('keeps its width and its newest buckets', () => {
    const series = new BoundedSeries(['n'], forgetting);
    for (let t = 0; t < 100; t++) series.add(t * 1000 + 5, { n: t });
    expect(series.columns()).toMatchObject({ widthMs: 1000 });
    expect(series.columns().at).toHaveLength(60);
    expect(series.columns().at[0]).toBe(40_000);
    series.add(3000, { n: 1 });
    expect(series.columns().at[0]).toBe(40_000);
  });
});

describe('dense', () => {
  it('fills what is missing, at both ends too', () => {
    const series = new BoundedSeries(['n'], forgetting);
    series.add(2100, { n: 7 });
    series.add(4900, { n: 8 });
    expect(dense(series.columns(), 'n', 1000, 5999, 0)).toEqual({
      at: [1000, 2000, 3000, 4000, 5000],
      values: [0, 7, 0, 8, 0],
    });
    expect(dense(series.columns(), 'n', 3000, 3500, null).values).toEqual([null]);
  });
});
