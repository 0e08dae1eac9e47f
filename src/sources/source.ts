/**
 * The source seam: a place from which posts arrive, read as micro-batches. A source plans offsets and yields raw
 * records; it knows no SQL and no tables. What it plans must be replayable: the same input gives the same records,
 * or `read` says which part changed.
 */

/** Offsets of one batch, as plain JSON: written verbatim to `offsets/N` before any work. */
export interface PlannedInput {
  /** One entry a file, partition or table part; the source alone knows its shape. */
  inputs: InputRange[];
  /** Records (posts and faults) and bytes of text; upper bounds, for limits and progress. */
  records: number;
  bytes: number;
}

/** A batch as the write-ahead log holds it. */
export interface PlannedBatch {
  batchId: number;
  input: PlannedInput;
}

export type FileFormat = 'ndjson' | 'json' | 'csv' | 'parquet';

/** Part of one file: byte and line ends are exclusive; `to` of one batch is `from` of the next. */
export interface InputRange {
  /** Relative to the landing place, with `/`. */
  path: string;
  /** Size, modification time and tag of the file when it was planned. */
  size: number;
  mtimeMs: number;
  etag?: string;
  format: FileFormat;
  gzip: boolean;
  from: Position;
  to: Position;
  /** The file, as it was when planned, is read to its end with this range. */
  last: boolean;
  /** How a JSON file holds its records: as one array, or as values one after the other. */
  json?: 'array' | 'values';
  /** How a CSV file is written, as found when it was first read. */
  csv?: CsvDialect;
  /** Stands behind the range's records: why the rest of the file, or all of it, gives none. */
  fault?: RecordFault;
}

/** A place in a file; both counts begin at 0. */
export interface Position {
  /** Of the text, so after decompression; 0 in Parquet. */
  byte: number;
  /** Physical lines of NDJSON, records of everything else. */
  line: number;
  /** CRC-32 of the text before `byte`; absent at byte 0 and in Parquet. */
  crc?: number;
  /** CRC-32 of the last 64 bytes before `byte`. */
  tail?: number;
}

export interface CsvDialect {
  /** One ASCII character. */
  delimiter: string;
  /** The first record holds names and is no post. */
  header: boolean;
  /** What the fields of a record are called, in order. */
  columns: string[];
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
   * nothing: only `planned` does. With a horizon it waits for what was there and has yet to stand still, so undefined
   * means that all of it is planned.
   * @throws source.landing_missing, source.unreadable
   */
  plan(limits: BatchLimits, horizon?: SourceHorizon): Promise<PlannedInput | undefined>;
  /**
   * Tells that batch `batchId` with this input is in the write-ahead log: from now on it counts as seen.
   * @throws source.state_unwritable when the source cannot keep its own notes up for so long that the log's are needed
   */
  planned(batchId: number, input: PlannedInput): Promise<void>;
  /** The last batch that the source's own notes cover; -1 for none. The log of every later batch must be kept. */
  readonly compactedTo: number;
  /**
   * Once, before the first `plan`: hands back from the write-ahead log, in order, every batch after `compactedTo` (earlier
   * ones do no harm). What the log says is the truth.
   * @throws source.state_gap when a batch is missing
   */
  restore(batches: Iterable<PlannedBatch> | AsyncIterable<PlannedBatch>): Promise<void>;
  /** The records of a planned input, in order. Replays give the same ones. */
  read(input: PlannedInput, signal?: AbortSignal): AsyncIterable<RawRecord[]>;
  /** Fixes an end for `--once`: what is there now and nothing later. */
  horizon(): Promise<SourceHorizon>;
  state(): SourceState;
  /** How often to look without a hint, since hints may get lost. Milliseconds; default 1,000. */
  readonly idleLookMs?: number;
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
