import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRuns, runBudget, sharePieces } from '../../src/scoring/batcher.js';

const everyIndex = (length: number) => Array.from({ length }, (_, i) => i);
const sorted = (indices: number[]) => [...indices].sort((a, b) => a - b);

describe('planRuns', () => {
  it('puts each text into one run that is as wide as its longest, within the budget', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 2, max: 400 })), (lengths) => {
        const runs = planRuns(lengths, 'free');
        expect(sorted(runs.flatMap((run) => run.members))).toEqual(everyIndex(lengths.length));
        for (const { members, width } of runs) {
          expect(width).toBe(Math.max(...members.map((i) => lengths[i]!)));
          if (members.length > 1) expect(width * members.length).toBeLessThanOrEqual(runBudget);
        }
      }),
    );
  });

  it('groups texts of nearly one length', () => {
    const runs = planRuns([50, 5, 49, 6, 51, 4], 'free', 160);
    expect(runs.map((run) => sorted(run.members))).toEqual([
      [1, 3, 5],
      [0, 2, 4],
    ]);
  });

  it('gives each text a run of its own where neighbours would matter', () => {
    const runs = planRuns([5, 5, 5], 'single');
    expect(runs.map((run) => run.members.length)).toEqual([1, 1, 1]);
  });
});

describe('sharePieces', () => {
  it('puts each text into one piece', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 300 })),
        fc.integer({ min: 1, max: 8 }),
        (texts, workers) => {
          expect(sorted(sharePieces(texts, workers, 128).flat())).toEqual(everyIndex(texts.length));
        },
      ),
    );
  });

  it('leaves no worker idle when there is enough for all', () => {
    const texts = everyIndex(100).map((n) => `number ${n} of a hundred texts`);
    for (const workers of [1, 2, 3, 4]) {
      expect(sharePieces(texts, workers, 128).length).toBeGreaterThanOrEqual(workers);
    }
  });

  it('starts with the longest', () => {
    const pieces = sharePieces(['short', 'a far longer text '.repeat(60), 'middling '.repeat(40)], 2, 128);
    expect(pieces.flat()).toEqual([1, 2, 0]);
  });
});
