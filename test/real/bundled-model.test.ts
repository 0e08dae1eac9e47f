/** What is said of the bundled model, on the tweets that its README names. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/operate/evaluate.js';
import { readLabelledFile } from '../../src/operate/labelled-file.js';
import { labelledSet, schemeOf } from '../../src/operate/labelled-rows.js';
import { openScorer } from '../../src/scoring/open-scorer.js';
import { sharedData } from '../e2e/murmur.js';

const validation = join(sharedData, 'tweeteval-val.tsv.gz');

describe.skipIf(!existsSync(validation))('the bundled model', () => {
  it('is as good on its validation tweets as its README says', async () => {
    const rows = await readLabelledFile(validation, {});
    const scorer = await openScorer({ bundle: 'bundled' });
    try {
      const set = labelledSet('validation', rows, schemeOf('validation', rows, undefined));
      const { evaluation } = await evaluate(scorer, set);
      expect(evaluation.evaluated).toBe(2000);
      expect(Math.abs(100 * evaluation.macro_recall! - 77.9)).toBeLessThanOrEqual(0.2);
      expect(Math.abs(100 * evaluation.accuracy! - 75.5)).toBeLessThanOrEqual(0.2);
    } finally {
      await scorer.close();
    }
  });
});
