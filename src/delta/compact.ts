import type { DeltaTable } from './table.js';

export interface CompactOptions {
  /** Bytes a file should have; smaller ones are candidates. */
  targetSize: number;
  /** The least number of files that a rewrite must bring together. Default 2. */
  minFiles?: number;
}

export interface CompactResult {
  version: number;
  filesAdded: number;
  filesRemoved: number;
  bytesAdded: number;
  bytesRemoved: number;
}

/** Brings small files together; undefined when there was nothing to do or another writer was quicker. */
export function compact(_table: DeltaTable, _options: CompactOptions): Promise<CompactResult | undefined> {
  throw new Error('in work');
}
