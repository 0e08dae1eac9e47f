/** A feed in memory that a test moves by hand; the harness lets it move by itself. */

import { MurmurError } from '../../src/base/errors.js';
import { BatchHistory } from '../../src/dashboard/batch-history.js';
import type { DashboardFeed, FeedChange } from '../../src/dashboard/feed.js';
import type {
  BatchPoint,
  BatchProgress,
  Journey,
  JourneyStage,
  LakeLabel,
  MentionRow,
  ModelFigures,
  ModelQuality,
  PageParts,
  Part,
  PostDraft,
  RunModel,
  ScoredPost,
  Sentiment,
  StreamStatus,
} from '../../src/dashboard/messages.js';
import { calibrationOf } from '../../src/figures/calibration.js';
import { sentimentMeasures } from '../../src/figures/sentiment-measures.js';

export const streams = ['bronze', 'silver', 'gold', 'application'];

export class FakeFeed implements DashboardFeed {
  readonly lake: LakeLabel = {
    name: 'my-lake',
    dir: '/home/ada/my-lake',
    landing: '/home/ada/my-lake/landing',
  };
  readonly listeners = new Set<(change: FeedChange) => void>();
  readonly history = new BatchHistory(streams);
  readonly journeys = new Map<string, Journey>();
  /** How often each part was read. */
  readonly reads: Record<Part, number> = {
    flow: 0,
    tables: 0,
    history: 0,
    sentiment: 0,
    mentions: 0,
    posts: 0,
    quality: 0,
  };
  readonly calls: string[] = [];
  parts: Omit<PageParts, 'history'> = {
    flow: { running: true, streams: streams.map((name) => status(name)), model: null },
    tables: [],
    sentiment: { by: 'timestamp', widthMs: 1000, buckets: [] },
    mentions: { talked: [], positive: [], negative: [] },
    posts: [],
    quality: figures(),
  };

  async read<P extends Part>(part: P): Promise<PageParts[P]> {
    this.reads[part]++;
    return { ...this.parts, history: this.history.message() }[part];
  }

  subscribe(listener: (change: FeedChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(change: FeedChange): void {
    for (const listener of this.listeners) listener(change);
  }

  set<P extends Exclude<Part, 'history'>>(part: P, value: PageParts[P]): void {
    this.parts = { ...this.parts, [part]: value };
    this.tell({ part });
  }

  batch(batch: Omit<BatchPoint, 'seq'>): void {
    this.tell({ batch: this.history.add(batch) });
  }

  async post(draft: PostDraft): Promise<Journey> {
    this.calls.push(`post ${draft.user ?? ''}: ${draft.text}`);
    const post_id = `page-${this.journeys.size}`;
    const journey: Journey = {
      post_id,
      text: draft.text,
      reached: { landed: Date.now() },
      scored: null,
      quarantined: null,
    };
    this.journeys.set(post_id, journey);
    return journey;
  }

  reach(postId: string, stage: JourneyStage, scored: ScoredPost | null = null): void {
    const before = this.journeys.get(postId)!;
    const journey = {
      ...before,
      reached: { ...before.reached, [stage]: Date.now() },
      scored: scored ?? before.scored,
    };
    this.journeys.set(postId, journey);
    this.tell({ journey });
  }

  async journey(postId: string): Promise<Journey | undefined> {
    return this.journeys.get(postId);
  }

  async start(stream: string): Promise<void> {
    this.#known(stream);
    this.calls.push(`start ${stream}`);
  }

  async stop(stream: string): Promise<void> {
    this.#known(stream);
    this.calls.push(`stop ${stream}`);
  }

  #known(stream: string): void {
    if (streams.includes(stream)) return;
    throw new MurmurError('engine.no_such_query', `no stream named ${stream}`, { fault: 'user' });
  }
}

export function status(name: string, change: Partial<StreamStatus> = {}): StreamStatus {
  const counts = {
    input_posts: 0,
    output_posts: 0,
    output_rows: 0,
    dropped_posts: 0,
    quarantined_posts: 0,
    superseded_posts: 0,
  };
  return {
    name,
    state: 'idle',
    message: name === 'bronze' ? 'waiting for new files' : 'waiting for new rows',
    batchId: null,
    tableVersion: null,
    backlogFiles: 0,
    changedFiles: [],
    totals: { ...counts, batches: 0 },
    lastProgress: null,
    error: null,
    ...change,
  };
}

export function progress(stream: string, change: Partial<BatchProgress> = {}): BatchProgress {
  return {
    stream,
    run_id: 'run',
    batch_id: 0,
    started_at: Date.now(),
    duration_ms: 80,
    list_ms: 2,
    read_ms: 10,
    transform_ms: 20,
    score_ms: 0,
    write_ms: 30,
    commit_ms: 18,
    backlog_files: 0,
    event_time_lag_ms: null,
    table_version: 1,
    input_posts: 10,
    output_posts: 10,
    output_rows: 10,
    dropped_posts: 0,
    quarantined_posts: 0,
    superseded_posts: 0,
    ...change,
  };
}

export function scored(text: string, sentiment: Sentiment, change: Partial<ScoredPost> = {}): ScoredPost {
  return {
    post_id: text,
    user: 'ada',
    text,
    predicted_sentiment: sentiment,
    predicted_score: 98.2,
    timestamp: Date.now(),
    scored_at: Date.now(),
    model: 'murmur-minilm/1',
    ...change,
  };
}

export function mention(name: string, positive: number, neutral: number, negative: number): MentionRow {
  return { mention: name, positive, neutral, negative };
}

/** What is known of no models at all. */
export function figures(change: Partial<ModelFigures> = {}): ModelFigures {
  return {
    version: null,
    posts: 0,
    labelled: 0,
    labels: null,
    refused: null,
    models: [],
    last: null,
    drift_limit: 0.25,
    ...change,
  };
}

/**
 * A model that scored so many posts alike sure, `counts` of them with a label.
 * @param counts `[actual][predicted]`: negative, neutral, positive
 */
export function measured(
  model: string,
  posts: number,
  counts: number[][],
  sure = 0.9,
  change: Partial<ModelQuality> = {},
): ModelQuality {
  const confusion = { labels: ['negative', 'neutral', 'positive'], counts };
  const evaluated = counts.flat().reduce((sum, posts) => sum + posts, 0);
  const right = counts.reduce((sum, row, i) => sum + row[i]!, 0);
  const bins = Array.from({ length: 15 }, (_, bin) =>
    bin === Math.ceil(sure * 15) - 1 ? { rows: evaluated, probability: evaluated * sure, right } : nothing,
  );
  return {
    model,
    posts,
    evaluated,
    coverage: posts === 0 ? 0 : evaluated / posts,
    scored_from: 0,
    scored_to: 0,
    ...sentimentMeasures(confusion),
    confusion,
    calibration: calibrationOf(bins),
    confidence: bins.map(({ rows }) => (rows > 0 ? posts : 0)),
    ...change,
  };
}
const nothing = { rows: 0, probability: 0, right: 0 };

export function runModel(change: Partial<RunModel> = {}): RunModel {
  return {
    written: 'bundled',
    id: 'murmur-minilm/1',
    digest: 'd1',
    since: 0,
    next: null,
    swaps: 0,
    loads: { total: 1, present: 1 },
    restarts: 0,
    texts: 0,
    cache_hits: 0,
    rss: 0,
    fault: null,
    shadow: null,
    drift: { limit: 0.25, baseline_posts: null, figures: null, alarms: [] },
    ...change,
  };
}
