import type { Clock } from '../base/clock.js';
import type { MurmurError } from '../base/errors.js';
import type { StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import type { Action, CommitInfo } from './actions.js';
import type { ParquetHandler } from './parquet-handler.js';
import type { Snapshot } from './snapshot.js';
import type { Transaction } from './transaction.js';

/** What a table takes from the world. */
export interface DeltaEnv {
  parquet: ParquetHandler;
  clock?: Clock;
  /** For `commitInfo.engineInfo`, e.g. `murmur/0.1.0`. */
  engineInfo?: string;
  /** Told of failures that do not fail the call (a checkpoint that could not be written). */
  onWarning?(warning: MurmurError): void;
}

export interface TableSpec {
  schema: StructType;
  partitionColumns?: string[];
  configuration?: Record<string, string>;
}

export interface TableCommit {
  version: number;
  timestamp: number;
  actions: Action[];
}

export type HistoryEntry = CommitInfo & { version: number; timestamp: number };

export class DeltaTable {
  private constructor(
    readonly storage: Storage,
    readonly snapshot: Snapshot,
  ) {}

  static open(_storage: Storage, _env: DeltaEnv): Promise<DeltaTable> {
    throw new Error('in work');
  }

  static openIfExists(_storage: Storage, _env: DeltaEnv): Promise<DeltaTable | undefined> {
    throw new Error('in work');
  }

  static create(_storage: Storage, _env: DeltaEnv, _spec: TableSpec): Promise<DeltaTable> {
    throw new Error('in work');
  }

  update(): Promise<Snapshot> {
    throw new Error('in work');
  }

  at(_version: number): Promise<Snapshot> {
    throw new Error('in work');
  }

  /** The newest version committed at or before `timestamp` (milliseconds). */
  atTime(_timestamp: number): Promise<Snapshot> {
    throw new Error('in work');
  }

  begin(_options?: { readVersion?: number }): Transaction {
    throw new Error('in work');
  }

  history(_limit?: number): Promise<HistoryEntry[]> {
    throw new Error('in work');
  }

  commits(_fromVersion: number, _toVersion?: number): AsyncIterable<TableCommit> {
    throw new Error('in work');
  }
}
