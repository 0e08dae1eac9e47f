/**
 * A plan as Spark SQL, in stages between which the caller puts what SQL cannot say: the judged relation is observed (so
 * that posts are counted), texts are scored by Python workers. A stage is text over the name of the relation before it.
 */
import { MurmurError } from '../../../base/errors.js';
import { quotedName } from '../../../posts/sql/spark-literals.js';
import type { QueryDefinition } from '../../engine.js';
import type { RowRule } from '../../expectation.js';
import type { Node } from '../../plan.js';
import { invalidPlan, nodesOf } from '../../plan-reading.js';
import { aggregateSql, batchTimeSql, conditionSql, expressionSql } from './expression-sql.js';
import { raiseSql } from './failed-rule.js';
import {
  fateColumn,
  faultColumn,
  fileColumn,
  judgedSql,
  positionColumn,
  quarantinedSql,
  ruleColumn,
} from './fate.js';
import { type Measured, type MeasureOptions, measured, metricsOf, type ShareRule } from './measure.js';
import { isTrue } from './shared-sql.js';

export interface CompileOptions {
  /** A view over the rows to read: of the landing place as `landingSql` gives them, or of a table. */
  source: string;
  /** Columns of the source's contract. */
  columns: readonly string[];
  /** A post of the source may be several rows. */
  fansOut: boolean;
}

export interface CompiledQuery {
  /** `landing` or a table. */
  readonly from: string;
  /**
   * SELECT over the source: every row of it, as far as the rules are judged, with what becomes of it. Raises what `failedRule`
   * knows where a post breaks a rule with `fail`.
   */
  readonly judged: string;
  /** Aggregates over the judged relation by name, to be observed; `measured` reads their values. */
  readonly metrics: Readonly<Record<string, string>>;
  measured(values: Readonly<Record<string, number | bigint | null>>): Measured;
  /** SELECT of the rows to write, or to score, over the judged relation. */
  rows(judged: string): string;
  /** SELECT of the rows to quarantine over the judged relation; undefined where none can be. */
  readonly quarantined: ((judged: string) => string) | undefined;
  /** Where texts are scored: `rows` gives the scorer's input, `rows` of this gives the rows to write. */
  readonly score:
    | { readonly text: string; readonly columns: readonly string[]; rows(scored: string): string }
    | undefined;
}

/** Columns that the scorer adds; `scored_at` goes to it and comes back. */
export const scoreColumns = ['predicted_score', 'predicted_sentiment', 'model'] as const;

/**
 * @throws engine.plan_invalid (internal) for nodes that do not fit each other; spark.rule_function (user) for a rule that
 *   is a function
 */
export function compilePlan(
  { name, plan, expectations }: QueryDefinition,
  { source, columns: inputColumns, fansOut }: CompileOptions,
): CompiledQuery {
  const { read, nodes } = nodesOf(plan);
  const at = nodes.findIndex((node) => node.op === 'expect');
  const isLanding = read.from === 'landing';
  const judgedBy = at < 0 ? [] : expectations;
  const rules = judgedBy.filter((e) => e.kind === 'row').map((rule) => ({ rule, broken: brokenSql(rule) }));
  const layers = judgedBy.filter((e): e is ShareRule => e.kind === 'layer' && e.measure !== 'kept');

  const hidden = [fileColumn, positionColumn, fateColumn, ruleColumn, ...(isLanding ? [faultColumn] : [])];
  let judged = inputSql(source, isLanding, inputColumns);
  let columns = inputColumns;
  for (const node of nodes.slice(0, at + 1))
    ({ sql: judged, columns } = beforeRules(node, judged, columns, hidden));
  judged = judgedSql(judged, rules, (rule) => raiseSql(name, rule));

  const rest = nodes.slice(at + 1);
  const scoreAt = rest.findIndex((node) => node.op === 'score');
  const [beforeScore, afterScore] =
    scoreAt < 0 ? [rest, []] : [rest.slice(0, scoreAt), rest.slice(scoreAt + 1)];
  const toScore = columnsAfter(beforeScore, columns);
  const score = rest[scoreAt];
  const measure: MeasureOptions = {
    rules,
    layers,
    rowIsPost: !fansOut,
    rowsOfRow: rowsOfRow(rest),
    timed: columns.includes('timestamp'),
  };
  return {
    from: read.from,
    judged,
    metrics: metricsOf(measure),
    measured: (values) => measured(values, measure),
    rows(from) {
      const kept = `SELECT ${list(columns)} FROM ${from} WHERE ${fateColumn} IS NULL`;
      const sql = chainSql(beforeScore, kept, columns);
      return score === undefined ? sql : `SELECT *, ${batchTimeSql} AS scored_at FROM (${sql})`;
    },
    quarantined:
      isLanding || rules.some(({ rule }) => rule.action === 'quarantine')
        ? (from) =>
            quarantinedSql({
              stream: name,
              from: `SELECT * FROM ${from}`,
              columns: columns.map(quotedName),
              rules: rules.map(({ rule }) => rule),
              hasFaults: isLanding,
            })
        : undefined,
    score:
      score?.op !== 'score'
        ? undefined
        : {
            text: score.column,
            columns: [...toScore, 'scored_at'],
            rows: (scored) =>
              chainSql(afterScore, `SELECT * FROM ${scored}`, [...toScore, 'scored_at', ...scoreColumns]),
          },
  };
}

