/** The fast way in: rows of JavaScript values as DuckDB data chunks, column by column. */
import { setImmediate } from 'node:timers/promises';
import type { DuckDBAppender, DuckDBConnection, DuckDBType, DuckDBVector } from '@duckdb/node-api';
import type { StructType } from '../schema/column-types.js';
import { type Encode, encoder } from './js-value.js';
import type { DuckApi } from './native.js';
import { nativeType } from './native-type.js';
import { quoteIdent } from './sql-text.js';
import { duckType } from './types.js';

/** DuckDB's vector size: the rows of one chunk. */
const chunkRows = 2048;

export async function appendRows(
  api: DuckApi,
  connection: DuckDBConnection,
  table: string,
  schema: StructType,
  rows: Iterable<readonly unknown[]>,
): Promise<number> {
  const appender = await openAppender(connection, table, schema);
  const types = schema.fields.map((f) => nativeType(api, f.type));
  const encoders = schema.fields.map((f) => encoder(api, f.type));
  let count = 0;
  try {
    let batch: (readonly unknown[])[] = [];
    for (const row of rows) {
      batch.push(row);
      if (batch.length < chunkRows) continue;
      appendChunk(api, appender, types, encoders, batch);
      count += batch.length;
      batch = [];
      // Filling chunks holds the JavaScript thread; others get their turn between two of them.
      await setImmediate();
    }
    if (batch.length > 0) appendChunk(api, appender, types, encoders, batch);
    return count + batch.length;
  } finally {
    appender.closeSync();
  }
}

async function openAppender(
  connection: DuckDBConnection,
  table: string,
  schema: StructType,
): Promise<DuckDBAppender> {
  try {
    return await connection.createAppender(table);
  } catch {
    const columns = schema.fields.map((f) => `${quoteIdent(f.name)} ${duckType(f.type)}`);
    await connection.run(`CREATE TEMP TABLE IF NOT EXISTS ${quoteIdent(table)} (${columns.join(', ')})`);
    return connection.createAppender(table);
  }
}

function appendChunk(
  api: DuckApi,
  appender: DuckDBAppender,
  types: readonly DuckDBType[],
  encoders: readonly Encode[],
  rows: readonly (readonly unknown[])[],
): void {
  const chunk = api.DuckDBDataChunk.create(types, rows.length);
  encoders.forEach((encode, column) => {
    // The library types the items of a vector only in its subclasses.
    const vector = chunk.getColumnVector(column) as DuckDBVector & {
      setItem(row: number, value: unknown): void;
      flush(): void;
    };
    for (let row = 0; row < rows.length; row++) vector.setItem(row, encode(rows[row]![column]));
    vector.flush();
  });
  appender.appendDataChunk(chunk);
}
