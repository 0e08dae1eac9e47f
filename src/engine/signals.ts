/**
 * What the runs of a lake left behind that tells how well they went: numbers alone, whichever engine they come from. A part that
 * nobody could see is undefined, and says why in `unseen`.
 */
import type { StreamName } from '../posts/tables.js';

export interface Signals {
  /** Cores that work on the lake. */
  cores: number | undefined;
  /** Streams with batches under the present settings. */
  streams: readonly StreamSignal[];
  tables: readonly TableSignal[];
  /** The mention with most rows. */
  hottest: { mention: string; rows: number; allRows: number } | undefined;
  /** How texts get to the scorer, where its processes are ours. */
  scoring: ScoringSignal | undefined;
  /** Small files are joined beside the run, for this share of its time; undefined where the engine's writes do it. */
  joiningEffort: number | undefined;
  /** Stages of the lake's own work, newest first. */
  stages: readonly StageSignal[] | undefined;
  /** Nodes of plans whose rows went through Python. */
  python: readonly PythonSignal[] | undefined;
  /** Settings of a cluster's session in force, by their names. */
  conf: ReadonlyMap<string, string>;
  unseen: readonly { signal: string; why: string }[];
}

/** The newest batches of a stream. Times are sums, in milliseconds. */
export interface StreamSignal {
  stream: StreamName;
  batches: number;
  posts: number;
  durationMs: number;
  /** Reading, transforming and scoring: what grows with the posts. Undefined where the engine does not tell it from the rest. */
  workMs: number | undefined;
  scoreMs: number;
  /** Batches that took as many posts as one may. */
  full: number;
  /** Batches behind which something waited. */
  waiting: number;
  /** Files that waited behind the first and the last of the batches. */
  backlog: { first: number; last: number };
  limits: BatchLimits;
  /** Limits where nobody sets them. */
  usual: BatchLimits;
}

export interface BatchLimits {
  /** Undefined where the engine has no such limit. */
  posts: number | undefined;
  files: number;
}

export interface TableSignal {
  table: string;
  files: number;
  bytes: number;
  /** Files below half of `targetSize`. */
  smallFiles: number;
  smallBytes: number;
  /** Bytes that files should have. */
  targetSize: number;
  /** Its columns of Z-order, where most of it is in one. */
  zOrderBy: readonly string[] | undefined;
}

export interface ScoringSignal {
  threads: number;
  cache: boolean;
  /** Of the newest posts: how many there were, how many texts they had. Only looked at while the cache is off. */
  texts: { posts: number; distinct: number } | undefined;
}

/** Times in milliseconds; sums over the stage's tasks, unless a spread says otherwise. */
export interface StageSignal {
  id: number;
  /** What it was for, as people would say it: a stream's name, the verb of a statement. */
  work: string;
  tasks: number;
  runMs: number;
  gcMs: number;
  fetchWaitMs: number;
  inputBytes: number;
  shuffleReadBytes: number;
  shuffleWriteBytes: number;
  /** As rows in memory, and as files on disk. */
  memorySpilledBytes: number;
  diskSpilledBytes: number;
  peakMemoryBytes: number;
  taskMs: Spread;
  /** What a task read: of a shuffle, or of files. */
  taskReadBytes: Spread;
  taskSpilledBytes: Spread;
}

/** Over the tasks of a stage. */
export interface Spread {
  median: number;
  max: number;
}

export interface PythonSignal {
  work: string;
  /** Of the plan: `MapInArrow`. */
  node: string;
  rows: number;
  sentBytes: number;
  receivedBytes: number;
  /** All tasks of the node together. */
  runMs: number;
}
