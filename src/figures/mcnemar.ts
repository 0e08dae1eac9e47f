/**
 * McNemar's test (1947): whether two classifiers that were right and wrong on the same rows differ by more than chance. Only rows
 * that exactly one of them has right say anything.
 */

export interface McNemar {
  /** Rows that only the first has right, and only the second. */
  onlyFirst: number;
  onlySecond: number;
  /** Chance of a difference this large between equally good ones, two-sided. */
  p: number;
  /** The exact binomial test for few rows, else chi-square with Edwards' continuity correction. */
  method: 'exact' | 'chi-square';
}

/** Below it the chi-square distribution is no good approximation. */
const fewRows = 25;

export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const rows = onlyFirst + onlySecond;
  if (rows < fewRows) {
    return {
      onlyFirst,
      onlySecond,
      p: exactP(Math.min(onlyFirst, onlySecond), rows),
      method: 'exact',
    };
  }
  const distance = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1);
  // The upper tail of chi-square with one degree of freedom is that of a normal variable's square.
  const p = erfc(Math.sqrt(distance ** 2 / rows / 2));
  return { onlyFirst, onlySecond, p, method: 'chi-square' };
}

/** Twice the chance of at most `successes` in `trials` tosses of a fair coin. */
function exactP(successes: number, trials: number): number {
  let term = 0.5 ** trials;
  let tail = 0;
  for (let k = 0; k <= successes; k++) {
    tail += term;
    term = (term * (trials - k)) / (k + 1);
  }
  return Math.min(1, 2 * tail);
}

/** Complementary error function, relative error below 1.2e-7 (Numerical Recipes, "erfcc"). */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  const polynomial = series.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return t * Math.exp(-x * x + polynomial);
}
