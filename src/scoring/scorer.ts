/**
 * The scorer seam: texts in, class probabilities out. A text's score depends on the text and the bundle alone: not on
 * its neighbours, its order or the number of workers.
 */
export interface Scorer {
  readonly model: ScorerModel;
  /**
   * Resolves when texts can be scored; `score` waits for it by itself. Ask it first to learn early that they never can be.
   * @throws scoring.runtime_missing, scoring.golden_mismatch, scoring.bundle_invalid, scoring.load_crashed
   */
  ready(): Promise<void>;
  /**
   * Scores every text, in order. Raw post text goes in: the bundle's own `preprocess` steps are applied here, equal
   * model inputs are computed once, and results may come from the cache.
   * Equal texts may share one answer: treat it as read-only. An aborted call rejects with the signal's reason.
   * @throws scoring.crashed (retry: backoff) when the worker died with this batch twice; scoring.closed; and as `ready`
   */
  score(texts: readonly string[], signal?: AbortSignal): Promise<Score[]>;
  stats(): ScorerStats;
  /** Drains what is running, releases the sessions and ends the workers. */
  close(): Promise<void>;
}

export interface ScorerModel {
  /** `name/version`, as it stands in gold's `model` column. */
  readonly id: string;
  /** SHA-256 over the digests of the bundle's files, hex. */
  readonly digest: string;
  /** Class names in the order of `probabilities`; always of negative, neutral, positive. */
  readonly labels: readonly string[];
}

export interface Score {
  sentiment: string;
  /** 0–100: the probability of the predicted class in per cent. */
  score: number;
  /** In the order of `labels`, summing to 1. */
  probabilities: number[];
}

export interface ScorerStats {
  texts: number;
  /** Distinct model inputs that were really computed. */
  computed: number;
  cacheHits: number;
  /** Sessions loaded since start: one a worker, more only after a crash. */
  loads: number;
  restarts: number;
  /** Tokens computed, and those beside them that only fill batches up. */
  tokens: number;
  padding: number;
  /** Resident memory of the workers together, bytes, as they last told. */
  rss: number;
}
