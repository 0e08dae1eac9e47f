import { expect, it } from 'vitest';
import { openScorer } from '../../src/scoring/open-scorer.js';
import { scorerContract } from '../contract/scorer.contract.js';

scorerContract('the lexicon', (threads) => openScorer({ bundle: 'lexicon', threads, cache: false }));

it('turns words after a negation round', async () => {
  const scorer = await openScorer({ bundle: 'lexicon' });
  const scores = await scorer.score([
    'this is good',
    'this is not good',
    'not a bad day',
    'the bus is blue',
    'ok ;) 💔💔💔',
  ]);
  expect(scores.map((s) => s.sentiment)).toEqual(['positive', 'negative', 'positive', 'neutral', 'negative']);
});
