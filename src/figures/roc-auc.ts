/**
 * Area under the ROC curve: the chance that a row of the class has a higher score than one that is not, ties counting half (the
 * Mann-Whitney statistic; Hanley and McNeil 1982).
 */

/** Null where all rows are of the class, or none. */
export function rocAuc(scored: readonly { score: number; isPositive: boolean }[]): number | null {
  const ascending = [...scored].sort((a, b) => a.score - b.score);
  let positives = 0;
  let ranks = 0;
  for (let from = 0; from < ascending.length; ) {
    let to = from;
    let ties = 0;
    while (to < ascending.length && ascending[to]!.score === ascending[from]!.score) {
      if (ascending[to]!.isPositive) ties++;
      to++;
    }
    // Rows of one score share the mean of their ranks, which begin with 1.
    ranks += ties * ((from + 1 + to) / 2);
    positives += ties;
    from = to;
  }
  const negatives = ascending.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}
