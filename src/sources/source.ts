/**
 * The source seam: a place from which posts arrive, read as micro-batches. A source plans offsets and yields raw
 * records; it knows no SQL and no tables. What it plans must be replayable: the same input gives the same records,
 * or `read` says which part changed.
 */

/** Offsets of one batch, as plain JSON: written verbatim to `offsets/N` before any work. */
export interface PlannedInput {
  /** One entry a file, partition or table part; the source alone knows its shape. */
  inputs: InputRange[];
  /** Upper bounds, for limits and progress. */
  records: number;
  bytes: number;
}

/** Part of one file: byte and line ends are exclusive; `to` of one batch is `from` of the next. */
export interface InputRange {
  path: string;
  size: number;
  mtimeMs: number;
  etag?: string;
  format: 'ndjson' | 'json' | 'csv' | 'parquet';
  gzip: boolean;
  /** Bytes and physical lines for NDJSON; records (ordinals) otherwise. Lines and ordinals count from 0. */
  from: { byte: number; line: number };
  to: { byte: number; line: number };
  /** The file is read to its end with this range. */
  last: boolean;
}

/** One thing that stood in the source: a post's fields, or why there is none. */
export type RawRecord = {
  /** Relative to the landing place, with `/`. */
  source_file: string;
  /** 1-based physical line (blank and broken lines counted); the 1-based ordinal for arrays, CSV and Parquet. */
  position: number;
} & (
  | { fields: Record<string, unknown> }
  | { fault: RecordFault }
  /** Only Parquet: the rows of this range are to be read by the engine; ordinals start at `position`. */
  | { parquet: { uri: string; fromRow: number; toRow: number } }
);

export interface RecordFault {
  /** Becomes `quarantine.rule`. */
  rule: 'bad_line' | 'line_too_long' | 'source_changed' | 'unreadable';
  reason: string;
  /** What stood there, cut to at most 4 kB, made valid UTF-8. */
  raw: string;
}

export interface BatchLimits {
  posts: number;
  bytes: number;
  files: number;
}

export interface SourceState {
  /** Files not yet read to their end, and their bytes. */
  backlogFiles: number;
  backlogBytes: number;
  /** Seen files that shrank or were rewritten; never ignored in silence. */
  changedFiles: { path: string; reason: string }[];
}

export interface Source {
  /**
   * What is new behind everything planned so far, within the limits; undefined when there is nothing. The call moves
   * nothing: only `planned` does.
   * @throws source.landing_missing, source.unreadable
   */
  plan(limits: BatchLimits, horizon?: SourceHorizon): Promise<PlannedInput | undefined>;
  /** Tells that batch `batchId` with this input is in the write-ahead log: from now on it counts as seen. */
  planned(batchId: number, input: PlannedInput): Promise<void>;
  /** The records of a planned input, in order. Replays give the same ones. */
  read(input: PlannedInput, signal?: AbortSignal): AsyncIterable<RawRecord[]>;
  /** Fixes an end for `--once`: what is there now and nothing later. */
  horizon(): Promise<SourceHorizon>;
  state(): SourceState;
  /** Calls back (at most every 50 ms) when something may be new; a hint, never the truth. Returns the undo. */
  watch(onHint: () => void): () => void;
  close(): Promise<void>;
}

export interface SourceHorizon {
  /** Milliseconds since the epoch at which the listing was taken. */
  at: number;
  /** Path to size of every file that was there. */
  files: ReadonlyMap<string, number>;
}
