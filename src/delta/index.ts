/** The Delta protocol: log, snapshots, transactions, maintenance. The public module is `src/table`. */
export type {
  Action,
  AddFile,
  CommitInfo,
  DataFile,
  DeletionVector,
  DomainMetadata,
  Metadata,
  Protocol,
  RemoveFile,
  Txn,
} from './actions.js';
export {
  type ChangedFile,
  type ChangesRange,
  type CommitChanges,
  planChanges,
  type TableChanges,
} from './changes.js';
export {
  type ColumnMappingMode,
  columnId,
  columnMappingMode,
  physicalName,
  physicalSchema,
} from './column-mapping.js';
export type { CommitDescription } from './commit-info.js';
export type { ConflictKind, IsolationLevel } from './conflicts.js';
export type { TableSpec } from './create-table.js';
export { deletionVectorPath, readDeletionVector } from './deletion-vector.js';
export { type Commit, type DeltaEnv, DeltaLog, type HistoryEntry } from './delta-log.js';
export { type CleanUpOptions, type CleanUpResult, cleanUpLog, logCutoff } from './log-cleanup.js';
export {
  type OptimizeOptions,
  type OptimizeProgress,
  type OptimizeResult,
  optimize,
} from './optimize.js';
export type { ParquetHandler, RewriteRequest } from './parquet-handler.js';
export { decodePath, deletionVectorKey, encodePath, literalPath } from './paths.js';
export { planRestore, type RestorePlan, type RestoreResult, type RestoreTarget, restore } from './restore.js';
export type { RowRange } from './roaring-bitmap.js';
export { type Condition, partitionValue, planScan } from './scan.js';
export { liveRecordsIn, recordsIn, type Snapshot } from './snapshot.js';
export {
  type ColumnStatistics,
  type FileStatistics,
  formatStats,
  type ParsedStats,
  parseStats,
} from './stats.js';
export { TableTail, type TailFile, type TailLimits, type TailOffset, type TailOptions } from './tail.js';
export { type CommitResult, type CommitTarget, Transaction } from './transaction.js';
export { type HeldFiles, type VacuumOptions, type VacuumResult, vacuum } from './vacuum.js';
export { zOrderOf } from './z-order.js';
