/**
 * Delta Lake for TypeScript (`murmur-lake/delta`). `DeltaTable` is a table as its user has it; `DeltaLog`, `Transaction`,
 * `planScan` and `TableTail` are what it is made of, for those who build on the log themselves. Every failure is a
 * `MurmurError` with a stable `code`, the `fault` (user, external, internal), and whether trying again can help.
 */
export { type Clock, systemClock } from '../base/clock.js';
export { type ErrorDetails, type Fault, isMurmurError, MurmurError } from '../base/errors.js';
export * from '../delta/index.js';
export { DuckDatabase, type DuckDatabaseOptions } from '../duck/database.js';
export type { Json, Row } from '../duck/json-value.js';
export { DuckParquetHandler } from '../duck/parquet-handler.js';
export { type ScanOptions, type ScanTarget, scanSql } from '../duck/scan.js';
export type { DuckSession } from '../duck/session.js';
export { type WriteParquetOptions, writeParquet } from '../duck/write-parquet.js';
export {
  type ArrayType,
  arrayOf,
  column,
  type DataType,
  type MapType,
  type PrimitiveType,
  type StructField,
  type StructType,
  struct,
} from '../schema/column-types.js';
export { LocalStorage } from '../storage/local.js';
export { MemoryStorage } from '../storage/memory.js';
export { openStorage } from '../storage/open-storage.js';
export type { ObjectInfo, PutIfAbsentOutcome, Storage } from '../storage/storage.js';
export type { AppendOptions, AppendResult } from './append.js';
export type { Assignments } from './assignments.js';
export type { ChangesQuery } from './changes.js';
export type { DeleteOptions, DeleteResult } from './delete.js';
export { type CreateOptions, DeltaTable, type DeltaTableOptions } from './delta-table.js';
export type { RowsInput, SqlInput } from './input.js';
export type { MergeOptions, MergeResult } from './merge.js';
export type { MergeClauses, WhenMatched, WhenNotMatched, WhenNotMatchedBySource } from './merge-clauses.js';
export type { OptimizeQuery } from './optimize.js';
export type { OverwriteOptions, OverwriteResult } from './overwrite.js';
export type { RestoredTable } from './restore.js';
export type { InputRow } from './row-values.js';
export type { RowsQuery } from './rows.js';
export type { UpdateOptions, UpdateResult } from './update.js';
