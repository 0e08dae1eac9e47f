/**
 * A plan as a sequence of DuckDB steps. The chain of nodes is cut where SQL alone does not suffice (rules are judged,
 * texts are scored); between the cuts each run of nodes is one SELECT over the relation before it.
 *
 * Two hidden columns travel with every row: `__ord` says which post of the batch it belongs to (so that posts can be
 * counted exactly, whatever their post_id), `__part` keeps the order of a post's rows. An aggregate ends both.
 */

import { quoteIdent } from '../../duck/sql-text.js';
import type { Node, Plan } from '../plan.js';
import { invalidPlan, nodesOf } from '../plan-reading.js';
import { aggregateSql, expressionSql } from './expression-sql.js';

export const ordColumn = '__ord';
export const partColumn = '__part';
const hidden = `${ordColumn}, ${partColumn}`;

/** Columns that a score node adds, in order. */
export const scoreColumns = ['predicted_score', 'predicted_sentiment', 'model', 'scored_at'] as const;

/** How far apart the elements of two rows of a post stay after an explode. */
const partsPerRow = 65_536;

export type Step =
  | {
      readonly kind: 'select';
      /** Visible columns of the result. */
      readonly columns: readonly string[];
      readonly select: (from: string, batchTimeMs: number) => string;
      /** What posts that the step leaves out count as; undefined when it may not lose a post. */
      readonly loses: 'dropped' | 'superseded' | undefined;
      /** A row may become several. */
      readonly fansOut: boolean;
    }
  | { readonly kind: 'expect'; readonly columns: readonly string[] }
  | { readonly kind: 'score'; readonly columns: readonly string[]; readonly text: string }
  | {
      readonly kind: 'aggregate';
      readonly columns: readonly string[];
      readonly select: (from: string, batchTimeMs: number) => string;
    };

export interface CompiledPlan {
  /** `landing` or a table. */
  readonly from: string;
  readonly steps: readonly Step[];
  /** Columns that the last step gives. */
  readonly columns: readonly string[];
}

/**
 * Compiles the nodes of a plan over an input with the given columns.
 * @throws engine.plan_invalid (internal) for nodes that do not fit each other
 */
export function compilePlan(plan: Plan, inputColumns: readonly string[]): CompiledPlan {
  const { read, nodes } = nodesOf(plan);
  const steps: Step[] = [];
  let columns = inputColumns;
  for (const node of nodes) {
    if (steps.at(-1)?.kind === 'aggregate') throw invalidPlan(`a ${node.op} node behind an aggregate`);
    const step = compileNode(node, columns);
    columns = step.columns;
    const last = steps.at(-1);
    if (step.kind === 'select' && last?.kind === 'select' && !(step.loses && last.loses)) {
      steps[steps.length - 1] = joined(last, step);
    } else {
      steps.push(step);
    }
  }
  return { from: read.from, steps, columns };
}

function compileNode(node: Node, columns: readonly string[]): Step {
  switch (node.op) {
    case 'read':
      throw invalidPlan('a read node that is not the first');
    case 'expect':
      return { kind: 'expect', columns };
    case 'score':
      needs(columns, [node.column], 'score');
      return { kind: 'score', columns: [...columns, ...scoreColumns], text: node.column };
    case 'project':
      return {
        kind: 'select',
        columns: Object.keys(node.columns),
        loses: undefined,
        fansOut: false,
        select: (from, time) =>
          `SELECT ${hidden}, ${Object.entries(node.columns)
            .map(([name, expr]) => `${expressionSql(expr, time)} AS ${quoteIdent(name)}`)
            .join(', ')} FROM ${from}`,
      };
    case 'filter':
      return {
        kind: 'select',
        columns,
        loses: node.counts,
        fansOut: false,
        select: (from, time) =>
          `SELECT ${hidden}, ${list(columns)} FROM ${from} WHERE ${expressionSql(node.where, time)}`,
      };
    case 'explode':
      return explodeStep(node, columns);
    case 'aggregate':
      needs(columns, node.keys, 'aggregate');
      return {
        kind: 'aggregate',
        columns: [...node.keys, ...Object.keys(node.measures)],
        select: (from, time) =>
          `SELECT ${[
            ...node.keys.map(quoteIdent),
            ...Object.entries(node.measures).map(
              ([name, measure]) => `${aggregateSql(measure, time)} AS ${quoteIdent(name)}`,
            ),
          ].join(', ')} FROM ${from} GROUP BY ALL`,
      };
  }
}

function explodeStep(node: Extract<Node, { op: 'explode' }>, columns: readonly string[]): Step {
  needs(columns, [node.column], 'explode');
  const source = quoteIdent(node.column);
  const others = columns.filter((name) => name !== node.column);
  return {
    kind: 'select',
    columns: [...others, node.as],
    loses: undefined,
    fansOut: true,
    select: (from) =>
      `SELECT ${ordColumn}, ${partColumn} * ${partsPerRow} + generate_subscripts(__list, 1) AS ${partColumn}, ` +
      `${others.map((name) => `${quoteIdent(name)}, `).join('')}unnest(__list) AS ${quoteIdent(node.as)} ` +
      `FROM (SELECT *, CASE WHEN len(${source}) > 0 THEN ${source} ELSE [NULL] END AS __list FROM ${from})`,
  };
}

/** Two selects as one, the first as a subquery of the second. */
function joined(first: Extract<Step, { kind: 'select' }>, second: Extract<Step, { kind: 'select' }>): Step {
  return {
    kind: 'select',
    columns: second.columns,
    loses: first.loses ?? second.loses,
    fansOut: first.fansOut || second.fansOut,
    select: (from, time) => second.select(`(${first.select(from, time)})`, time),
  };
}

function needs(columns: readonly string[], wanted: readonly string[], op: string): void {
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw invalidPlan(`${op} of ${missing.join(', ')}; the columns there are ${columns.join(', ')}`);
}

function list(columns: readonly string[]): string {
  return columns.map(quoteIdent).join(', ');
}
