import { describe, expect, it } from 'vitest';
import { givenScheme, labelId, labelScheme, labelSentiment, type Sentiment } from '../../src/posts/labels.js';

function meaningOf(labels: (string | null)[]): (Sentiment | null)[] | string {
  const scheme = labelScheme(labels);
  return 'ambiguous' in scheme ? scheme.reason : labels.map((label) => labelSentiment(label, scheme));
}

describe('the scheme of a whole set', () => {
  it.each<[string[], string[]]>([
    [
      ['0', '4'],
      ['negative', 'positive'],
    ],
    [
      ['0', '2', '4'],
      ['negative', 'neutral', 'positive'],
    ],
    [
      ['2', '4'],
      ['neutral', 'positive'],
    ],
    [
      ['0', '1', '2'],
      ['negative', 'neutral', 'positive'],
    ],
    [
      ['-1', '0', '1'],
      ['negative', 'neutral', 'positive'],
    ],
    [
      ['-1', '1'],
      ['negative', 'positive'],
    ],
    [
      ['NEG', 'NEU', 'POS'],
      ['negative', 'neutral', 'positive'],
    ],
    [
      ['Negative', ' positive '],
      ['negative', 'positive'],
    ],
    [
      ['LABEL_0', 'LABEL_1', 'LABEL_2'],
      ['negative', 'neutral', 'positive'],
    ],
    [['label_2'], ['positive']],
    [
      ['0.0', '+4'],
      ['negative', 'positive'],
    ],
    [
      ['4', 'neg'],
      ['positive', 'negative'],
    ],
  ])('%j', (labels, expected) => {
    expect(meaningOf(labels)).toEqual(expected);
  });

  it('leaves out what is no label', () => {
    expect(meaningOf(['0', '4', null])).toEqual(['negative', 'positive', null]);
    expect(labelScheme(['0', ' ', '', null, '4'])).toMatchObject({ name: '0/2/4' });
  });

  it.each<[string[], RegExp]>([
    [['0', '1'], /0 is negative in 0\/1\/2 and neutral in -1\/0\/1/],
    [['0', '2'], /2 is neutral in 0\/2\/4 and positive in 0\/1\/2/],
    [['1', '2'], /1 is neutral in 0\/1\/2 and negative in 1\/2/],
    [['0'], /0 is negative in 0\/2\/4 and neutral in -1\/0\/1/],
    [['LABEL_0', 'LABEL_1'], /label_1 is neutral/],
    [['1', '2', '3', '4', '5'], /labels 1, 2, 3, 4, 5: no known scheme/],
    [['0', '3'], /no known scheme/],
    [['0', 'LABEL_2'], /no known scheme/],
    [['constructor'], /no known scheme/],
    [[], /no labels/],
  ])('%j is refused with a reason', (labels, reason) => {
    expect(meaningOf(labels)).toMatch(reason);
  });
});

describe('a given map', () => {
  const scheme = givenScheme({ '1': 'negative', '2': 'positive', Meh: 'neutral', pos: 'neutral' });

  it('says what labels mean, over the words', () => {
    expect(['1', '2.0', 'MEH', 'pos', 'neg', '0'].map((label) => labelId(label, scheme, 7))).toEqual([
      0,
      1,
      7,
      7,
      0,
      null,
    ]);
  });

  it('leaves neutral without an id unless one is chosen', () => {
    expect(labelId('meh', scheme, null)).toBeNull();
    expect(labelId('meh', scheme, 0)).toBe(0);
  });
});
