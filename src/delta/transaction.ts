import type { AddFile, DataFile, Metadata } from './actions.js';
import type { Snapshot } from './snapshot.js';

export type ConflictKind =
  | 'txn'
  | 'metadata'
  | 'protocol'
  | 'concurrent_append'
  | 'delete_read'
  | 'delete_delete';

/** `version` of a conflict is the winner's. */
export type CommitResult =
  | { outcome: 'committed'; version: number; snapshot: Snapshot }
  | { outcome: 'conflict'; kind: ConflictKind; version: number };

export type IsolationLevel = 'Serializable' | 'WriteSerializable' | 'SnapshotIsolation';

export interface CommitRequest {
  /** Delta's own word: `WRITE`, `STREAMING UPDATE`, `MERGE`, `OPTIMIZE`, … */
  operation: string;
  /** Values that are not strings are written as their JSON text. */
  operationParameters?: Record<string, unknown>;
  /** Added to the metrics that follow from the files (numAddedFiles, numOutputRows, …). */
  operationMetrics?: Record<string, string>;
  /** JSON text for `commitInfo.murmur`. */
  murmur?: string;
  /** Default: `SnapshotIsolation` when no row changes, else `Serializable`. */
  isolationLevel?: IsolationLevel;
}

export class Transaction {
  constructor(readonly readVersion: number) {}

  add(_file: DataFile | AddFile, _options?: { dataChange?: boolean }): this {
    throw new Error('in work');
  }

  remove(_file: AddFile, _options?: { dataChange?: boolean }): this {
    throw new Error('in work');
  }

  txn(_appId: string, _version: number): this {
    throw new Error('in work');
  }

  setMetadata(_metadata: Metadata): this {
    throw new Error('in work');
  }

  reads(_what: 'nothing' | 'table' | readonly AddFile[]): this {
    throw new Error('in work');
  }

  commit(_request: CommitRequest): Promise<CommitResult> {
    throw new Error('in work');
  }
}
