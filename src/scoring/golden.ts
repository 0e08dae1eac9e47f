/**
 * The proof that a bundle answers here as it did where it was made: texts whose token ids must be exactly these and
 * whose probabilities must be these within the bundle's tolerance. Golden texts are model inputs: no preprocessing.
 */
import { MurmurError } from '../base/errors.js';

export interface GoldenCase {
  text: string;
  inputIds: number[];
  probabilities: number[];
}

/** What a golden check found. */
export interface GoldenReport {
  cases: number;
  /** The largest difference of a probability. */
  maxDifference: number;
}

/**
 * Compares token ids first, then probabilities.
 * @throws scoring.golden_mismatch at the first case that is off
 */
export async function checkGoldens(
  cases: readonly GoldenCase[],
  tolerance: number,
  encode: (text: string) => number[],
  probabilitiesOf: (tokens: readonly number[][]) => Promise<number[][]>,
): Promise<GoldenReport> {
  const tokens = cases.map((c) => encode(c.text));
  cases.forEach((c, i) => {
    const same = c.inputIds.length === tokens[i]!.length && c.inputIds.every((id, j) => id === tokens[i]![j]);
    if (!same) throw mismatch(`golden case ${i + 1} of ${cases.length}: other tokens`, { case: i + 1 });
  });
  const answers = await probabilitiesOf(tokens);
  let maxDifference = 0;
  cases.forEach((c, i) => {
    const difference = distance(c.probabilities, answers[i]!);
    maxDifference = Math.max(maxDifference, difference);
    if (difference <= tolerance) return;
    throw mismatch(
      `golden case ${i + 1} of ${cases.length}: probabilities ${difference.toFixed(4)} off, at most ${tolerance} expected`,
      { case: i + 1, difference, tolerance },
    );
  });
  return { cases: cases.length, maxDifference };
}

/** Infinite where the shapes differ or a number is none. */
function distance(expected: readonly number[], actual: readonly number[]): number {
  if (expected.length !== actual.length) return Number.POSITIVE_INFINITY;
  const differences = expected.map((p, i) => Math.abs(p - actual[i]!));
  return differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...differences);
}

function mismatch(message: string, context: Record<string, number>): MurmurError {
  return new MurmurError('scoring.golden_mismatch', message, {
    fault: 'external',
    fix: 'do not use this bundle on this machine: export the model again, or use another one',
    context,
  });
}
