/** The embedded engine: streaming queries as micro-batches in this process, on DuckDB and our own Delta tables. */

export { defaultRetention, type Retention } from '../table-properties.js';
export type { BatchModel } from '../wal.js';
export type { EmbeddedContext, ScoredBatch, ScoredPost } from './context.js';
export type { Canonical } from './landing-input.js';
export { parquetRowCounter } from './parquet-rows.js';
export { type EmbeddedRun, startEmbedded } from './run.js';
