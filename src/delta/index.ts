/**
 * Delta Lake tables: the protocol, not the file format (a ParquetHandler does the Parquet work). Reading goes
 * actions -> log -> snapshot -> scan; writing goes transaction -> conflicts -> commit -> checkpoint.
 */
export type * from './actions.js';
export { type CompactOptions, type CompactResult, compact } from './compact.js';
export { decodePath, encodePath, partitionDirectory } from './file-path.js';
export type { ParquetHandler, RewriteRequest } from './parquet-handler.js';
export { type Predicate, type PredicateValue, planScan } from './scan.js';
export type { Snapshot } from './snapshot.js';
export { type ColumnStats, type FileStats, formatStats, parseStats } from './stats.js';
export { type DeltaEnv, DeltaTable, type HistoryEntry, type TableCommit, type TableSpec } from './table.js';
export { type TableOffset, TableTail, type TailFile, type TailLimits, type TailOffset } from './tail.js';
export type {
  CommitRequest,
  CommitResult,
  ConflictKind,
  IsolationLevel,
  Transaction,
} from './transaction.js';
export { type VacuumOptions, type VacuumResult, vacuum } from './vacuum.js';
