import { describe, expect, it } from 'vitest';
import { compare } from '../../src/operate/compare.js';
import { comparisonHtml } from '../../src/operate/comparison-html.js';
import { evaluate } from '../../src/operate/evaluate.js';
import { labelledSet, schemeOf } from '../../src/operate/labelled-rows.js';
import { LexiconScorer } from '../../src/scoring/lexicon-scorer.js';
import type { Score, Scorer } from '../../src/scoring/scorer.js';

/** Says the first sentiment whose name stands in the text, else neutral; with `swapped` the one for the other. */
class Parrot implements Scorer {
  readonly model;
  constructor(
    id: string,
    readonly sure = 0.9,
    readonly swapped: readonly string[] = [],
  ) {
    this.model = { id, digest: '', labels: ['negative', 'neutral', 'positive'] };
  }
  async ready() {}
  async score(texts: readonly string[]): Promise<Score[]> {
    const { labels } = this.model;
    return texts.map((text) => {
      const named = labels.find((label) => text.includes(label)) ?? 'neutral';
      const at = this.swapped.indexOf(named);
      const sentiment = at < 0 ? named : this.swapped[1 - at]!;
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
  const called = (...scorers: Scorer[]) => scorers.map((scorer) => ({ written: scorer.model.id, scorer }));

  it('tells two bundles of one id apart by what the user wrote', async () => {
    const contestants = [
      { written: 'models/first', scorer: new Parrot('same/1') },
      { written: 'models/second', scorer: new Parrot('same/1', 0.9, ['positive', 'negative']) },
      { written: 'lexicon', scorer: new LexiconScorer() },
    ];
    const { models, pairs, disagreements } = await compare(contestants, set);
    expect(models.map(({ model }) => model)).toEqual(['models/first', 'models/second', 'lexicon/1']);
    expect(pairs[0]).toMatchObject({ a: 'models/first', b: 'models/second' });
    expect(disagreements.find(({ text }) => text === 'so negative')!.predictions).toMatchObject({
      'models/first': { sentiment: 'negative' },
      'models/second': { sentiment: 'positive' },
    });
  });

  it('says of each two which is better, whether that may be chance, or that nothing differs', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => ({
      text: `positive ${i}`,
      label: i < 18 ? 'positive' : 'negative',
      lang: null,
    }));
    const rows = labelledSet('made up', texts, schemeOf('made up', texts));
    const wrong = new Parrot('wrong/1', 0.9, ['negative', 'positive']);
    const { pairs } = await compare(called(wrong, new Parrot('a/1'), new Parrot('b/1')), rows);
    expect(pairs.map(({ verdict }) => verdict)).toEqual([
      'a/1 is better than wrong/1',
      'b/1 is better than wrong/1',
      'a/1 and b/1 say the same of every row',
    ]);
    const few = { ...rows, rows: 3, judged: rows.judged.slice(0, 3) };
    const { pairs: chance } = await compare(called(wrong, new Parrot('a/1')), few);
    expect(chance[0]!.verdict).toBe('the difference of wrong/1 and a/1 may well be chance');
  });

  it('is on the same rows, with the disagreements of the surest first', async () => {
    const comparison = await compare(called(new Parrot('parrot/1'), new LexiconScorer()), set);
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
      await compare(called(new Parrot('a/1'), new Parrot('b/2'), new LexiconScorer()), evil),
    );
    expect(html).toContain('a/1');
    expect(html).toContain('&#60;script&#62;positive');
    expect(html).not.toContain('<script>');
    expect(html).toContain('&#60;data&#62;');
    expect(html.match(/<svg/g)).toHaveLength(3);
  });
});
