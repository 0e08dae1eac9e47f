/** Expressions of a plan as Spark SQL. */
import { lowerSql } from '../../../posts/sql/spark.js';
import { quoted, quotedName } from '../../../posts/sql/spark-literals.js';
import type { Aggregate, Expr, FunctionName } from '../../plan.js';
import { typeDdl } from '../ddl.js';
import { isTrue, sharedSql } from './shared-sql.js';

export function expressionSql(expr: Expr): string {
  switch (expr.kind) {
    case 'column':
      return quotedName(expr.name);
    case 'literal':
      return `CAST(${literalSql(expr.value)} AS ${typeDdl(expr.type)})`;
    case 'call':
      return callSql(expr.fn, expr.args.map(expressionSql));
    case 'batch_time':
      return batchTimeSql;
    case 'sql':
      return `(${sharedSql(expr.text)}\n)`;
  }
}

function callSql(fn: FunctionName, args: readonly string[]): string {
  return fn === 'lower' && args[0] !== undefined ? lowerSql(args[0]) : `${fn}(${args.join(', ')})`;
}

/** In a stream this is the time that stands in the batch's offsets, so that a replay gives it again. */
export const batchTimeSql = 'current_timestamp()';

export function aggregateSql(aggregate: Aggregate): string {
  switch (aggregate.fn) {
    case 'count':
      return 'count(*)';
    case 'count_if':
      return `count(CASE WHEN ${conditionSql(aggregate.when)} THEN 1 END)`;
    case 'min':
    case 'max':
      return `${aggregate.fn}(${expressionSql(aggregate.of)})`;
  }
}

/** An expression as a condition; null is false. */
export function conditionSql(expr: Expr): string {
  return expr.kind === 'sql' ? isTrue(expr.text) : `coalesce(${expressionSql(expr)}, false)`;
}

function literalSql(value: string | number | boolean | null): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? quoted(value) : String(value);
}
