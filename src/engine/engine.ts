/**
 * The engine seam: what a streaming query is, and what can be asked of it. `pipeline` defines queries; an engine runs
 * them. Everything seen of a run is a QueryEvent; everything kept of it is in the tables.
 */
import type { Broadcast } from '../base/broadcast.js';
import type { MurmurError } from '../base/errors.js';
import type { Expectation } from './expectation.js';
import type { Plan } from './plan.js';

/** When the next batch may start. */
export type Trigger =
  /** As soon as something is new, then at least `minGapMs` between batch starts. */
  | { readonly kind: 'asap'; readonly minGapMs: number }
  | { readonly kind: 'interval'; readonly everyMs: number }
  /** Everything that is there at start, then the query ends. */
  | { readonly kind: 'available-now' };

export interface QueryLimits {
  readonly posts: number;
  readonly bytes: number;
  readonly files: number;
}

export interface QueryDefinition {
  /** Also the name of its checkpoint folder. */
  readonly name: string;
  readonly plan: Plan;
  readonly expectations: readonly Expectation[];
  readonly trigger: Trigger;
  readonly limits: QueryLimits;
  /** Options that change the meaning of rows, stamped as `murmur.<key>` table properties at creation. */
  readonly stamp: Readonly<Record<string, string>>;
}

/** A file of which something is not read, and why. */
export interface ChangedFile {
  path: string;
  reason: string;
}

export type QueryState = 'starting' | 'idle' | 'running' | 'stopping' | 'stopped' | 'failed' | 'finished';

export interface QueryStatus {
  name: string;
  state: QueryState;
  /** One sentence for people: what it does or waits for. */
  message: string;
  queryId: string;
  runId: string;
  /** The last committed batch, or null. */
  batchId: number | null;
  /** The version of the table it writes, or null. */
  tableVersion: number | null;
  backlogFiles: number;
  changedFiles: ChangedFile[];
  /** Since this run began. */
  totals: BatchCounts & { batches: number };
  lastProgress: BatchProgress | null;
  error: { code: string; fault: string; message: string; fix: string | null } | null;
}

/** By post: input = output + dropped + quarantined + superseded, exactly. */
export interface BatchCounts {
  input_posts: number;
  output_posts: number;
  output_rows: number;
  dropped_posts: number;
  quarantined_posts: number;
  superseded_posts: number;
}

/** One committed batch: a row of the `progress` table. Times in milliseconds, `started_at` since the epoch. */
export interface BatchProgress extends BatchCounts {
  stream: string;
  run_id: string;
  batch_id: number;
  started_at: number;
  duration_ms: number;
  list_ms: number;
  read_ms: number;
  transform_ms: number;
  score_ms: number;
  write_ms: number;
  commit_ms: number;
  backlog_files: number;
  event_time_lag_ms: number | null;
  table_version: number;
  /** Of a batch that was scored and looked at; not in the table, but in the batch's commit. */
  scoring?: ScoringReport;
}

/** What was seen of a batch's scores. By post, not by row. */
export interface ScoringReport {
  /** `name/version` of the model that scored the rows. */
  model: string;
  /** Another model's opinion of a sample; what it failed to score is in `sampled` alone. */
  shadow: { model: string | null; sampled: number; scored: number; agreed: number } | null;
  /** How far the newest posts, this batch's among them, are from the baseline; null while there is none. */
  drift: DriftFigures | null;
}

/** Population stability indexes of what is predicted and what comes in. */
export interface DriftFigures {
  /** Posts compared. */
  posts: number;
  score_psi: number;
  length_psi: number;
  class_psi: number;
  /** By predicted class: its share now, and in the baseline. */
  shares: Record<string, { now: number; baseline: number }>;
}

export type QueryEvent =
  | { type: 'query_started'; stream: string; runId: string; at: number }
  | { type: 'batch_committed'; stream: string; progress: BatchProgress; at: number }
  | { type: 'batch_failed'; stream: string; batchId: number; attempt: number; error: MurmurError; at: number }
  | {
      type: 'rule_fired';
      stream: string;
      rule: string;
      action: string;
      posts: number;
      detail: string;
      at: number;
    }
  | { type: 'file_changed'; stream: string; path: string; reason: string; at: number }
  /** The batch, now committed, is the first of another model. */
  | { type: 'model_changed'; stream: string; from: string; to: string; batchId: number; at: number }
  /** The model that is asked for cannot be had; the stream goes on with the one that it has. */
  | { type: 'model_watch_failed'; stream: string; model: string; error: MurmurError; at: number }
  /** The shadow model scores nothing at the moment; the stream does not mind. */
  | { type: 'shadow_failed'; stream: string; model: string; error: MurmurError; at: number }
  /** Scores, lengths or classes of new posts have moved away from the baseline. */
  | { type: 'drift_found'; stream: string; measure: string; psi: number; limit: number; at: number }
  | { type: 'state_changed'; stream: string; state: QueryState; message: string; at: number }
  | {
      type: 'query_ended';
      stream: string;
      state: 'stopped' | 'failed' | 'finished';
      error?: MurmurError;
      at: number;
    };

/** A run of several queries on one lake: exactly one per lake at any time. */
export interface EngineRun {
  readonly runId: string;
  /** What happens, for any number of listeners. */
  readonly events: Broadcast<QueryEvent>;
  status(): QueryStatus[];
  /** Starts a stopped or failed query again. @throws engine.no_such_query */
  start(name: string): Promise<void>;
  /** Drains and stops one query; its neighbours go on. @throws engine.no_such_query */
  stop(name: string): Promise<void>;
  /**
   * Ends the run: lets running batches commit for up to `drainMs`, then abandons them (they are replayed at the next
   * start). Idempotent.
   */
  close(drainMs: number): Promise<void>;
  /** Resolves when every query has ended; rejects with the first query's error if one failed. */
  readonly done: Promise<void>;
}
