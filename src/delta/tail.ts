import type { AddFile } from './actions.js';
import type { DeltaTable } from './table.js';

/** A place in a table's stream of rows: everything before (version, file, row) has been read. */
export interface TableOffset {
  version: number;
  /** Index among the version's `dataChange` adds in decoded path order; of a snapshot, among its files. */
  file: number;
  /** Rows of that file that have been read. */
  row: number;
}

export interface TailOffset extends TableOffset {
  tableId: string;
  /** True while the snapshot at `version` is being read, before the tail from `version + 1`. */
  snapshot?: true;
}

export interface TailFile {
  version: number;
  file: number;
  add: AddFile;
  /** Physical rows of the file, from its statistics. */
  numRecords: number | undefined;
  /** Rows to leave out at its start. */
  fromRow: number;
  /** The offset behind this file. */
  next: TailOffset;
}

/** Soft limits: a file is taken while capacity remains, so at least one always goes. */
export interface TailLimits {
  files?: number;
  bytes?: number;
  rows?: number;
}

export class TableTail {
  constructor(readonly table: DeltaTable) {}

  initial(): Promise<TailOffset> {
    throw new Error('in work');
  }

  /** @param until the last version to read, inclusive */
  filesAfter(_offset: TailOffset, _limits?: TailLimits, _until?: { version: number }): Promise<TailFile[]> {
    throw new Error('in work');
  }
}
