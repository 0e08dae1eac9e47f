/**
 * Rows in Z-order. Each value becomes its rank among quantiles, so that it does not matter how values are spread, and the bits of
 * the ranks are interleaved, first column first. Ranks come from a sample and a binary search over its quantiles, which needs
 * no memory beside the sort itself. Equal keys are ordered by the columns themselves: with one column it is a plain sort.
 */
import type { DuckSession } from './session.js';
import { quoteIdent } from './sql-text.js';

const sampleRows = 100_000;
/** Bits of a rank, unless so many columns are named that their bits would not fit a BIGINT. */
const mostBits = 10;
const keyBits = 62;

/**
 * The query with its rows in Z-order by these of its columns; as it is when there are none. Null ranks lowest. The text may be
 * used on this session until the next call.
 */
export async function zOrdered(
  session: DuckSession,
  select: string,
  columns: readonly string[],
): Promise<string> {
  if (columns.length === 0) return select;
  const names = columns.map(quoteIdent);
  const byColumns = names.map((name) => `${name} NULLS FIRST`).join(', ');
  if (columns.length === 1) return `SELECT * FROM (${select}) ORDER BY ${byColumns}`;
  const bits = Math.max(1, Math.min(mostBits, Math.floor(keyBits / columns.length)));
  const ranks = columns.map((_, i) => `zorder_rank_${i}`);
  for (const [i, name] of names.entries()) await session.run(quantiles(select, name, ranks[i]!, 2 ** bits));
  let ranked = `SELECT *, ${ranks.map((rank) => `0::BIGINT AS ${rank}`).join(', ')} FROM (${select})`;
  for (let step = 2 ** (bits - 1); step >= 1; step /= 2) {
    const next = ranks.map(
      (rank, i) =>
        `${rank} + CASE WHEN ${names[i]} >= getvariable('${rank}')[${rank} + ${step}] THEN ${step} ELSE 0 END AS ${rank}`,
    );
    ranked = `SELECT * REPLACE (${next.join(', ')}) FROM (${ranked})`;
  }
  return `SELECT * EXCLUDE (${ranks.join(', ')}) FROM (${ranked}) ORDER BY ${interleaved(ranks, bits)}, ${byColumns}`;
}

/** Sets a variable to the values that cut a column into `count` equal parts: one less than that. */
function quantiles(select: string, name: string, variable: string, count: number): string {
  return `SET VARIABLE ${variable} = (
    SELECT [sorted[1 + (part * len(sorted)) // ${count}] FOR part IN range(1, ${count})]
    FROM (SELECT list_sort(list(value)) AS sorted FROM (
      SELECT ${name} AS value FROM (${select}) USING SAMPLE reservoir(${sampleRows} ROWS) REPEATABLE (1)
    ) WHERE value IS NOT NULL))`;
}

/** Highest bits first; among bits of the same weight the first column's is the highest. */
function interleaved(ranks: readonly string[], bits: number): string {
  const parts: string[] = [];
  for (let bit = 0; bit < bits; bit++) {
    for (const [i, rank] of ranks.entries()) {
      parts.push(`(((${rank} >> ${bit}) & 1) << ${bit * ranks.length + (ranks.length - 1 - i)})`);
    }
  }
  return parts.join(' + ');
}
