/**
 * Where a query's batches come from: the landing place or a table. An input plans what a batch reads, as plain JSON for
 * `offsets/N`, and loads exactly that into the batch's input relation, now or after a restart.
 */
import type { BatchLimits } from '../../sources/source.js';
import type { Relation, Workspace } from './workspace.js';

/** What stands in `offsets/N` under `input`. */
export interface PlannedRead {
  kind: 'landing' | 'table';
}

/** The offsets of a query's log, as far as they are kept. */
export interface PlannedLog {
  readonly lastBatchId: number | undefined;
  /** Batches from this one on, in order. */
  from(batchId: number): AsyncIterable<{ batchId: number; input: PlannedRead }>;
}

export interface LoadOptions {
  /** When the batch was planned; the same in every replay. */
  batchTimeMs: number;
  signal: AbortSignal;
}

export interface BatchInput<P extends PlannedRead = PlannedRead> {
  /** Visible columns of the input relation, without the hidden ones. */
  readonly columns: readonly string[];
  /** Columns of the input relation that say where a post stood: `source_file`, `__position`, or neither. */
  readonly origins: readonly string[];
  /** Once, before the first `plan`: takes from the log where earlier batches ended. */
  restore(log: PlannedLog): Promise<void>;
  /** The first batch whose offsets the input may still ask for; the last batch's are always there. */
  readonly neededFrom: number;
  /**
   * What is new behind everything planned, within the limits; undefined when nothing is. Moves nothing.
   * @param toEnd only what is there now, as fixed at the first such call (available-now)
   */
  plan(limits: BatchLimits, toEnd: boolean): Promise<P | undefined>;
  /** Batch `batchId` with this input is in the log. */
  planned(batchId: number, input: P): Promise<void>;
  /** Fills the input relation. Posts that give no row (faults) are written down as lost, and counted in `posts`. */
  load(space: Workspace, input: P, options: LoadOptions): Promise<{ relation: Relation; posts: number }>;
  /** Where `input` ends, for the commit. */
  endOf(input: P): unknown;
  backlog(): { files: number; changedFiles: { path: string; reason: string }[] };
  /** How often to look without a hint. Milliseconds. */
  readonly idleLookMs: number;
  /** Calls back when something may be new; a hint. Returns the undo. */
  watch(onHint: () => void): () => void;
  /** For people: `waits for new files in landing/`. */
  readonly waitSentence: string;
  close(): Promise<void>;
}
