/**
 * One run of a lake's pipeline: takes the lake (the control socket is the lock), wires source, engine and scorer together,
 * answers those who ask over the socket, and gives everything back at the end.
 */
import { pid } from 'node:process';
import { Broadcast, type Subscription } from '../base/broadcast.js';
import { type Clock, systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import type { Environment } from '../config/interpolate.js';
import { type EmbeddedRun, startEmbedded } from '../engine/embedded/index.js';
import { settleRebuild } from '../engine/embedded/rebuild/rebuild.js';
import type { QueryEvent, QueryStatus } from '../engine/engine.js';
import { ControlServer } from '../lake/control-server.js';
import type { Lake } from '../lake/lake.js';
import { openEngineContext } from './engine-context.js';
import type { CodeRules } from './expect-options.js';
import type { LakeModels, ModelStatus } from './model/lake-models.js';
import { definePipelineQueries } from './queries.js';
import { Resources } from './resources.js';
import type { LakeSpec } from './spec.js';

/** How long the last batches may take when a run ends. Milliseconds. */
const drainMs = 5_000;

export interface RunOptions {
  /** `idle`: read everything that is there now, then end. Default: until it is stopped. */
  until?: 'idle' | 'stopped';
  /** Ends the run as `stop` does. */
  signal?: AbortSignal;
  /** Rules written as code, over those of murmur.yaml. */
  rules?: CodeRules;
  clock?: Clock;
  /** For `MLFLOW_*` and `DATABRICKS_*` variables. Default: none. */
  env?: Environment;
  /** A batch that was planned with a model that is gone is scored with the present one, instead of stopping its stream. */
  replayWithPresentModel?: boolean;
}

export interface StreamSummary {
  batches: number;
  input_posts: number;
  output_posts: number;
  output_rows: number;
  dropped_posts: number;
  quarantined_posts: number;
}

export interface RunSummary {
  streams: Record<string, StreamSummary>;
  seconds: number;
}

/** A pipeline that runs, or is about to. */
export class LakeRun {
  /** Everything that happens, from the beginning. */
  readonly events: Subscription<QueryEvent>;
  /** Resolves when all queries run; rejects when the run could not begin. */
  readonly started: Promise<void>;
  /**
   * Resolves when the run has ended and given the lake back; rejects with the error of the first query that failed, or
   * with what kept the run from beginning: lake.already_running (user), source.landing_missing (user), scoring errors.
   */
  readonly done: Promise<RunSummary>;
  /** Where the live page of this run is, for those who ask over the control socket. */
  page: string | null = null;

  readonly #broadcast = new Broadcast<QueryEvent>();
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #ending = new AbortController();
  #engine: EmbeddedRun | undefined;
  #models: LakeModels | undefined;
  #lastStatus: QueryStatus[] = [];

  constructor(
    readonly lake: Lake,
    readonly spec: LakeSpec,
    readonly options: RunOptions = {},
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#startedAt = this.#clock.now();
    this.events = this.subscribe();
    let begun!: () => void;
    let failed!: (e: unknown) => void;
    this.started = new Promise((resolve, reject) => {
      begun = resolve;
      failed = reject;
    });
    this.done = this.#live(begun);
    this.done.catch(failed);
    this.started.catch(() => undefined);
    if (options.signal?.aborted) this.#ending.abort();
    options.signal?.addEventListener('abort', () => this.#ending.abort(), { once: true });
  }

  /** Another listener of its own. */
  subscribe(buffer = 4096): Subscription<QueryEvent> {
    return this.#broadcast.subscribe(buffer);
  }

  status(): QueryStatus[] {
    return this.#engine?.status() ?? this.#lastStatus;
  }

  /** The models of the run; undefined before it has begun. */
  model(): ModelStatus | undefined {
    return this.#models?.status();
  }

  /** Starts a stopped query again. @throws engine.no_such_query, pipeline.not_running (user) */
  async start(name: string): Promise<void> {
    await this.#running().start(name);
  }

  /** Drains and stops one query, or without a name the whole run. @throws engine.no_such_query */
  async stop(name?: string): Promise<void> {
    if (name !== undefined) return this.#running().stop(name);
    this.#ending.abort();
    await this.done.catch(() => undefined);
  }

  #running(): EmbeddedRun {
    if (this.#engine !== undefined) return this.#engine;
    throw new MurmurError('pipeline.not_running', 'asking a run that has not begun or has ended', {
      fault: 'user',
    });
  }

  async #live(begun: () => void): Promise<RunSummary> {
    const { lake } = this;
    const opened = new Resources();
    let forwarded: Promise<void> | undefined;
    try {
      const server = opened.add(await ControlServer.claim(lake.paths.socket));
      const engine = await this.#open(opened);
      this.#engine = engine;
      forwarded = this.#forward(engine);
      server.serve<QueryStatus, QueryEvent>({
        status: () => ({
          pid,
          runId: engine.runId,
          startedAt: this.#startedAt,
          page: this.page,
          streams: engine.status(),
          model: this.model(),
        }),
        start: (stream) => engine.start(stream),
        stop: (stream) => engine.stop(stream),
        close: () => this.#ending.abort(),
        events: () => this.subscribe(),
      });
      begun();
      await this.#end(engine);
      return this.#summary();
    } finally {
      this.#lastStatus = this.status();
      this.#engine = undefined;
      await opened.close();
      await forwarded;
      this.#broadcast.close();
    }
  }

  async #open(opened: Resources): Promise<EmbeddedRun> {
    const { lake, spec, options } = this;
    const { env = {}, replayWithPresentModel: replayWithPresent = false } = options;
    const { context, models } = await openEngineContext(
      { lake, spec, clock: this.#clock, opened, env },
      { live: true, replayWithPresent, emit: (event) => this.#broadcast.emit(event) },
    );
    this.#models = models;
    await settleRebuild(context);
    const queries = definePipelineQueries(spec, options.until ?? 'stopped', options.rules);
    const engine = await startEmbedded(context, queries);
    opened.add({ close: () => engine.close(drainMs) });
    return engine;
  }

  /** Until all queries have ended by themselves, or the run is told to end. */
  async #end(engine: EmbeddedRun): Promise<void> {
    const { signal } = this.#ending;
    const told = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([engine.done, told]);
    if (signal.aborted) await engine.close(drainMs);
    await engine.done;
  }

  async #forward(engine: EmbeddedRun): Promise<void> {
    for await (const event of engine.events.subscribe(4096)) {
      if (event.type === 'batch_committed') await this.#models?.committed(event.progress);
      this.#broadcast.emit(event);
    }
  }

  #summary(): RunSummary {
    const streams = this.status().map(
      ({ name, totals: { superseded_posts, ...totals } }) => [name, totals] as const,
    );
    return {
      streams: Object.fromEntries(streams),
      seconds: Math.round(this.#clock.now() - this.#startedAt) / 1000,
    };
  }
}
