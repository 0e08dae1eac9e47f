/**
 * One run of a lake's pipeline: takes the lake (the control socket is the lock), wires source, engine and scorer together,
 * answers those who ask over the socket, and gives everything back at the end.
 */
import { pid } from 'node:process';
import { Broadcast, type Subscription } from '../base/broadcast.js';
import { type Clock, systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import type { Environment } from '../config/interpolate.js';
import { startEmbedded } from '../engine/embedded/index.js';
import { settleRebuild } from '../engine/embedded/rebuild/rebuild.js';
import type { EngineRun, QueryStatus } from '../engine/engine.js';
import { ControlServer } from '../lake/control-server.js';
import type { Lake } from '../lake/lake.js';
import { type DatasetInput, logsRuns, type MlflowStore } from '../mlflow/index.js';
import { openEngineContext } from './engine-context.js';
import type { CodeRules } from './expect-options.js';
import { impatient, openMlflow } from './mlflow.js';
import type { ModelStatus } from './model/model-status.js';
import type { OpenedEngine, RunModels } from './opened-engine.js';
import { definePipelineQueries } from './queries.js';
import { Resources } from './resources.js';
import type { RunEvent } from './run-event.js';
import type { LakeSpec } from './spec.js';
import { RunTracking } from './tracking/run-tracking.js';
import { inputDatasets } from './tracking/table-dataset.js';

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
  /** Where the run is in MLflow, and whether its end is; null where it is not logged. */
  mlflow: { uri: string; run_id: string | null; closed: boolean } | null;
}

/** A pipeline that runs, or is about to. */
export class LakeRun {
  /** Everything that happens, from the beginning. */
  readonly events: Subscription<RunEvent>;
  /** Resolves when all queries run; rejects when the run could not begin. */
  readonly started: Promise<void>;
  /**
   * Resolves when the run has ended and given the lake back; rejects with the error of the first query that failed, or
   * with what kept the run from beginning: lake.already_running (user), source.landing_missing (user), scoring errors.
   */
  readonly done: Promise<RunSummary>;
  /** Where the live page of this run is, for those who ask over the control socket. */
  page: string | null = null;

  readonly #broadcast = new Broadcast<RunEvent>();
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #ending = new AbortController();
  #engine: EngineRun | undefined;
  #models: RunModels | undefined;
  #tracking: RunTracking | undefined;
  #logged: RunSummary['mlflow'] = null;
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
  subscribe(buffer = 4096): Subscription<RunEvent> {
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

  #running(): EngineRun {
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
      server.serve<QueryStatus, RunEvent>({
        status: () => ({
          pid,
          runId: engine.runId,
          startedAt: this.#startedAt,
          page: this.page,
          mlflow: this.#tracking?.status() ?? null,
          streams: engine.status(),
          model: this.model(),
        }),
        start: (stream) => engine.start(stream),
        stop: (stream) => engine.stop(stream),
        close: () => this.#ending.abort(),
        events: () => this.subscribe(),
      });
      begun();
      await this.#end(engine).then(
        () => this.#closeTracking('FINISHED'),
        async (e) => {
          await this.#closeTracking('FAILED');
          throw e;
        },
      );
      return this.#summary();
    } finally {
      this.#lastStatus = this.status();
      this.#engine = undefined;
      await opened.close();
      await forwarded;
      this.#broadcast.close();
    }
  }

  async #open(opened: Resources): Promise<EngineRun> {
    const { lake, spec, options } = this;
    const store = logsRuns(spec.mlflow) ? this.#openStore(opened) : undefined;
    const { models, start } = await this.#openEngine(opened);
    const inputs = store === undefined ? [] : await inputDatasets(lake, 'run_start');
    const engine = await start(definePipelineQueries(spec, options.until ?? 'stopped', options.rules));
    opened.add({ close: () => engine.close(drainMs) });
    this.#models = models;
    if (store !== undefined) this.#tracking = await this.#track(store, inputs, models, engine);
    return engine;
  }

  async #openEngine(opened: Resources): Promise<OpenedEngine> {
    const { lake, spec, options } = this;
    const { env = {}, replayWithPresentModel: replayWithPresent = false } = options;
    const world = { lake, spec, clock: this.#clock, opened, env };
    const emit = (event: RunEvent) => this.#broadcast.emit(event);
    if (spec.engine !== 'embedded') {
      const { openOnSpark } = await import('./spark/open-on-spark.js');
      return openOnSpark(world, spec.engine.spark, emit);
    }
    const { context, models } = await openEngineContext(world, { live: true, replayWithPresent, emit });
    await settleRebuild(context);
    return { models, start: (queries) => startEmbedded(context, queries) };
  }

  /** What the setting says must be sound, though nobody need be there yet. */
  #openStore(opened: Resources): MlflowStore {
    const store = openMlflow(this.lake, this.spec, { ...impatient, ...this.options.env }, this.#clock);
    opened.add({ close: async () => store.close() });
    return store;
  }

  /** Begins the run in MLflow, beside the streams: nothing waits for MLflow. */
  #track(
    store: MlflowStore,
    inputs: DatasetInput[],
    models: RunModels,
    engine: EngineRun,
  ): Promise<RunTracking> {
    const { lake, spec, options } = this;
    const { env = {}, until = 'stopped' } = options;
    return RunTracking.open({
      ...{ lake, spec, store, env, inputs, until, clock: this.#clock },
      runId: engine.runId,
      model: () => models.status(),
      status: () => engine.status(),
      onEvent: (event) => this.#broadcast.emit(event),
    });
  }

  async #closeTracking(status: 'FINISHED' | 'FAILED'): Promise<void> {
    if (this.#tracking === undefined) return;
    const { runId, closed } = await this.#tracking.close(status);
    this.#logged = { uri: this.#tracking.status().uri, run_id: runId ?? null, closed };
  }

  /** Until all queries have ended by themselves, or the run is told to end. */
  async #end(engine: EngineRun): Promise<void> {
    const { signal } = this.#ending;
    const told = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([engine.done, told]);
    if (signal.aborted) await engine.close(drainMs);
    await engine.done;
  }

  async #forward(engine: EngineRun): Promise<void> {
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
      mlflow: this.#logged,
    };
  }
}
