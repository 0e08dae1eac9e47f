import type { DeltaTable } from './table.js';

export interface VacuumOptions {
  /** Files that left the table less than this ago are kept. Default: `delta.deletedFileRetentionDuration`. Milliseconds. */
  retainMs?: number;
  /** Needed for a `retainMs` below the table's own retention. */
  allowShorter?: boolean;
  dryRun?: boolean;
  /** True for a literal path that must stay. */
  protect?: (path: string) => boolean;
}

export interface VacuumResult {
  /** Literal paths, in byte order. */
  deleted: string[];
  bytes: number;
}

export function vacuum(_table: DeltaTable, _options?: VacuumOptions): Promise<VacuumResult> {
  throw new Error('in work');
}
