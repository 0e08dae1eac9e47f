import type { Score } from './scorer.js';

/** The class of the highest probability, of equal ones the first; `probabilities` in the order of `labels`. */
export function scoreOf(probabilities: number[], labels: readonly string[]): Score {
  const highest = Math.max(...probabilities);
  return {
    sentiment: labels[probabilities.indexOf(highest)]!,
    score: 100 * highest,
    probabilities,
  };
}
