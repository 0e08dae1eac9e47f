/**
 * Whether a model is right as often as it says: rows by the probability of their predicted class, in bins of equal width, and the
 * expected calibration error over them (Guo et al. 2017).
 */

export interface CalibrationBin {
  /** Probabilities above `from` up to `to`; the first bin also holds 0. */
  from: number;
  to: number;
  rows: number;
  /** Mean probability and share of right rows; null in an empty bin. */
  confidence: number | null;
  accuracy: number | null;
}

export interface Calibration {
  /** Mean distance of confidence from accuracy, weighted by rows, 0–1; null without rows. */
  ece: number | null;
  bins: CalibrationBin[];
}

export function calibration(
  rows: Iterable<{ probability: number; isRight: boolean }>,
  binCount = 15,
): Calibration {
  const sums = Array.from({ length: binCount }, (): BinSums => ({ rows: 0, probability: 0, right: 0 }));
  for (const { probability, isRight } of rows) {
    const bin = sums[Math.min(binCount - 1, Math.max(0, Math.ceil(probability * binCount) - 1))]!;
    bin.rows++;
    bin.probability += probability;
    if (isRight) bin.right++;
  }
  return calibrationOf(sums);
}

/** What is added up of the rows of one bin. */
export interface BinSums {
  rows: number;
  probability: number;
  right: number;
}

/** The same of rows that were added up elsewhere: all bins, in order. */
export function calibrationOf(sums: readonly BinSums[]): Calibration {
  const total = sums.reduce((sum, { rows }) => sum + rows, 0);
  const distance = sums.reduce((sum, bin) => sum + Math.abs(bin.probability - bin.right), 0);
  return {
    ece: total === 0 ? null : distance / total,
    bins: sums.map((bin, i) => ({
      from: i / sums.length,
      to: (i + 1) / sums.length,
      rows: bin.rows,
      confidence: bin.rows === 0 ? null : bin.probability / bin.rows,
      accuracy: bin.rows === 0 ? null : bin.right / bin.rows,
    })),
  };
}
