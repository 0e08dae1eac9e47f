/** DuckDB sessions, Parquet in and out with exact Delta statistics, and SQL over Delta tables. */
export { DuckDatabase, type DuckDatabaseOptions } from './database.js';
export type { Json, Row } from './json-value.js';
export type { DuckSession, QueryOptions, ResultColumn } from './session.js';
export { quoteIdent, quoteList, quoteString } from './sql-text.js';
export { deltaType, duckType } from './types.js';
