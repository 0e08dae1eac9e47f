/**
 * The MLflow run of a process: a pipeline run, an evaluation. Whoever logs never waits and never fails: values go to a
 * bounded queue, and one loop brings them to the store in batches. While MLflow is away it is said once, the newest values
 * are kept, and they are brought when it is back; what is lost after all is counted and told.
 *
 * The run's end is what `close` says. Where that does not reach the store in time, the run stays RUNNING there, and the next
 * run of the lake closes it as KILLED.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { systemClock } from '../base/clock.js';
import { asMurmurError, isMurmurError, type MurmurError } from '../base/errors.js';
import { ensureExperiment } from './experiment.js';
import { closeDeadRuns, type RunOwner, tagsOfOwner } from './run-owner.js';
import { type Pending, type PendingKind, RunQueue } from './run-queue.js';
import type { DatasetInput, Metric, MlflowStore, Run, RunStatus, Tags } from './store.js';

export interface RunLogOptions {
  experiment: string;
  name: string;
  owner: RunOwner;
  user?: string;
  params?: Tags;
  tags?: Tags;
  inputs?: readonly DatasetInput[];
  clock?: Clock;
  /** Between two batches. Default 60 s. */
  everyMs?: number;
  /** Default: nobody listens. */
  onEvent?: (event: RunLogEvent) => void;
}

export type RunLogEvent =
  | { type: 'run_opened'; runId: string }
  /** Runs of dead processes, closed as KILLED. */
  | { type: 'dead_runs_closed'; runIds: readonly string[] }
  /** MLflow cannot be used; told once until it can. */
  | { type: 'mlflow_away'; error: MurmurError }
  | { type: 'mlflow_back' }
  /** MLflow does not take a value, now or ever. */
  | { type: 'value_refused'; kind: PendingKind; error: MurmurError };

/** What became of a run in MLflow. */
export interface RunLogReport {
  /** `undefined` where it could not be made. */
  runId: string | undefined;
  /** Whether the run's end is in the store. */
  closed: boolean;
  /** Values that are not in the store and never will be. */
  dropped: Readonly<Partial<Record<PendingKind, number>>>;
}

export class RunLog {
  readonly #queue = new RunQueue();
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #stop = new AbortController();
  readonly #startTime: number;
  readonly #tags: Tags;
  #attempts = 0;
  #run: Run | undefined;
  #swept = false;
  #away = false;
  /** What is on its way. */
  #sending: Pending | undefined;
  #closing: Promise<RunLogReport> | undefined;
  readonly #loop: Promise<void>;

  /** Begins at once, in the background. The store stays the caller's, who closes it after the log. */
  static open(store: MlflowStore, options: RunLogOptions): RunLog {
    return new RunLog(store, options);
  }

  private constructor(
    readonly store: MlflowStore,
    readonly options: RunLogOptions,
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#everyMs = options.everyMs ?? 60_000;
    this.#startTime = this.#clock.now();
    this.#tags = { 'murmur.run_log': randomUUID(), ...tagsOfOwner(options.owner) };
    this.params(options.params ?? {});
    this.tags(options.tags ?? {});
    for (const input of options.inputs ?? []) this.input(input);
    this.#loop = this.#tick();
  }

  /** The run in the store, once it is there. */
  get runId(): string | undefined {
    return this.#run?.runId;
  }

  params(params: Tags): void {
    for (const [key, value] of Object.entries(params)) this.#queue.param(key, value);
  }

  tags(tags: Tags): void {
    for (const [key, value] of Object.entries(tags)) this.#queue.tag(key, value);
  }

  input(input: DatasetInput): void {
    this.#queue.input(input);
  }

  metrics(values: Readonly<Record<string, number>>, about: Pick<Metric, 'step'> & Partial<Metric>): void {
    const timestamp = this.#clock.now();
    for (const [key, value] of Object.entries(values)) {
      this.#queue.metric({ timestamp, ...about, key, value });
    }
  }

  /** A file of the run; the newest of a path is kept. */
  artifact(path: string, content: Uint8Array | string): void {
    this.#queue.artifact(path, typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
  }

  /**
   * Brings what waits and ends the run. Further calls change nothing and get the same report.
   * @param withinMs what is not done by then is given up
   */
  close(status: Exclude<RunStatus, 'RUNNING' | 'SCHEDULED'>, withinMs = 5_000): Promise<RunLogReport> {
    this.#closing ??= this.#close(status, withinMs);
    return this.#closing;
  }

