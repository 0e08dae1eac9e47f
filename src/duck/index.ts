/** DuckDB sessions, Parquet in and out with exact Delta statistics, and SQL over Delta tables. */
export { type ChangeRowsOptions, changeColumns, changeRows } from './changes.js';
export type { Compression, FileLayout } from './data-files.js';
export { DuckDatabase, type DuckDatabaseOptions } from './database.js';
export { exportParquet } from './export.js';
export type { Json, Row } from './json-value.js';
export { type MergeOptions, type MergePlan, type MergeRule, planMerge } from './merge.js';
export { DuckParquetHandler } from './parquet-handler.js';
export { type RegisteredTable, registerTables } from './register-tables.js';
export { type ScanOptions, type ScanTarget, scanSql } from './scan.js';
export { DuckSession, type QueryOptions, type ResultColumn } from './session.js';
export { quoteIdent, quoteList, quoteString } from './sql-text.js';
export { deltaType, duckType } from './types.js';
export { type WriteParquetOptions, writeParquet } from './write-parquet.js';
