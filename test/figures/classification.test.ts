import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibration } from '../../src/figures/calibration.js';
import { binaryMeasures, classificationMeasures } from '../../src/figures/classification.js';
import { confusionOf } from '../../src/figures/confusion.js';
import { confusionSvg } from '../../src/figures/confusion-svg.js';
import { mcnemar } from '../../src/figures/mcnemar.js';
import { countByEdges, psi, quantileEdges } from '../../src/figures/psi.js';
import { rocAuc } from '../../src/figures/roc-auc.js';

const labels = ['negative', 'neutral', 'positive'];

describe('measures of a confusion matrix', () => {
  // Rows: 4 negative, 3 neutral, 5 positive.
  const matrix = {
    labels,
    counts: [
      [3, 1, 0],
      [1, 1, 1],
      [1, 0, 4],
    ],
  };

  it('are precision, recall and F1 of each class, and their means', () => {
    const measures = classificationMeasures(matrix);
    expect(measures.rows).toBe(12);
    expect(measures.accuracy).toBeCloseTo(8 / 12);
    const [negative, neutral, positive] = measures.per_class;
    expect(negative).toMatchObject({ support: 4, predicted: 5, precision: 3 / 5, recall: 3 / 4 });
    expect(negative!.f1).toBeCloseTo((2 * 0.6 * 0.75) / (0.6 + 0.75));
    expect(neutral).toMatchObject({ precision: 1 / 2, recall: 1 / 3 });
    expect(positive).toMatchObject({ precision: 4 / 5, recall: 4 / 5 });
    expect(measures.macro_recall).toBeCloseTo((3 / 4 + 1 / 3 + 4 / 5) / 3);
  });

  it('of positive against negative leave out what is neither, and take neutral for a miss', () => {
    const { precision, recall, f1 } = binaryMeasures(matrix, 'positive', 'negative');
    expect(precision).toBe(1);
    expect(recall).toBe(4 / 5);
    expect(f1).toBeCloseTo(8 / 9);
  });

  it('do not invent numbers for a class that is not there', () => {
    const measures = classificationMeasures(
      confusionOf(labels, [
        ['negative', 'negative'],
        ['positive', 'negative'],
      ]),
    );
    expect(measures.per_class[1]).toMatchObject({ support: 0, precision: null, recall: null, f1: null });
    expect(measures.per_class[2]).toMatchObject({ precision: null, recall: 0, f1: 0 });
    expect(measures.macro_recall).toBe(0.5);
    expect(classificationMeasures(confusionOf(labels, [])).accuracy).toBeNull();
  });

  it('count only what is a known label', () => {
    expect(confusionOf(labels, [['joyful', 'positive']]).counts.flat()).toEqual(Array(9).fill(0));
  });

  it('are drawn with every count, and with markup taken as text', () => {
    const svg = confusionSvg(
      { ...matrix, labels: ['<b>', 'neutral', 'positive'] },
      { title: 'model & data' },
    );
    expect(svg).toContain('&#60;b&#62;');
    expect(svg).toContain('model &#38; data');
    expect(svg.match(/<rect/g)).toHaveLength(10);
    expect(svg).toContain('75.0 %');
  });
});

describe("McNemar's test", () => {
  it('is exact for few rows', () => {
    // 2 * P(X <= 2 | n = 10, 1/2) = 2 * 56 / 1024
    expect(mcnemar(2, 8)).toMatchObject({ method: 'exact', p: 112 / 1024 });
    expect(mcnemar(5, 5).p).toBe(1);
    expect(mcnemar(0, 0).p).toBe(1);
  });

  it('is chi-square for many', () => {
    // (|121 - 59| - 1)^2 / 180 = 20.672; its upper tail is 5.4e-6.
    const { p, method } = mcnemar(121, 59);
    expect(method).toBe('chi-square');
    expect(p).toBeGreaterThan(5.3e-6);
    expect(p).toBeLessThan(5.6e-6);
    expect(mcnemar(50, 50).p).toBeCloseTo(1, 6);
  });
});

describe('area under the ROC curve', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    const rows = fc.array(fc.record({ score: fc.integer({ min: 0, max: 5 }), isPositive: fc.boolean() }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(rows, (scored) => {
        const positives = scored.filter((row) => row.isPositive);
        const negatives = scored.filter((row) => !row.isPositive);
        if (positives.length === 0 || negatives.length === 0) {
          expect(rocAuc(scored)).toBeNull();
          return;
        }
        let wins = 0;
        for (const p of positives)
          for (const n of negatives) wins += p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0;
        expect(rocAuc(scored)).toBeCloseTo(wins / (positives.length * negatives.length), 10);
      }),
    );
  });
});

describe('calibration', () => {
  it('is zero for a model that is right as often as it says', () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({ probability: 0.8, isRight: i < 8 }));
    expect(calibration(rows).ece).toBeCloseTo(0);
  });

  it('is the mean distance, weighted by rows', () => {
    const sure = Array.from({ length: 3 }, () => ({ probability: 1, isRight: false }));
    const fair = [
      { probability: 0.5, isRight: true },
      { probability: 0.5, isRight: false },
    ];
    expect(calibration([...sure, ...fair]).ece).toBeCloseTo((3 * 1 + 2 * 0) / 5);
    expect(calibration([]).ece).toBeNull();
  });
});

describe('population stability index', () => {
  it('is zero for the same shares, and grows with the distance', () => {
    expect(psi([10, 20, 70], [1, 2, 7])).toBeCloseTo(0);
    // (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5)
    expect(psi([50, 50], [60, 40])).toBeCloseTo(0.1 * Math.log(1.2) - 0.1 * Math.log(0.8));
    expect(psi([1, 1], [0, 5])!).toBeGreaterThan(0.25);
    expect(psi([0, 0], [1, 2])).toBeNull();
  });

  it('has bins of equal count', () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    const edges = quantileEdges(values, 4);
    expect(countByEdges(values, edges)).toEqual([25, 25, 25, 25]);
    expect(quantileEdges([1, 1, 1], 4)).toEqual([]);
    expect(quantileEdges([], 4)).toEqual([]);
  });
});
