/** Where the rows of a write come from: JavaScript objects, or a query. Rows lie in DuckDB before a write plans anything. */
import { randomUUID } from 'node:crypto';
import type { DuckSession } from '../duck/session.js';
import { quoteIdent } from '../duck/sql-text.js';
import type { StructType } from '../schema/column-types.js';
import { type InputRow, rowEncoder } from './row-values.js';

/**
 * A query over files or over tables of the shared database, or rows. Values of rows, by the column's type:
 *
 * | type | value |
 * |---|---|
 * | string, boolean | string, boolean |
 * | byte, short, integer, long | safe integer, bigint, decimal digits as text |
 * | float, double | number, `'NaN'`, `'Infinity'`, `'-Infinity'` |
 * | decimal(p,s) | text, bigint, number |
 * | date | `'2024-01-31'`, Date |
 * | timestamp | Date, ISO 8601 text with a zone, bigint microseconds since the epoch |
 * | timestamp_ntz | Date (read as UTC), ISO 8601 text, bigint microseconds |
 * | binary | Uint8Array |
 * | array, struct | array, object |
 * | map | Map, object, array of `{ key, value }` |
 */
export type RowsInput = Iterable<InputRow> | AsyncIterable<InputRow> | SqlInput;

export interface SqlInput {
  sql: string;
}

/** Rows handed to DuckDB at once. */
const batchRows = 8192;

/** A relation in SQL that holds the input's rows, as often as it is asked. Rows are of `schema`. */
export async function stageInput(
  session: DuckSession,
  input: RowsInput,
  schema: StructType,
): Promise<string> {
  const name = `input_${randomUUID()}`;
  const table = quoteIdent(name);
  if ('sql' in input) {
    await session.run(`CREATE TEMP TABLE ${table} AS ${input.sql}`);
    return table;
  }
  const encode = rowEncoder(schema);
  let batch: unknown[][] = [];
  for await (const row of input) {
    batch.push(encode(row));
    if (batch.length < batchRows) continue;
    await session.append(name, schema, batch);
    batch = [];
  }
  await session.append(name, schema, batch);
  return table;
}
