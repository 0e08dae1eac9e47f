/** How often each class was taken for each other: what every measure of a classifier is computed from. */

export interface ConfusionMatrix {
  /** Classes, in the order of rows and columns. */
  labels: readonly string[];
  /** `counts[actual][predicted]`. */
  counts: number[][];
}

export function emptyConfusion(labels: readonly string[]): ConfusionMatrix {
  return { labels, counts: labels.map(() => labels.map(() => 0)) };
}

/** Counts a row, or some that are alike. @returns false where a label is none of the matrix's, and nothing was counted */
export function countIn(
  { labels, counts }: ConfusionMatrix,
  actual: string,
  predicted: string,
  rows = 1,
): boolean {
  const row = counts[labels.indexOf(actual)];
  const column = labels.indexOf(predicted);
  if (row === undefined || column === -1) return false;
  row[column]! += rows;
  return true;
}

export function confusionOf(
  labels: readonly string[],
  pairs: Iterable<readonly [actual: string, predicted: string]>,
): ConfusionMatrix {
  const matrix = emptyConfusion(labels);
  for (const [actual, predicted] of pairs) countIn(matrix, actual, predicted);
  return matrix;
}
