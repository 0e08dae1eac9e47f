/**
 * What is counted while a batch goes by: aggregates over the judged relation, for Spark to observe, and what their values
 * mean. A post is counted once however many rows it has; one with a row that goes on counts as output.
 */
import type { BatchCounts } from '../../engine.js';
import type { LayerRule, RowRule } from '../../expectation.js';
import { measureKey } from '../../layer-window.js';
import { fateColumn, reasonOf, wasJudged } from './fate.js';
import { isTrue } from './shared-sql.js';

export interface Measured {
  counts: BatchCounts;
  /** By `measureKey`, for the layer window. */
  shares: Record<string, [among: number, hits: number]>;
  fired: { rule: string; action: string; posts: number; detail: string }[];
  /** Milliseconds since the epoch of the newest event, where rows have a `timestamp`. */
  newestEventMs: number | null;
}

export interface MeasureOptions {
  rules: readonly { rule: RowRule; broken: string }[];
  layers: readonly ShareRule[];
  /** Every row is a post of its own. */
  rowIsPost: boolean;
  /** SQL for the number of rows that a row becomes. */
  rowsOfRow: string;
  /** Rows have a `timestamp`. */
  timed: boolean;
}

export type ShareRule = LayerRule & { measure: { hit: string; among: string } };

/** Name to aggregate. Spark observes no DISTINCT, so posts of several rows are counted by a set of their identities. */
export function metricsOf({
  rules,
  layers,
  rowIsPost,
  rowsOfRow,
  timed,
}: MeasureOptions): Record<string, string> {
  const posts = (condition: string) =>
    rowIsPost ? `count(CASE WHEN ${condition} THEN 1 END)` : `size(${identities(condition)})`;
  const fate = (...fates: string[]) => `${fateColumn} IN (${fates.map((name) => `'${name}'`).join(', ')})`;
  const lost = (name: string, graver: readonly string[]) => {
    if (rowIsPost) return posts(fate(name));
    const others = `${fateColumn} IS NULL${graver.length > 0 ? ` OR ${fate(...graver)}` : ''}`;
    return `size(array_except(${identities(fate(name))}, ${identities(others)}))`;
  };
  return {
    input_posts: posts('true'),
    output_posts: posts(`${fateColumn} IS NULL`),
    output_rows: `coalesce(sum(CASE WHEN ${fateColumn} IS NULL THEN ${rowsOfRow} END), 0L)`,
    dropped_posts: lost('dropped', ['quarantined']),
    quarantined_posts: lost('quarantined', []),
    superseded_posts: lost('superseded', ['quarantined', 'dropped']),
    ...(timed
      ? { newest_event: `unix_millis(max(CASE WHEN ${fateColumn} IS NULL THEN timestamp END))` }
      : {}),
    ...Object.fromEntries(rules.map(({ broken }, i) => [`broken_${i}`, posts(`${wasJudged} AND ${broken}`)])),
    ...Object.fromEntries(
      layers.flatMap(({ measure: { among, hit } }, i) => [
        [`among_${i}`, posts(`${wasJudged} AND ${isTrue(among)}`)],
        [`hits_${i}`, posts(`${wasJudged} AND ${isTrue(among)} AND ${isTrue(hit)}`)],
      ]),
    ),
  };
}

/** What the values of `metricsOf` say of a batch. */
export function measured(
  values: Readonly<Record<string, number | bigint | null>>,
  { rules, layers }: Pick<MeasureOptions, 'rules' | 'layers'>,
): Measured {
  const of = (name: string) => Number(values[name] ?? 0);
  const fired = rules.flatMap(({ rule }, i) => {
    const posts = of(`broken_${i}`);
    const detail = `${reasonOf(rule)}, in ${posts} ${posts === 1 ? 'post' : 'posts'}`;
    return posts > 0 ? [{ rule: rule.name, action: rule.action, posts, detail }] : [];
  });
  return {
    counts: {
      input_posts: of('input_posts'),
      output_posts: of('output_posts'),
      output_rows: of('output_rows'),
      dropped_posts: of('dropped_posts'),
      quarantined_posts: of('quarantined_posts'),
      superseded_posts: of('superseded_posts'),
    },
    shares: Object.fromEntries(
      layers.map((rule, i) => [measureKey(rule), [of(`among_${i}`), of(`hits_${i}`)]]),
    ),
    fired,
    newestEventMs: values.newest_event == null ? null : Number(values.newest_event),
  };
}

function identities(condition: string): string {
  return `collect_set(CASE WHEN ${condition} THEN xxhash64(source, post_id) END)`;
}
