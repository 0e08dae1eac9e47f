/** Where the rows of a write come from: JavaScript objects, or a query. Rows lie in DuckDB before a write plans anything. */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import { mergeSchema } from '../delta/schema-evolution.js';
import type { DuckSession } from '../duck/session.js';
import { quoteIdent } from '../duck/sql-text.js';
import { type QueryColumn, queryColumns } from '../duck/store-assignment.js';
import { type StructType, struct } from '../schema/column-types.js';
import { inferSchema } from './infer-schema.js';
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

/** An input that lies in DuckDB, to be read as often as it is asked. */
export interface StagedInput {
  /** Its name in SQL. */
  relation: string;
  columns: QueryColumn[];
}

/** Rows handed to DuckDB at once. */
const batchRows = 8192;

/**
 * The columns of rows: those of the table; with what only the rows have behind them; or no other than the rows have. Types are
 * the table's where it has the column. All but the first read every row before the first is stored.
 */
export type RowColumns = 'of the table' | 'of both' | 'own columns';

/** @throws table.column_unknown (user), table.column_unclear (user), table.value_mismatch (user), duck.sql_error (user) */
export async function stageInput(
  session: DuckSession,
  input: RowsInput,
  table: StructType,
  columns: RowColumns = 'of the table',
): Promise<StagedInput> {
  const name = `input_${randomUUID()}`;
  const relation = quoteIdent(name);
  if ('sql' in input) return { relation, columns: await stageQuery(session, relation, input) };
  // No file holds a column of type void, and no vector can.
  const known = struct(...table.fields.filter(({ type }) => type !== 'void'));
  const rows = columns === 'of the table' ? undefined : await all(input);
  const own = rows && rows.length > 0 ? inferSchema(rows, known) : known;
  await stageRows(session, name, rows ?? input, columns === 'of both' ? mergeSchema(known, own) : own);
  return { relation, columns: await session.columnTypesOf(`SELECT * FROM ${relation}`) };
}

/** The columns as the query has them: a table would rename one that is there twice, and give nulls without a type one. */
async function stageQuery(session: DuckSession, relation: string, { sql }: SqlInput): Promise<QueryColumn[]> {
  const columns = await queryColumns(session, sql);
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new MurmurError('table.column_ambiguous', `reading a query with two columns named ${twice}`, {
      fault: 'user',
      fix: 'give each column a name of its own (names ignore case)',
      context: { column: twice },
    });
  }
  // A null text can be cast to every type.
  const items = columns.map(({ name, isNull }) => {
    const column = quoteIdent(name);
    return isNull ? `CAST(${column} AS VARCHAR) AS ${column}` : column;
  });
  await session.run(`CREATE TEMP TABLE ${relation} AS SELECT ${items.join(', ')} FROM (${sql}\n)`);
  return columns;
}

async function stageRows(
  session: DuckSession,
  name: string,
  rows: Exclude<RowsInput, SqlInput>,
  schema: StructType,
): Promise<void> {
  const encode = rowEncoder(schema);
  let batch: unknown[][] = [];
  for await (const row of rows) {
    batch.push(encode(row));
    if (batch.length < batchRows) continue;
    await session.append(name, schema, batch);
    batch = [];
  }
  await session.append(name, schema, batch);
}

async function all(rows: Exclude<RowsInput, SqlInput>): Promise<InputRow[]> {
  const found: InputRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}
