/**
 * A pipeline's run in MLflow, seen from the pipeline: what it is made of at its start, how fast it goes, how right it is, and
 * what became of it. Everything happens beside the stream; what cannot be logged is told and never fails.
 */
import type { Clock } from '../../base/clock.js';
import { asMurmurError } from '../../base/errors.js';
import { packageVersion } from '../../base/package-root.js';
import type { QueryStatus } from '../../engine/engine.js';
import { confusionSvg } from '../../figures/confusion-svg.js';
import type { MlflowRunStatus } from '../../lake/control-protocol.js';
import type { ModelQuality } from '../../lake/figures-quality.js';
import type { Lake } from '../../lake/lake.js';
import {
  type DatasetInput,
  type MlflowStore,
  mlflowVersion,
  RunLog,
  type RunLogEvent,
  type RunLogReport,
  type RunOwner,
  svgPng,
} from '../../mlflow/index.js';
import type { ModelStatus } from '../model/model-status.js';
import type { TrackingEvent } from '../run-event.js';
import type { LakeSpec } from '../spec.js';
import { experimentOf, runOwner, userName } from './log-owner.js';
import { type ModelLink, modelLink, modelMetrics, modelParams, modelTags } from './model-link.js';
import { metricsOf } from './quality-metrics.js';
import { paramsOf } from './run-params.js';
import { inputDatasets } from './table-dataset.js';
import { Throughput } from './throughput.js';

const minute = 60_000;
/** Least time between two looks at gold's labels, and how many times longer than a look they are apart. */
const lookEveryMs = 5 * minute;
const lookShare = 20;
/** Where a look takes longer, a run does not wait for one more at its end. */
const lastLookMs = 15_000;
/** How long a run's end waits for MLflow: while it answers, and while it does not. */
const closeMs = 5_000;
const closeAwayMs = 1_000;

export interface RunTrackingOptions {
  lake: Lake;
  spec: LakeSpec;
  store: MlflowStore;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** The engine's own id of the run. */
  runId: string;
  until: string;
  /** The tables as they stood when the run began. */
  inputs: readonly DatasetInput[];
  /** The models of the run, as they are now. */
  model(): ModelStatus;
  status(): QueryStatus[];
  onEvent(event: TrackingEvent): void;
}

export class RunTracking {
  readonly #o: RunTrackingOptions;
  readonly #log: RunLog;
  readonly #begun: number;
  readonly #ending = new AbortController();
  readonly #throughput: Throughput;
  readonly #startVersions: ReadonlyMap<string, string>;
  readonly #loop: Promise<void>;
  #away: string | null = null;
  /** The model that the tags of the run name. */
  #linked: string | undefined;
  #link: ModelLink | undefined;
  /** The version of gold that was looked at last, and how long that took. */
  #looked: { version: number | null; at: number; ms: number } | undefined;

  /** MLflow itself is reached in the background. */
  static async open(o: RunTrackingOptions): Promise<RunTracking> {
    return new RunTracking(o, await runOwner(o.lake, 'pipeline', true));
  }

