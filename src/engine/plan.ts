/**
 * A streaming query as data: frozen nodes and expressions that say what is computed, never how. An engine is a
 * dialect: `embedded` compiles a plan to DuckDB SQL, `spark` to Spark SQL. Nothing here names an engine.
 */
import type { DataType } from '../schema/column-types.js';

/** The named functions that every dialect must give the same meaning; `posts` holds their reference. */
export type FunctionName =
  | 'parse_timestamp'
  | 'timestamp_error'
  | 'mentions'
  | 'clean_text'
  | 'label_id'
  | 'coalesce'
  | 'lower';

export type Expr =
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null; readonly type: DataType }
  | { readonly kind: 'call'; readonly fn: FunctionName; readonly args: readonly Expr[] }
  /** The time at which the batch was planned (equal in a replay). */
  | { readonly kind: 'batch_time' }
  /** A boolean in the SQL that DuckDB and Spark share; the form in which users write rules. */
  | { readonly kind: 'sql'; readonly text: string };

export type Aggregate =
  | { readonly fn: 'count' }
  /** Rows for which the condition is true. */
  | { readonly fn: 'count_if'; readonly when: Expr }
  | { readonly fn: 'min' | 'max'; readonly of: Expr };

export type Node =
  /** The landing place (canonical posts) or a table of the lake, as a stream. */
  | { readonly op: 'read'; readonly from: string }
  | { readonly op: 'project'; readonly input: Node; readonly columns: Readonly<Record<string, Expr>> }
  /** Posts left out are counted as `counts` says: unwanted, or made obsolete by a later version of the post. */
  | {
      readonly op: 'filter';
      readonly input: Node;
      readonly where: Expr;
      readonly counts: 'dropped' | 'superseded';
    }
  /** Where the query's row expectations are judged: its rows are posts or parts of posts, with a `post_id`. */
  | { readonly op: 'expect'; readonly input: Node }
  /** One row an element of `column`, renamed `as`; a row with an empty or null list stays, with null. */
  | { readonly op: 'explode'; readonly input: Node; readonly column: string; readonly as: string }
  /** Adds predicted_score (0–100), predicted_sentiment, model and scored_at for the text in `column`. */
  | { readonly op: 'score'; readonly input: Node; readonly column: string }
  | {
      readonly op: 'aggregate';
      readonly input: Node;
      readonly keys: readonly string[];
      readonly measures: Readonly<Record<string, Aggregate>>;
    };

/** What happens to a key that the target has already, column by column. */
export type MergeRule = 'add' | 'least' | 'greatest' | 'replace';

export type Sink =
  | { readonly op: 'append'; readonly table: string }
  /** Upsert by null-safe equality of `keys`; columns computed from others after the merge stand in `derive`. */
  | {
      readonly op: 'merge';
      readonly table: string;
      readonly keys: readonly string[];
      readonly columns: Readonly<Record<string, MergeRule>>;
      readonly derive: Readonly<Record<string, readonly string[]>>;
    };

export interface Plan {
  readonly node: Node;
  readonly sink: Sink;
}

/** Freezes a plan through and through, so that no engine can change what another one reads. */
export function definePlan(plan: Plan): Plan {
  return deepFreeze(plan);
}

export const col = (name: string): Expr => ({ kind: 'column', name });
export const lit = (value: string | number | boolean | null, type: DataType): Expr => ({
  kind: 'literal',
  value,
  type,
});
export const call = (fn: FunctionName, ...args: Expr[]): Expr => ({ kind: 'call', fn, args });
export const sql = (text: string): Expr => ({ kind: 'sql', text });
export const batchTime: Expr = { kind: 'batch_time' };

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
