import { describe, expect, it } from 'vitest';
import { compare } from '../../src/operate/compare.js';
import { comparisonHtml } from '../../src/operate/comparison-html.js';
import { evaluate } from '../../src/operate/evaluate.js';
import { labelledSet, schemeOf } from '../../src/operate/labelled-rows.js';
import { LexiconScorer } from '../../src/scoring/lexicon-scorer.js';
import type { Score, Scorer } from '../../src/scoring/scorer.js';

/** Says the first sentiment whose name stands in the text, else neutral. */
class Parrot implements Scorer {
  readonly model;
  constructor(
    id: string,
    readonly sure = 0.9,
  ) {
    this.model = { id, digest: '', labels: ['negative', 'neutral', 'positive'] };
  }
  async ready() {}
  async score(texts: readonly string[]): Promise<Score[]> {
    const { labels } = this.model;
    return texts.map((text) => {
      const sentiment = labels.find((label) => text.includes(label)) ?? 'neutral';
      const probabilities = labels.map((label) => (label === sentiment ? this.sure : (1 - this.sure) / 2));
      return { sentiment, score: this.sure * 100, probabilities };
    });
  }
  stats(): never {
    throw new Error('not asked');
  }
  async close() {}
}

const data = [
  { text: 'so positive @ann', label: 'positive', lang: 'en' },
  { text: 'so negative', label: 'negative', lang: 'en' },
  { text: 'nothing', label: 'positive', lang: 'de' },
  { text: 'negative https://x.example', label: 'neutral', lang: null },
  { text: 'no label', label: null, lang: null },
];
const set = labelledSet('made up', data, schemeOf('made up', data));

describe('an evaluation', () => {
  it('counts every row, and measures those that can be judged', async () => {
    const { evaluation } = await evaluate(new Parrot('parrot/1'), set);
    expect(evaluation).toMatchObject({
      model: 'parrot/1',
      rows: 5,
      evaluated: 4,
      coverage: 0.8,
      not_evaluated: { no_label: 1 },
      accuracy: 0.5,
      confusion: {
        counts: [
          [1, 0, 0],
          [1, 0, 0],
          [0, 1, 1],
        ],
      },
      precision_positive: 1,
      recall_positive: 0.5,
    });
    expect(evaluation.macro_recall).toBeCloseTo((1 + 0 + 0.5) / 3);
    // Two of four right at 0.9.
    expect(evaluation.ece).toBeCloseTo(0.4);
    // Of the pairs with "so negative", both neutral-sounding ones tie or lose against it.
    expect(evaluation.per_class[0]!.roc_auc).toBeCloseTo((1 + 1 + 0.5) / 3);
  });

  it('tells apart rows by length, mention, link and language', async () => {
    const { evaluation } = await evaluate(new Parrot('parrot/1'), set);
    const by = (kind: string) =>
      evaluation.slices.filter((slice) => slice.by === kind).map(({ slice, rows }) => [slice, rows]);
    expect(by('mention')).toEqual([
      ['with a mention', 1],
      ['without', 3],
    ]);
    expect(by('link')).toEqual([
      ['with a link', 1],
      ['without', 3],
    ]);
    expect(by('language')).toEqual([
      ['de', 1],
      ['en', 2],
    ]);
    expect(by('length')).toEqual([['1 to 40 characters', 4]]);
  });

  it('of no rows claims nothing', async () => {
    const none = { ...set, judged: [] };
    const { evaluation } = await evaluate(new Parrot('parrot/1'), none);
    expect(evaluation).toMatchObject({ accuracy: null, macro_recall: null, ece: null, coverage: 0 });
  });
});

describe('a comparison', () => {
  it('is on the same rows, with the disagreements of the surest first', async () => {
    const comparison = await compare([new Parrot('parrot/1'), new LexiconScorer()], set);
    expect(comparison.models.map(({ model, evaluated }) => [model, evaluated])).toEqual([
      ['parrot/1', 4],
      ['lexicon/1', 4],
    ]);
    const [pair] = comparison.pairs;
    expect(pair).toMatchObject({ a: 'parrot/1', b: 'lexicon/1', method: 'exact' });
    const differing = comparison.disagreements.length;
    expect(pair!.agreement).toBeCloseTo(1 - differing / 4);
    for (const { predictions } of comparison.disagreements) {
      expect(new Set(Object.values(predictions).map(({ sentiment }) => sentiment)).size).toBe(2);
    }
  });

  it('as a page holds what was compared, with texts as text', async () => {
    const evil = labelledSet(
      '<data>',
      [{ text: '<script>positive', label: 'negative', lang: null }],
      schemeOf('', data),
    );
    const html = comparisonHtml(
      await compare([new Parrot('a/1'), new Parrot('b/2'), new LexiconScorer()], evil),
    );
    expect(html).toContain('a/1');
    expect(html).toContain('&#60;script&#62;positive');
    expect(html).not.toContain('<script>');
    expect(html).toContain('&#60;data&#62;');
    expect(html.match(/<svg/g)).toHaveLength(3);
  });
});
