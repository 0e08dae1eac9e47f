/** What the page is told of models: how right they are by gold's labels, and how the ones of a run do. */
import type { Calibration } from '../figures/calibration.js';
import type { ConfusionMatrix } from '../figures/confusion.js';
import type { SentimentMeasures } from '../figures/sentiment-measures.js';

/** How right the models are whose scores stand in gold, by the labels that its posts bring along. */
export interface ModelFigures {
  /** Of gold; null where nothing has been scored yet. */
  version: number | null;
  posts: number;
  /** Posts that bring any label along. */
  labelled: number;
  /** How labels were read, like `0/2/4`; null where they were not. */
  labels: string | null;
  /** Why nothing is measured, as a sentence; null where it is. */
  refused: string | null;
  /** By number of posts, most first. */
  models: ModelQuality[];
  /** What the newest batches tell of their scoring; null where none does. */
  last: LastScoring | null;
  /** The population stability index from which on posts count as moved. */
  drift_limit: number;
}

/** One model's measures, by the posts that bring a label along. */
export interface ModelQuality extends SentimentMeasures {
  /** `name/version`. */
  model: string;
  /** Posts that it scored; those with a label that means something, and their share. */
  posts: number;
  evaluated: number;
  coverage: number;
  scored_from: number;
  scored_to: number;
  confusion: ConfusionMatrix;
  calibration: Calibration;
  /** Posts by the probability of what was predicted, labelled or not, in the bins of `calibration`. */
  confidence: number[];
}

/** A second model's opinion of a sample of the posts. */
export interface ShadowCounts {
  model: string | null;
  sampled: number;
  scored: number;
  agreed: number;
}

/** Population stability indexes of the newest posts against the baseline. */
export interface DriftFigures {
  posts: number;
  score_psi: number;
  length_psi: number;
  class_psi: number;
  /** By predicted class. */
  shares: Record<string, { now: number; baseline: number }>;
}

export interface LastScoring {
  model: string;
  digest: string;
  shadow: ShadowCounts | null;
  drift: DriftFigures | null;
}

interface ToldFault {
  code: string;
  message: string;
  fix: string | null;
}

/** The models of a run. */
export interface RunModel {
  /** As it stands in the settings. */
  written: string;
  /** `name/version` of the one that scores. */
  id: string;
  digest: string;
  since: number;
  /** The model that takes over at the next batch. */
  next: string | null;
  swaps: number;
  /** Sessions loaded by workers: in all, and by those of the present model. */
  loads: { total: number; present: number };
  /** Workers that died and were replaced. */
  restarts: number;
  /** Texts that it was asked for, and those whose answer was known already. */
  texts: number;
  cache_hits: number;
  /** Bytes. */
  rss: number;
  /** Why the model of the name in the settings is not the one that scores. */
  fault: ToldFault | null;
  shadow: (ShadowCounts & { agreement: number | null; fault: ToldFault | null }) | null;
  /** `baseline_posts` null: they are still being gathered. */
  drift: {
    limit: number;
    baseline_posts: number | null;
    figures: DriftFigures | null;
    alarms: string[];
  };
}
