/** Expressions of a plan as DuckDB SQL. Pure text: the same expression and batch time give the same SQL. */
import { quoteIdent, quoteString } from '../../duck/sql-text.js';
import { duckType } from '../../duck/types.js';
import type { Aggregate, Expr } from '../plan.js';

/**
 * @param batchTimeMs when the batch was planned, as it stands in `offsets/N`, so that a replay gives equal rows
 */
export function expressionSql(expr: Expr, batchTimeMs: number): string {
  switch (expr.kind) {
    case 'column':
      return quoteIdent(expr.name);
    case 'literal':
      return `CAST(${literalSql(expr.value)} AS ${duckType(expr.type)})`;
    case 'call':
      return `${expr.fn}(${expr.args.map((arg) => expressionSql(arg, batchTimeMs)).join(', ')})`;
    case 'batch_time':
      return timestampSql(batchTimeMs);
    case 'sql':
      // The line break ends a trailing comment.
      return `(${expr.text}\n)`;
  }
}

/** A UTC timestamp literal. */
export function timestampSql(ms: number): string {
  return `TIMESTAMPTZ '${new Date(ms).toISOString().replace('T', ' ').replace('Z', '+00')}'`;
}

export function aggregateSql(aggregate: Aggregate, batchTimeMs: number): string {
  switch (aggregate.fn) {
    case 'count':
      return 'count(*)';
    case 'count_if':
      return `count(*) FILTER (WHERE ${expressionSql(aggregate.when, batchTimeMs)})`;
    case 'min':
    case 'max':
      return `${aggregate.fn}(${expressionSql(aggregate.of, batchTimeMs)})`;
  }
}

function literalSql(value: string | number | boolean | null): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? quoteString(value) : String(value);
}
