/**
 * What server and page say to each other: REST answers and the events of `/api/events`. Both halves compile against this
 * file, which hands on `model-messages.ts`, and nothing else of each other. All times are milliseconds since the epoch;
 * every value survives JSON unchanged.
 *
 * Statuses, progress and events have the shapes of the engine's own (`QueryStatus`, `BatchProgress`, `QueryEvent`), so
 * whoever wires a running pipeline to a page hands them over as they are.
 */
import type { SeriesColumns, SeriesLimits } from '../figures/bounded-series.js';
import type { ModelFigures, RunModel } from './model-messages.js';

export type * from './model-messages.js';

export type Sentiment = 'negative' | 'neutral' | 'positive';
export const sentiments: readonly Sentiment[] = ['positive', 'neutral', 'negative'];

export type StreamState = 'starting' | 'idle' | 'running' | 'stopping' | 'stopped' | 'failed' | 'finished';

/** By post: input = output + dropped + quarantined + superseded. */
export interface BatchCounts {
  input_posts: number;
  output_posts: number;
  output_rows: number;
  dropped_posts: number;
  quarantined_posts: number;
  superseded_posts: number;
}

/** One committed batch: a row of the `progress` table. */
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
}

/** An error as it crosses a process border: never a stack, never a post's text. */
export interface ErrorMessage {
  code: string;
  fault: string;
  message: string;
  fix: string | null;
}

/** The state of one streaming query. */
export interface StreamStatus {
  name: string;
  state: StreamState;
  /** One sentence for people: what it does or waits for. */
  message: string;
  /** The last committed batch, or null. */
  batchId: number | null;
  tableVersion: number | null;
  backlogFiles: number;
  changedFiles: { path: string; reason: string }[];
  /** Since this run began. */
  totals: BatchCounts & { batches: number };
  lastProgress: BatchProgress | null;
  error: ErrorMessage | null;
}

/** One table of the lake; a table that does not exist yet has version null. */
export interface TableTotal {
  table: string;
  /** Live rows, or null where the log's statistics cannot say. */
  rows: number | null;
  version: number | null;
  files: number;
  bytes: number;
  /** Of the newest commit. */
  updatedAt: number | null;
}

/** Posts (one with several mentions counts once) by predicted sentiment, from `at` for one width. */
export interface SentimentBucket {
  at: number;
  positive: number;
  neutral: number;
  negative: number;
}

export interface SentimentOverTime {
  /** Whose time: the posts' own, or when they were scored (where no post has a time of its own). */
  by: 'timestamp' | 'scored_at';
  /** One of `figures/bucket-width.ts`: the smallest with at most 600 buckets. */
  widthMs: number;
  /** In time order; buckets without posts are left out. */
  buckets: SentimentBucket[];
}

/** A row of `application`; posts that mention nobody are not among them. */
export interface MentionRow {
  /** Lower case, without `@`. */
  mention: string;
  positive: number;
  neutral: number;
  negative: number;
}

/** Three top-20s, each in its own order, ties by name. */
export interface MentionBoards {
  /** By the sum of the three. */
  talked: MentionRow[];
  /** By posts of this sentiment. */
  positive: MentionRow[];
  negative: MentionRow[];
}

/** A post of gold, once, whatever number of mentions it has. */
export interface ScoredPost {
  post_id: string;
  user: string | null;
  text: string;
  predicted_sentiment: Sentiment;
  /** 0–100: the probability of the predicted class. */
  predicted_score: number;
  /** The post's own time. */
  timestamp: number | null;
  scored_at: number;
  model: string;
}

/** What graphs keep of batches. `duration_ms` is a sum: divided by `batches` it is the mean processing time. */
export const seriesNames = ['batches', 'input_posts', 'output_rows', 'duration_ms'] as const;
export type SeriesName = (typeof seriesNames)[number];

/** The history of one stream twice: its newest ten minutes by the second, and all of it in at most 600 buckets. */
export interface StreamHistory {
  stream: string;
  recent: SeriesColumns<SeriesName>;
  all: SeriesColumns<SeriesName>;
}
export const recentLimits: SeriesLimits = { widthMs: 1000, points: 600, whenFull: 'forget' };
export const allLimits: SeriesLimits = { widthMs: 1000, points: 600, whenFull: 'widen' };

/** One committed batch as the graphs need it. */
export interface BatchPoint {
  /** Counts up by one a batch; what a History with this `seq` or a higher one already holds. */
  seq: number;
  stream: string;
  /** When it was committed. */
  at: number;
  input_posts: number;
  output_rows: number;
  duration_ms: number;
}

export interface History {
  /** Of the newest batch it holds. */
  seq: number;
  streams: StreamHistory[];
}

/** The stations of a typed post, in order. */
export const journeyStages = ['landed', 'bronze', 'silver', 'gold', 'application'] as const;
export type JourneyStage = (typeof journeyStages)[number];

/** How far a post typed into the page has come. */
export interface Journey {
  post_id: string;
  text: string;
  /** When it was first seen at each station; a station it has not reached is absent. */
  reached: Partial<Record<JourneyStage, number>>;
  /** Its score, once gold holds it. */
  scored: ScoredPost | null;
  /** Why it will never be scored, if a rule took it out. */
  quarantined: { rule: string; reason: string } | null;
}

export interface LakeLabel {
  /** The folder's own name. */
  name: string;
  dir: string;
  /** Where posts are put, as a person would type it. */
  landing: string;
}

/** What the page shows, in parts that change on their own. */
export interface PageParts {
  /**
   * The pipeline: whether one runs on this lake now, its streams in the order in which a post passes them, and the models
   * of the run.
   */
  flow: { running: boolean; streams: StreamStatus[]; model: RunModel | null };
  tables: TableTotal[];
  history: History;
  sentiment: SentimentOverTime;
  mentions: MentionBoards;
  /** The last 20 scored, newest first. */
  posts: ScoredPost[];
  /** Null until it has been counted for the first time. */
  quality: ModelFigures | null;
}
export type Part = keyof PageParts;
export const parts: readonly Part[] = [
  'flow',
  'tables',
  'history',
  'sentiment',
  'mentions',
  'posts',
  'quality',
];

/** Everything, for the first paint: answer of `GET /api/state` and first event of every connection. */
export interface PageState extends PageParts {
  lake: LakeLabel;
  /** Murmur's version. */
  version: string;
  /** The server's clock. */
  now: number;
}

/** What changed since the last message on this connection; a part is always whole; batches are points to add to history. */
export interface PageUpdate extends Partial<PageParts> {
  now: number;
  batches?: BatchPoint[];
  journeys?: Journey[];
}

/** The events of `GET /api/events` (`event: state`, `event: update`). */
export interface PageEvents {
  state: PageState;
  update: PageUpdate;
}

/** Body of `POST /api/posts`; answered by the post's Journey. */
export interface PostDraft {
  text: string;
  user?: string;
}
/** Longest text that the page takes, in UTF-16 code units. */
export const maxDraftLength = 4000;

/** Body of every answer that is not 2xx. */
export interface Failure {
  error: ErrorMessage;
}
