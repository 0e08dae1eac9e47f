/**
 * The actions of a Delta log (PROTOCOL.md, "Actions"), with the names of the spec. Numbers that the spec calls long
 * are JS numbers where they are counts, sizes or milliseconds (all below 2^53); row values never pass through here
 * other than inside the `stats` string.
 */

export interface Protocol {
  minReaderVersion: number;
  minWriterVersion: number;
  readerFeatures?: string[];
  writerFeatures?: string[];
}

export interface Metadata {
  id: string;
  name?: string;
  description?: string;
  format: { provider: string; options: Record<string, string> };
  schemaString: string;
  partitionColumns: string[];
  configuration: Record<string, string>;
  createdTime?: number;
}

export interface DeletionVector {
  storageType: 'u' | 'i' | 'p';
  pathOrInlineDv: string;
  offset?: number;
  sizeInBytes: number;
  cardinality: number;
  maxRowIndex?: number;
}

export interface AddFile {
  /** Percent-encoded URI, relative to the table root or absolute; copied byte for byte into a remove. */
  path: string;
  partitionValues: Record<string, string | null>;
  size: number;
  modificationTime: number;
  dataChange: boolean;
  /** A JSON text, see `stats.ts`. */
  stats?: string;
  tags?: Record<string, string>;
  deletionVector?: DeletionVector;
  baseRowId?: number;
  defaultRowCommitVersion?: number;
  clusteringProvider?: string;
}

export interface RemoveFile {
  path: string;
  dataChange: boolean;
  deletionTimestamp?: number;
  extendedFileMetadata?: boolean;
  partitionValues?: Record<string, string | null>;
  size?: number;
  stats?: string;
  tags?: Record<string, string>;
  deletionVector?: DeletionVector;
  baseRowId?: number;
  defaultRowCommitVersion?: number;
}

export interface Txn {
  appId: string;
  version: number;
  lastUpdated?: number;
}

export interface DomainMetadata {
  domain: string;
  configuration: string;
  removed: boolean;
}

export interface Sidecar {
  path: string;
  sizeInBytes: number;
  modificationTime: number;
}

/** Free form; these are the fields that Murmur writes and reads. Others' commits may hold any JSON here. */
export interface CommitInfo {
  timestamp?: number;
  operation?: string;
  operationParameters?: Record<string, unknown>;
  operationMetrics?: Record<string, unknown>;
  readVersion?: number;
  isolationLevel?: string;
  isBlindAppend?: boolean;
  engineInfo?: string;
  txnId?: string;
  userMetadata?: string;
  inCommitTimestamp?: number;
  /** What a streaming query tells about its batch: end offset, counts, step times (JSON text). */
  murmur?: string;
  [other: string]: unknown;
}

/** One line of a commit file: exactly one of the fields is set; unknown actions are ignored by the log reader. */
export interface Action {
  protocol?: Protocol;
  metaData?: Metadata;
  add?: AddFile;
  remove?: RemoveFile;
  txn?: Txn;
  domainMetadata?: DomainMetadata;
  commitInfo?: CommitInfo;
  cdc?: { path: string; partitionValues: Record<string, string | null>; size: number; dataChange: false };
  /** Stands in V2 checkpoints only. */
  checkpointMetadata?: { version: number };
  /** Stands in V2 checkpoints only: a file that holds a part of the adds and removes. */
  sidecar?: Sidecar;
}

/** A Parquet file that was written for a table and is not yet part of it. */
export interface DataFile {
  /** Literal path relative to the table root (not encoded). */
  path: string;
  partitionValues: Record<string, string | null>;
  size: number;
  modificationTime: number;
  numRecords: number;
  /** JSON text for `add.stats`. */
  stats: string;
  /** Whether the writer has made sure that no column holds a null that the schema forbids, nested ones too. */
  nullsChecked?: boolean;
}
