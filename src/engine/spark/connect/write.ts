/** Batch writes: a relation's rows into a table, in one commit. */

import type { ExecuteOptions } from './execute.js';
import { WriteOperation_SaveMode as SaveMode } from './gen/spark/connect/commands_pb.js';
import type { Relation } from './relations.js';
import type { Statements } from './statements.js';

export interface WriteOptions extends ExecuteOptions {
  path: string;
  /** Default `delta`. */
  format?: string;
  /** Default `append`. */
  mode?: 'append' | 'overwrite' | 'error_if_exists' | 'ignore';
  partitionBy?: readonly string[];
  /** Of the writer. Delta skips a write whose `txnAppId` it has seen with this `txnVersion` or a later one. */
  options?: Readonly<Record<string, string>>;
}

const modes = {
  append: SaveMode.APPEND,
  overwrite: SaveMode.OVERWRITE,
  error_if_exists: SaveMode.ERROR_IF_EXISTS,
  ignore: SaveMode.IGNORE,
} as const;

/** @throws spark.analysis (user), spark.conflict (external), spark.query_failed, spark.* */
export async function write(statements: Statements, input: Relation, to: WriteOptions): Promise<void> {
  const value = {
    input,
    source: to.format ?? 'delta',
    saveType: { case: 'path' as const, value: to.path },
    mode: modes[to.mode ?? 'append'],
    partitioningColumns: [...(to.partitionBy ?? [])],
    options: { ...to.options },
  };
  await statements.run(`writing to ${to.path}`, { case: 'writeOperation', value }, to);
}
