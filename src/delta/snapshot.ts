import type { StructType } from '../schema/column-types.js';
import type { AddFile, Metadata, Protocol } from './actions.js';

/** A table as of one version. Immutable. */
export interface Snapshot {
  readonly version: number;
  /** When the version was committed, milliseconds since the epoch, strictly increasing with versions. */
  readonly timestamp: number;
  readonly protocol: Protocol;
  readonly metadata: Metadata;
  readonly schema: StructType;
  /** The live files in UTF-8 byte order of their decoded paths. Sorted on first use. */
  readonly files: readonly AddFile[];
  readonly fileCount: number;
  /** Rows of all live files, from statistics; undefined when a file's count is not known. */
  readonly numRecords: number | undefined;
  readonly sizeInBytes: number;
  /** The highest version that application `appId` has committed, or undefined. */
  txnVersion(appId: string): number | undefined;
  /** Whether this very file (path and deletion vector) is live. */
  has(file: AddFile): boolean;
}
