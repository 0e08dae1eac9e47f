/** The rows of a table, now or at an earlier version. */
import { planScan } from '../delta/scan.js';
import type { Snapshot } from '../delta/snapshot.js';
import { conditionsOf } from '../duck/conditions.js';
import type { Row } from '../duck/json-value.js';
import { scanSql } from '../duck/scan.js';
import { quoteIdent } from '../duck/sql-text.js';
import type { TableContext } from './table-context.js';

export interface RowsQuery {
  /** A condition in SQL (DuckDB's), with `?` for `params`. */
  where?: string;
  params?: readonly unknown[];
  /** Default: all, in the table's order. */
  columns?: readonly string[];
  /** Default: the newest. */
  version?: number;
  /** The version that was the newest at this time; a Date, ISO 8601 text, or milliseconds since the epoch. */
  timestamp?: Date | string | number;
  limit?: number;
}

/** Values are JSON-safe: longs beyond 2^53 and decimals as text, times as ISO 8601 text, binary as base64. */
export async function* rows(context: TableContext, query: RowsQuery): AsyncGenerator<Row> {
  const snapshot = await snapshotAt(context, query);
  const columns = query.columns === undefined ? '*' : query.columns.map(quoteIdent).join(', ');
  const where = query.where === undefined ? '' : ` WHERE ${query.where}`;
  const limit = query.limit === undefined ? '' : ` LIMIT ${Math.trunc(query.limit)}`;
  const session = await context.connect();
  try {
    const conditions =
      query.where === undefined ? [] : await conditionsOf(session, query.where, snapshot.schema);
    const files = planScan(snapshot, conditions);
    const scan = await scanSql(session, snapshot, context.log.storage, { files });
    const sql = `SELECT ${columns} FROM (${scan})${where}${limit}`;
    for await (const chunk of session.stream(sql, query.params ?? [])) yield* chunk;
  } finally {
    await session.close();
  }
}

async function snapshotAt({ log }: TableContext, { version, timestamp }: RowsQuery): Promise<Snapshot> {
  if (version !== undefined) return log.at(version);
  if (timestamp !== undefined) return log.atTime(new Date(timestamp).getTime());
  return log.update();
}
