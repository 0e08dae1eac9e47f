import type { AddFile } from './actions.js';
import type { Snapshot } from './snapshot.js';

export type PredicateValue = string | number | bigint | boolean | Date | null;

/** One condition on a column (a dotted path reaches into structs); a list of them is joined by AND. */
export type Predicate =
  | { column: string; op: '=' | '<' | '<=' | '>' | '>='; value: PredicateValue }
  | { column: string; op: 'is null' | 'is not null' };

/** The live files that may hold a row for which every condition is true, by statistics and partition values. */
export function planScan(snapshot: Snapshot, _where: readonly Predicate[] = []): AddFile[] {
  return [...snapshot.files];
}
