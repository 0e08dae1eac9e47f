/**
 * Population stability index: how far a distribution has moved from the one that it is compared with. By convention (Siddiqi,
 * "Credit Risk Scorecards") below 0.1 nothing has happened, from 0.25 on something has.
 */

/** The smallest share that a bin is taken to have, so that an empty one does not make the index infinite. */
const leastShare = 1e-4;

/** @param baseline, current counts of the same bins; null where one of them has counted nothing */
export function psi(baseline: readonly number[], current: readonly number[]): number | null {
  const before = shares(baseline);
  const now = shares(current);
  if (before === null || now === null) return null;
  return before.reduce((sum, was, i) => sum + (now[i]! - was) * Math.log(now[i]! / was), 0);
}

/**
 * Edges that cut values into bins of about equal count: ascending, without repeats, at most `bins - 1` of them. A value
 * belongs to the first bin whose edge is not below it, or to the last.
 */
export function quantileEdges(values: readonly number[], bins: number): number[] {
  const ascending = [...values].sort((a, b) => a - b);
  const edges = new Set<number>();
  for (let i = 1; i < bins && ascending.length > 0; i++) {
    const at = Math.min(ascending.length - 1, Math.ceil((i * ascending.length) / bins) - 1);
    edges.add(ascending[Math.max(0, at)]!);
  }
  edges.delete(ascending.at(-1)!);
  return [...edges];
}

/** Counts of values by such edges: one more than there are edges. */
export function countByEdges(values: Iterable<number>, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const value of values) {
    const bin = edges.findIndex((edge) => value <= edge);
    counts[bin === -1 ? edges.length : bin]!++;
  }
  return counts;
}

function shares(counts: readonly number[]): number[] | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : counts.map((count) => Math.max(leastShare, count / total));
}
