/**
 * Expectations: what must be true of rows, and of layers. A row rule is judged row by row at the plan's `expect` node; a
 * layer rule is a share, judged over a sliding window of posts that includes the batch, before the batch is committed.
 */

export type RuleAction = 'warn' | 'drop' | 'quarantine' | 'fail';

/** The row as an object of its column values (timestamps as Date); only for rules written as functions. */
export type RowPredicate = (row: Readonly<Record<string, unknown>>) => boolean;

export interface RowRule {
  readonly kind: 'row';
  readonly name: string;
  /** True (or null-safe true) for a good row: SQL that all dialects share, or a function. A null result is not true. */
  readonly rule: string | RowPredicate;
  readonly action: RuleAction;
}

export interface LayerRule {
  readonly kind: 'layer';
  readonly name: string;
  /** For messages: `bronze → silver`. */
  readonly layers: string;
  /**
   * What is measured. `kept`: posts with at least one output row ÷ posts read. Otherwise the share of posts for which
   * `hit` is true among those for which `among` is, both SQL over the rows at the `expect` node.
   */
  readonly measure: 'kept' | { readonly hit: string; readonly among: string };
  readonly min?: number;
  readonly max?: number;
  readonly action: 'warn' | 'fail';
}

export type Expectation = RowRule | LayerRule;

/** Posts that a layer rule's window must hold before it judges: while running, and at the end of `--once`. */
export const windowPosts = { running: 500, atEnd: 50 } as const;
