import type { StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import type { Action, AddFile, DataFile } from './actions.js';

/**
 * What the Delta module needs done with Parquet files and does not do itself. The protocol decides, the handler
 * works: it never looks at the log. `duck` implements it.
 */
export interface ParquetHandler {
  /** The actions held by checkpoint Parquet files (V1 parts, V2 top files and sidecars), columns unknown to us left out. */
  readCheckpoint(storage: Storage, paths: string[]): Promise<Action[]>;
  /**
   * Writes one classic checkpoint file at exactly `path` (caller renames): the schema of PROTOCOL.md's
   * "Checkpoint Schema", PLAIN pages. Returns the number of rows in the file as read back from it.
   */
  writeCheckpoint(
    storage: Storage,
    path: string,
    actions: Iterable<Action>,
  ): Promise<{ rows: number; size: number }>;
  /** Rewrites live rows of `files` into new files near `targetSize` bytes. Contents stay identical. */
  rewrite(request: RewriteRequest): Promise<DataFile[]>;
}

export interface RewriteRequest {
  /** The table's storage: paths in `files` are relative to it (percent-encoded, as in the log). */
  storage: Storage;
  schema: StructType;
  partitionColumns: string[];
  /** Table properties (statistics columns, column mapping). */
  configuration: Record<string, string>;
  files: AddFile[];
  /** Bytes. */
  targetSize: number;
  /** Puts the rows into Z-order by these columns, as the schema spells them; else, or when empty, they keep their order. */
  zOrderBy?: readonly string[];
}