  private constructor(o: RunTrackingOptions, owner: RunOwner) {
    const { lake, spec, store, env, clock, inputs } = o;
    this.#o = o;
    this.#begun = clock.now();
    this.#throughput = new Throughput(this.#begun);
    this.#startVersions = new Map(inputs.map(({ name, digest }) => [name, digest]));
    const user = userName();
    this.#log = RunLog.open(store, {
      experiment: experimentOf(lake.dir, store.uri, env),
      name: `run ${new Date(this.#begun).toISOString().slice(0, 19).replace('T', ' ')}`,
      owner,
      ...(user === undefined ? {} : { user }),
      params: {
        ...paramsOf(spec),
        until: o.until,
        ...modelParams(o.model()),
        mlflow_version: mlflowVersion,
        mlflow_client: `murmur-lake/${packageVersion()}`,
      },
      tags: { 'murmur.run_id': o.runId },
      inputs,
      clock,
      onEvent: (event) => this.#heard(event),
    });
    this.#loop = this.#live();
  }

  status(): MlflowRunStatus {
    return { uri: this.#o.store.uri, runId: this.#log.runId ?? null, away: this.#away };
  }

  /** Logs what is to be said at the end, and ends the run there. It never rejects, and takes some seconds at most. */
  async close(status: 'FINISHED' | 'FAILED'): Promise<RunLogReport> {
    this.#ending.abort();
    await this.#loop;
    await this.#quietly(async () => {
      this.#logThroughput();
      await this.#logModel();
      await this.#logInputs();
      await this.#look(true);
    });
    return this.#log.close(status, this.#away === null ? closeMs : closeAwayMs);
  }

  async #live(): Promise<void> {
    const { clock } = this.#o;
    const { signal } = this.#ending;
    await this.#quietly(() => this.#logModel());
    for (;;) {
      await clock.sleep(minute, signal);
      if (signal.aborted) return;
      await this.#quietly(async () => {
        this.#logThroughput();
        await this.#look(false);
      });
      await this.#quietly(() => this.#logModel());
    }
  }

  /** Params cannot change and say what the run began with; these tags say what scores now. */
  async #logModel(): Promise<void> {
    const { id, written, swaps } = this.#o.model();
    if (id === this.#linked) return;
    this.#log.tags({ 'murmur.model': id, 'murmur.model_swaps': String(swaps) });
    this.#link = await modelLink(this.#o.store, written, id);
    this.#log.tags(modelTags(this.#link));
    this.#linked = id;
  }

  #logThroughput(): void {
    const { status, model, clock } = this.#o;
    const metrics = { ...this.#throughput.metrics(status(), clock.now()), ...modelMetrics(model()) };
    this.#log.metrics(metrics, this.#now());
  }

  /** What was read in this run, up to which version. */
  async #logInputs(): Promise<void> {
    for (const input of await inputDatasets(this.#o.lake, 'run_end')) {
      if (input.digest !== this.#startVersions.get(input.name)) this.#log.input(input);
    }
  }

  /** Measures the model by gold's labelled posts, seldom enough that the stream does not feel it. */
  async #look(isLast: boolean): Promise<void> {
    const { lake, clock } = this.#o;
    const last = this.#looked;
    const began = clock.now();
    if (last !== undefined) {
      const rest = Math.max(lookEveryMs, lookShare * last.ms);
      if (isLast ? last.ms > lastLookMs : began - last.at < rest) return;
    }
    const found = await lake.figures.quality();
    this.#looked = { version: found.version, at: clock.now(), ms: clock.now() - began };
    const model = this.#modelNow(found.models);
    if (found.refused !== null) this.#log.tags({ 'murmur.not_evaluated': found.refused });
    if (model === undefined || model.evaluated === 0) return;
    const posts = (await lake.table('bronze').count()).rows;
    const evaluated = found.models.reduce((sum, each) => sum + each.evaluated, 0);
    const { ece } = model.calibration;
    const dataset = { name: 'gold', digest: `v${found.version}` };
    const modelId = model.model === this.#linked ? this.#link?.modelId : undefined;
    this.#log.metrics(
      { ...metricsOf({ ...model, ece }), coverage: posts === 0 ? 0 : evaluated / posts },
      { ...this.#now(), dataset, ...(modelId === undefined ? {} : { modelId }) },
    );
    if (!isLast) return;
    this.#log.artifact('confusion.json', JSON.stringify({ ...model.confusion, model: model.model }, null, 2));
    this.#log.artifact('confusion.png', await svgPng(confusionSvg(model.confusion, { title: model.model })));
  }

  /** Of the models whose scores stand in gold the one of this run. */
  #modelNow(models: readonly ModelQuality[]): ModelQuality | undefined {
    return models.find(({ model }) => model === this.#o.model().id);
  }

  /** Steps are seconds of the run. */
  #now(): { step: number } {
    return { step: Math.round((this.#o.clock.now() - this.#begun) / 1000) };
  }

  #heard(event: RunLogEvent): void {
    const { store, clock, onEvent } = this.#o;
    const at = clock.now();
    if (event.type === 'mlflow_away') this.#away = event.error.message;
    if (event.type === 'mlflow_back' || event.type === 'run_opened') this.#away = null;
    onEvent(toldAs(event, store.uri, at));
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (e) {
      const error = asMurmurError(e);
      this.#o.onEvent({ type: 'mlflow_refused', what: 'metrics', error, at: this.#o.clock.now() });
    }
  }
}

function toldAs(event: RunLogEvent, uri: string, at: number): TrackingEvent {
  switch (event.type) {
    case 'run_opened':
      return { type: 'mlflow_run_opened', uri, mlflowRunId: event.runId, at };
    case 'dead_runs_closed':
      return { type: 'mlflow_runs_closed', mlflowRunIds: event.runIds, at };
    case 'mlflow_away':
      return { type: 'mlflow_away', error: event.error, at };
    case 'mlflow_back':
      return { type: 'mlflow_back', at };
    case 'value_refused':
      return { type: 'mlflow_refused', what: event.kind, error: event.error, at };
  }
}