interface Relation {
  sql: string;
  columns: readonly string[];
}

/** The source's rows with their hidden columns; those of the landing place bring their own. */
function inputSql(source: string, isLanding: boolean, columns: readonly string[]): string {
  const none = `CAST(NULL AS INT) AS ${ruleColumn}`;
  if (isLanding) return `SELECT *, ${none} FROM ${source}`;
  const file = columns.includes('source_file') ? 'source_file' : 'CAST(NULL AS STRING)';
  return `SELECT ${list(columns)}, ${file} AS ${fileColumn}, CAST(NULL AS BIGINT) AS ${positionColumn},
  CAST(NULL AS STRING) AS ${fateColumn}, ${none} FROM ${source}`;
}

function beforeRules(
  node: Node,
  from: string,
  columns: readonly string[],
  hidden: readonly string[],
): Relation {
  if (node.op === 'expect') return { sql: from, columns };
  if (node.op === 'project')
    return {
      sql: `SELECT ${projected(node)}, ${hidden.join(', ')} FROM (${from})`,
      columns: Object.keys(node.columns),
    };
  if (node.op === 'filter')
    return {
      sql: `SELECT * EXCEPT (${fateColumn}), CASE WHEN ${fateColumn} IS NULL AND NOT ${conditionSql(node.where)} THEN '${node.counts}' ELSE ${fateColumn} END AS ${fateColumn}
FROM (${from})`,
      columns,
    };
  throw invalidPlan(`a ${node.op} node before the rules`);
}

function chainSql(nodes: readonly Node[], from: string, columns: readonly string[]): string {
  let relation: Relation = { sql: from, columns };
  for (const node of nodes) relation = afterRules(node, relation);
  return relation.sql;
}

function columnsAfter(nodes: readonly Node[], columns: readonly string[]): readonly string[] {
  let relation: Relation = { sql: '', columns };
  for (const node of nodes) relation = afterRules(node, relation);
  return relation.columns;
}

function afterRules(node: Node, { sql, columns }: Relation): Relation {
  switch (node.op) {
    case 'project':
      return { sql: `SELECT ${projected(node)} FROM (${sql})`, columns: Object.keys(node.columns) };
    case 'explode': {
      const others = columns.filter((name) => name !== node.column);
      if (others.length === columns.length)
        throw invalidPlan(`explode of ${node.column}, which is not there`);
      const list = [
        ...others.map(quotedName),
        `explode_outer(${quotedName(node.column)}) AS ${quotedName(node.as)}`,
      ];
      return { sql: `SELECT ${list.join(', ')} FROM (${sql})`, columns: [...others, node.as] };
    }
    case 'aggregate': {
      const keys = node.keys.map(quotedName);
      const measures = Object.entries(node.measures).map(
        ([name, measure]) => `${aggregateSql(measure)} AS ${quotedName(name)}`,
      );
      return {
        sql: `SELECT ${[...keys, ...measures].join(', ')} FROM (${sql}) GROUP BY ${keys.join(', ')}`,
        columns: [...node.keys, ...Object.keys(node.measures)],
      };
    }
    default:
      throw invalidPlan(`a ${node.op} node behind the rules`);
  }
}

function projected({ columns }: Extract<Node, { op: 'project' }>): string {
  return Object.entries(columns)
    .map(([name, expr]) => `${expressionSql(expr)} AS ${quotedName(name)}`)
    .join(', ');
}

/** A row with an empty or null list stays one row. An explode that the rules do not stand before cannot be counted. */
function rowsOfRow(nodes: readonly Node[]): string {
  const at = nodes.findIndex((node) => node.op === 'explode');
  const explode = nodes[at];
  if (explode?.op !== 'explode') return '1L';
  if (at > 0) throw invalidPlan(`an explode that does not follow the rules`);
  return `CAST(greatest(coalesce(size(${quotedName(explode.column)}), 0), 1) AS BIGINT)`;
}

function brokenSql({ name, rule }: RowRule): string {
  if (typeof rule === 'string') return `NOT ${isTrue(rule)}`;
  throw new MurmurError('spark.rule_function', `rule "${name}" is a function, which Spark cannot run`, {
    fault: 'user',
    fix: 'write the rule as SQL, or run this lake with `engine: embedded`',
    context: { rule: name },
  });
}

function list(columns: readonly string[]): string {
  return columns.map(quotedName).join(', ');
}
