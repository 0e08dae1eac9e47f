/**
 * What becomes of a row. Rows that a filter or a rule takes out stay in the relation as far as the rules are judged, with
 * their fate in a hidden column: one relation then tells what goes on, what is quarantined, and how many posts met which
 * end.
 */
import { quoted } from '../../../posts/sql/spark-literals.js';
import type { RowRule } from '../../expectation.js';

/** `dropped`, `superseded` or `quarantined`; null for a row that goes on. */
export const fateColumn = '__fate';
/** The place in the list of rules of the one that took the row out; null for every other row. */
export const ruleColumn = '__rule';
/** Where the post stood in its source, as far as the input knows. */
export const fileColumn = '__source_file';
export const positionColumn = '__position';
/** Of a record that gave no post: rule, reason, and what stood there as JSON. Only behind the landing place. */
export const faultColumn = '__fault';

/** `failed` comes to no row: the job has ended by then. */
const fateOf = { fail: 'failed', drop: 'dropped', quarantine: 'quarantined' } as const;

/**
 * Marks rows that break a rule with `drop` or `quarantine`; of several rules the first decides. A row that breaks a rule with
 * `fail`, whatever else it breaks, ends the job.
 * @param raised SQL that does so
 */
export function judgedSql(
  from: string,
  rules: readonly { rule: RowRule; broken: string }[],
  raised: (rule: RowRule) => string,
): string {
  const taking = rules.flatMap(({ rule, broken }, i) =>
    rule.action === 'warn' ? [] : [{ rule, broken, i, fate: fateOf[rule.action] }],
  );
  if (taking.length === 0) return from;
  const failing = taking.filter(({ rule }) => rule.action === 'fail');
  const others = taking.filter(({ rule }) => rule.action !== 'fail');
  const which = [
    ...failing.map(({ broken, rule }) => `WHEN ${broken} THEN ${raised(rule)}`),
    ...others.map(({ broken, i }) => `WHEN ${broken} THEN ${i}`),
  ].join('\n');
  // Spark leaves out what nobody asks for: the fate asks for the rule even where no rule takes rows out.
  const fate = taking.map(({ i, fate }) => `WHEN ${i} THEN '${fate}'`).join(' ');
  return `SELECT * EXCEPT (${fateColumn}), coalesce(${fateColumn}, CASE ${ruleColumn} ${fate} END) AS ${fateColumn}
FROM (SELECT * EXCEPT (${ruleColumn}), CAST(CASE WHEN ${fateColumn} IS NOT NULL THEN NULL ${which} END AS INT) AS ${ruleColumn} FROM (${from}))`;
}

/** Whether a row came as far as the rules. */
export const wasJudged = `(${fateColumn} IS NULL OR ${ruleColumn} IS NOT NULL)`;

/** What `quarantine.reason` says of a rule. */
export function reasonOf({ name, rule }: RowRule): string {
  return `not true: ${typeof rule === 'string' ? rule : name}`;
}

export interface QuarantineSelect {
  stream: string;
  /** The judged relation. */
  from: string;
  /** Its visible columns. */
  columns: readonly string[];
  rules: readonly RowRule[];
  /** Records that gave no post are among its rows. */
  hasFaults: boolean;
}

/** SELECT of the quarantined rows in the columns of the quarantine table; Spark does not tell rows their batch. */
export function quarantinedSql({ stream, from, columns, rules, hasFaults }: QuarantineSelect): string {
  const choose = (of: (rule: RowRule) => string) =>
    rules.length === 0
      ? 'CAST(NULL AS STRING)'
      : `CASE ${ruleColumn} ${rules.map((rule, i) => `WHEN ${i} THEN ${quoted(of(rule))}`).join(' ')} END`;
  const fault = (field: string, other: string) =>
    hasFaults ? `coalesce(${faultColumn}.${field}, ${other})` : other;
  const row = `to_json(struct(${columns.join(', ')}), map('ignoreNullFields', 'false'))`;
  return `SELECT ${quoted(stream)} AS stream, CAST(NULL AS BIGINT) AS batch_id,
  ${fault(
    'rule',
    choose(({ name }) => name),
  )} AS rule, ${fault('reason', choose(reasonOf))} AS reason,
  ${hasFaults ? `CASE WHEN ${faultColumn} IS NULL THEN post_id END` : 'post_id'} AS post_id, ${fault('raw', row)} AS \`row\`,
  ${fileColumn} AS source_file, ${positionColumn} AS \`position\`, current_timestamp() AS at
FROM (${from}) WHERE ${fateColumn} = 'quarantined'`;
}
