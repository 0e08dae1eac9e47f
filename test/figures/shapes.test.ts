import { describe, expect, it } from 'vitest';
import { linePath } from '../../src/figures/line-path.js';
import { stackedBars } from '../../src/figures/stacked-bars.js';

describe('stacked bars', () => {
  it('are fractions of the longest row, one after another', () => {
    const [long, short] = stackedBars([
      [6, 2],
      [1, 3],
    ]);
    expect(long).toEqual([
      { start: 0, width: 0.75 },
      { start: 0.75, width: 0.25 },
    ]);
    expect(short).toEqual([
      { start: 0, width: 0.125 },
      { start: 0.125, width: 0.375 },
    ]);
  });

  it('of nothing have no width', () => {
    expect(stackedBars([[0, 0]])).toEqual([
      [
        { start: 0, width: 0 },
        { start: 0, width: 0 },
      ],
    ]);
    expect(stackedBars([])).toEqual([]);
  });
});

describe('a line path', () => {
  it('runs from left to right, 0 at the bottom, cut at the top', () => {
    expect(linePath([0, 5, 20], 100, 10, 10).line).toBe('M0,10L50,5L100,0');
    expect(linePath([0, 5], 100, 10, 10).area).toBe('M0,10L100,5L100,10L0,10Z');
  });

  it('is flat where nothing is, and empty below two values', () => {
    expect(linePath([0, 0], 10, 4, 0).line).toBe('M0,4L10,4');
    expect(linePath([1], 10, 4, 1)).toEqual({ line: '', area: '' });
  });
});