  async #close(status: RunStatus, withinMs: number): Promise<RunLogReport> {
    const endTime = this.#clock.now();
    this.#stop.abort();
    const late = new AbortController();
    const ending = (async () => {
      await this.#loop;
      await this.#attempt();
      if (this.#run === undefined || this.#away) return false;
      await this.store.tracking.updateRun(this.#run.runId, { status, endTime });
      return true;
    })().catch((e) => {
      this.#failed(e);
      return false;
    });
    const closed = await Promise.race([ending, this.#clock.sleep(withinMs, late.signal).then(() => false)]);
    late.abort();
    if (this.#sending !== undefined) this.#queue.putBack(this.#sending);
    for (const [kind, count] of Object.entries(this.#queue.waiting))
      this.#queue.drop(kind as PendingKind, count);
    return { runId: this.runId, closed, dropped: this.#queue.dropped };
  }

  async #tick(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#attempt();
      await this.#clock.sleep(this.#everyMs, this.#stop.signal);
    }
  }

  /** Never rejects: what goes wrong is told, and tried again at the next turn. */
  async #attempt(): Promise<void> {
    try {
      this.#run ??= await this.#openRun();
      await this.#closeDead(this.#run);
      await this.#send(this.#run);
      if (this.#away) this.#tell({ type: 'mlflow_back' });
      this.#away = false;
    } catch (e) {
      this.#failed(e);
    }
  }

  #failed(e: unknown): void {
    const error = asMurmurError(e);
    if (!this.#away) this.#tell({ type: 'mlflow_away', error });
    this.#away = true;
  }

  async #openRun(): Promise<Run> {
    const { tracking } = this.store;
    const { experimentId } = await ensureExperiment(this.store, this.options.experiment);
    const run =
      (this.#attempts++ > 0 ? await this.#madeBefore(experimentId) : undefined) ??
      (await tracking.createRun({
        experimentId,
        name: this.options.name,
        startTime: this.#startTime,
        ...(this.options.user === undefined ? {} : { user: this.options.user }),
        tags: this.#tags,
      }));
    this.#tell({ type: 'run_opened', runId: run.runId });
    return run;
  }

  async #closeDead({ experimentId }: Run): Promise<void> {
    if (this.#swept) return;
    const runIds = await closeDeadRuns(this.store, experimentId, this.options.owner, this.#clock);
    this.#swept = true;
    if (runIds.length > 0) this.#tell({ type: 'dead_runs_closed', runIds });
  }

  /** A run whose creation failed for all we heard may be there. */
  async #madeBefore(experimentId: string): Promise<Run | undefined> {
    const value = this.#tags['murmur.run_log']!;
    const where = [{ of: 'tag', key: 'murmur.run_log', is: '=', value } as const];
    for await (const run of this.store.tracking.searchRuns({ experimentIds: [experimentId], where }))
      return run;
    return undefined;
  }

  async #send({ runId, artifactUri }: Run): Promise<void> {
    const { tracking } = this.store;
    const { params, tags, inputs, metrics, artifacts } = this.#queue.take();
    const files = new Map(artifacts);
    const rest = { params: { ...params }, tags: { ...tags }, inputs, metrics, artifacts: files };
    this.#sending = rest;
    try {
      await this.#eachOf('params', rest.params, (some) => tracking.logBatch(runId, { params: some }));
      await this.#eachOf('tags', rest.tags, (some) => tracking.logBatch(runId, { tags: some }));
      if (inputs.length > 0) {
        await this.#taken('inputs', inputs.length, () => tracking.logInputs(runId, inputs));
        rest.inputs = [];
      }
      await this.#sendMetrics(runId, metrics);
      rest.metrics = [];
      for (const [path, bytes] of artifacts) {
        await this.#taken('artifacts', 1, async () => this.store.artifacts(artifactUri).put(path, bytes));
        files.delete(path);
      }
    } catch (e) {
      this.#queue.putBack(rest);
      throw e;
    } finally {
      this.#sending = undefined;
    }
  }

  /** All at once; where one is refused, one by one, so that it alone is lost. Removes from `values` what was sent. */
  async #eachOf(kind: 'params' | 'tags', values: Record<string, string>, log: (some: Tags) => Promise<void>) {
    const keys = Object.keys(values);
    if (keys.length === 0) return;
    try {
      await log(values);
    } catch (e) {
      if (!isRefusal(e)) throw e;
      for (const [key, value] of Object.entries(values))
        await this.#taken(kind, 1, () => log({ [key]: value }));
    }
    for (const key of keys) delete values[key];
  }

  async #sendMetrics(runId: string, metrics: readonly Metric[]): Promise<void> {
    if (metrics.length === 0) return;
    const log = (some: readonly Metric[]) => this.store.tracking.logBatch(runId, { metrics: some });
    try {
      await log(metrics);
    } catch (e) {
      if (!isRefusal(e)) throw e;
      for (const metric of metrics) await this.#taken('metrics', 1, () => log([metric]));
    }
  }

  /** Does it, or drops it where MLflow refuses it for good. */
  async #taken(kind: PendingKind, count: number, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (e) {
      if (!isRefusal(e)) throw e;
      this.#queue.drop(kind, count);
      this.#tell({ type: 'value_refused', kind, error: e });
    }
  }

  #tell(event: RunLogEvent): void {
    this.options.onEvent?.(event);
  }
}

/** Whether the same value would be refused again, however often it is brought. */
function isRefusal(e: unknown): e is MurmurError {
  return ['value_invalid', 'param_changed', 'refused'].some((name) => isMurmurError(e, `mlflow.${name}`));
}
