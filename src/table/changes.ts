/** The rows that commits changed. */
import { type ChangesRange, planChanges } from '../delta/changes.js';
import { changeRows } from '../duck/changes.js';
import type { Row } from '../duck/json-value.js';
import type { TableContext } from './table-context.js';

/** Versions, both ends included; `to` is the newest if not given. */
export interface ChangesQuery extends ChangesRange {
  limit?: number;
  /**
   * Also rows that a commit deleted and inserted again because it rewrote their file. Default: false, so that what comes has
   * truly changed.
   */
  copiedRows?: boolean;
}

export async function* changes(
  { log, connect }: Pick<TableContext, 'log' | 'connect'>,
  { from, to, limit, copiedRows }: ChangesQuery,
): AsyncGenerator<Row> {
  yield* changeRows(await planChanges(log, { from, ...(to === undefined ? {} : { to }) }), {
    storage: log.storage,
    connect,
    ...(limit === undefined ? {} : { limit }),
    ...(copiedRows === undefined ? {} : { copiedRows }),
  });
}
