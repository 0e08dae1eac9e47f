/** The scorer of a model bundle: preprocesses, computes each distinct model input once, and remembers. */
import { sharePieces } from './batcher.js';
import type { Bundle } from './bundle.js';
import type { Scored } from './onnx-model.js';
import { type Preprocess, preprocessOf } from './preprocess.js';
import { ScoreCache } from './score-cache.js';
import { scoreOf } from './score-of.js';
import type { Score, Scorer, ScorerModel, ScorerStats } from './scorer.js';
import { scorerClosed } from './scorer-closed.js';
import { rowsOf } from './session.js';
import { type PoolOptions, WorkerPool } from './worker-pool.js';

export interface OnnxScorerOptions extends PoolOptions {
  cache: boolean;
}

/** Some megabytes: streams repeat themselves within minutes, or not at all. */
const cacheLimits = { entries: 20_000, bytes: 16 * 2 ** 20 };

/**
 * Characters of a model input that are looked at, for each token the model reads. Words of more than 100 characters are one
 * unknown token, so nothing that counts lies behind them; a text of megabytes would take seconds to split.
 */
const longestToken = 512;

export class OnnxScorer implements Scorer {
  readonly model: ScorerModel;
  readonly #bundle: Bundle;
  readonly #pool: WorkerPool;
  readonly #preprocess: Preprocess;
  readonly #cache: ScoreCache | undefined;
  readonly #counts = { texts: 0, computed: 0, cacheHits: 0 };
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  /** Starts loading at once. */
  constructor(bundle: Bundle, options: OnnxScorerOptions) {
    this.#bundle = bundle;
    this.model = bundle.model;
    this.#preprocess = preprocessOf(bundle.config.preprocess);
    this.#cache = options.cache ? new ScoreCache(cacheLimits) : undefined;
    this.#pool = new WorkerPool(bundle, options);
  }

  async ready(): Promise<void> {
    await this.#pool.ready();
  }

  /** Process ids of the workers. */
  get pids(): number[] {
    return this.#pool.pids;
  }

  async score(texts: readonly string[], signal?: AbortSignal): Promise<Score[]> {
    if (this.#closed !== undefined) throw scorerClosed();
    signal?.throwIfAborted();
    const running = this.#score(texts, signal);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  stats(): ScorerStats {
    return { ...this.#counts, ...this.#pool.stats };
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#running).then(() => this.#pool.close());
    return this.#closed;
  }

  async #score(texts: readonly string[], signal: AbortSignal | undefined): Promise<Score[]> {
    const longest = this.#bundle.config.max_tokens * longestToken;
    const inputs = texts.map((text) => this.#preprocess(text).slice(0, longest));
    const scores = new Map<string, Score>();
    const missing: string[] = [];
    for (const input of new Set(inputs)) {
      const known = this.#cache?.get(input);
      if (known === undefined) missing.push(input);
      else scores.set(input, known);
    }
    this.#counts.texts += texts.length;
    this.#counts.cacheHits += scores.size;
    await this.#compute(missing, scores, signal);
    return inputs.map((input) => scores.get(input)!);
  }

  async #compute(
    missing: string[],
    scores: Map<string, Score>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { labels } = this.model;
    const pieces = sharePieces(missing, this.#pool.workers, this.#bundle.config.max_tokens).map((piece) =>
      piece.map((i) => missing[i]!),
    );
    const onScored = (piece: number, { probabilities }: Scored) => {
      const inputs = pieces[piece]!;
      this.#counts.computed += inputs.length;
      rowsOf(probabilities, labels.length).forEach((row, i) => {
        const score = scoreOf(row, labels);
        scores.set(inputs[i]!, score);
        this.#cache?.set(inputs[i]!, score);
      });
    };
    await this.#pool.run({ pieces, onScored, signal });
  }
}
