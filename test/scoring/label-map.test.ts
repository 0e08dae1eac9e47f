import { describe, expect, it } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import { labelMap } from '../../src/scoring/making/label-map.js';

describe('what the classes of a model mean', () => {
  it.each([
    [['NEG', 'NEU', 'POS'], ['negative', 'neutral', 'positive'], false],
    [['positive', 'negative', 'neutral'], ['positive', 'negative', 'neutral'], false],
    [['NEGATIVE', 'POSITIVE'], ['negative', 'positive'], false],
    [['LABEL_0', 'LABEL_1', 'LABEL_2'], ['negative', 'neutral', 'positive'], true],
    [['LABEL_0', 'LABEL_1'], ['negative', 'positive'], true],
    [['0', '1', '2'], ['negative', 'neutral', 'positive'], true],
    [
      ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'],
      ['negative', 'negative', 'neutral', 'positive', 'positive'],
      false,
    ],
    [
      ['Very_Negative', 'negative', 'neutral', 'positive', 'Very-Positive'],
      ['negative', 'negative', 'neutral', 'positive', 'positive'],
      false,
    ],
  ])('%j', (names, classes, assumed) => {
    expect(labelMap(names)).toEqual({ classes, labels: [...new Set(classes)], assumed });
  });

  it('is what the user says, by name or by order', () => {
    const classes = ['positive', 'negative'];
    expect(labelMap(['LABEL_0', 'LABEL_1'], 'LABEL_0=positive,label_1=negative')).toMatchObject({
      classes,
      assumed: false,
    });
    expect(labelMap(['joy', 'anger'], 'positive, negative')).toMatchObject({ classes });
    expect(labelMap(['NEG', 'meh', 'POS'], 'meh=neutral').classes).toEqual([
      'negative',
      'neutral',
      'positive',
    ]);
  });

  it.each([
    [['joy', 'anger'], undefined, '"joy", "anger"'],
    [['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3'], undefined, 'LABEL_0'],
    [['LABEL_1', 'LABEL_0'], undefined, 'LABEL_1'],
    [['neutral', 'positive'], undefined, 'no class means negative'],
    [['NEG', 'POS'], 'negative,neutral,positive', '3 meanings for 2 classes'],
    [['NEG', 'POS'], 'good,bad', '"good"'],
    [['a', 'b'], 'a=negative', '"b"'],
    [['a', 'b'], 'a=negative,c=positive', '"c"'],
  ])('%j with %s is refused, and the reason says what is missing', (names, given, reason) => {
    let error: unknown;
    try {
      labelMap(names, given);
    } catch (e) {
      error = e;
    }
    expect(isMurmurError(error, 'scoring.labels_unknown') && error.message).toContain(reason);
    expect(isMurmurError(error) && error.fix).toContain('--labels');
  });
});
