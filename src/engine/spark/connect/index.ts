/** The thin client of Spark Connect: what Murmur's Spark engine needs of the protocol, and nothing of Murmur's tables. */
export { isLoopback, parseAddress } from './address.js';
export type { SparkField, SparkType } from './arrow-columns.js';
export type { SparkRow, SparkValue } from './arrow-rows.js';
export type { Token } from './channel.js';
export type { ExecuteOptions } from './execute.js';
export type { SourceProgress, StreamProgress } from './progress.js';
export {
  mapArrow,
  observe,
  type PythonMap,
  project,
  type ReadOptions,
  type ReadPathOptions,
  type Relation,
  readPath,
  readTable,
  sqlRelation,
  withRelations,
} from './relations.js';
export type { Observations } from './results.js';
export type { RetryPolicy } from './retry.js';
export { type ConnectOptions, connectSpark, type SparkSession } from './session.js';
export { type QueryContext, rootCause, SparkException, sparkExceptions } from './spark-exception.js';
export type { StreamingQuery, StreamOptions, StreamStatus, StreamTrigger } from './streaming-query.js';
export type { WriteOptions } from './write.js';
