/**
 * The MLflow store seam: experiments, runs, artifacts, logged models and the registry of models, in MLflow's own words.
 * A tracking server (`rest/`) and a folder in MLflow's file layout (`file/`) are two implementations of it, and Python's
 * client reads what either of them wrote. What is not there where a caller may well ask (an experiment by name, an alias)
 * is `undefined`; all else is an error `mlflow.*`.
 *
 * Times are milliseconds since the epoch. Keys of metrics, params and tags are of `[A-Za-z0-9_.-]`, at most 250 characters.
 */

export interface MlflowStore {
  /** The tracking URI, as Python's client takes it; without credentials. */
  readonly uri: string;
  readonly tracking: Tracking;
  readonly registry: Registry;
  /**
   * The files below an artifact URI, as runs, logged models and versions carry one.
   * @throws mlflow.artifacts_unsupported (user) for a place that only a cloud's own client reaches
   */
  artifacts(uri: string): Artifacts;
  /** Ends what is under way: it rejects with `mlflow.closed`. */
  close(): void;
}

export type Tags = Readonly<Record<string, string>>;
export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

export interface Tracking {
  /** @throws mlflow.already_exists (user) */
  createExperiment(experiment: { name: string; tags?: Tags }): Promise<Experiment>;
  experimentByName(name: string): Promise<Experiment | undefined>;
  searchExperiments(): AsyncIterable<Experiment>;

  /** A run that is RUNNING. */
  createRun(run: NewRun): Promise<Run>;
  /** @throws mlflow.not_found (user) */
  getRun(runId: string): Promise<Run>;
  updateRun(runId: string, change: RunChange): Promise<void>;
  /** Newest start first where no order is given. */
  searchRuns(search: RunSearch): AsyncIterable<Run>;

  /**
   * Any number of values; more than a server takes at once are sent in several calls, metrics last. The same value again
   * is no change.
   * @throws mlflow.param_changed (user): a param is written once
   */
  logBatch(runId: string, batch: Batch): Promise<void>;
  /** Every point of a metric, in the order of step and time. */
  metricHistory(runId: string, key: string): Promise<Metric[]>;
  logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void>;
  /** Shows logged models on the page of the run that made them. */
  logOutputs(runId: string, outputs: readonly ModelOutput[]): Promise<void>;

  /** A model that is PENDING until it is finalized: its files may come. */
  createLoggedModel(model: NewLoggedModel): Promise<LoggedModel>;
  finalizeLoggedModel(modelId: string, status: 'READY' | 'FAILED'): Promise<void>;
  /** @throws mlflow.not_found (user) */
  getLoggedModel(modelId: string): Promise<LoggedModel>;
}

export interface Registry {
  /** @throws mlflow.already_exists (user) */
  createModel(model: { name: string; tags?: Tags; description?: string }): Promise<RegisteredModel>;
  getModel(name: string): Promise<RegisteredModel | undefined>;
  searchModels(): AsyncIterable<RegisteredModel>;
  setModelTag(name: string, key: string, value: string): Promise<void>;

  /** The next version of a model that exists. @throws mlflow.not_found (user) */
  createVersion(version: NewModelVersion): Promise<ModelVersion>;
  getVersion(name: string, version: string): Promise<ModelVersion | undefined>;
  /** Newest first. */
  searchVersions(name: string): AsyncIterable<ModelVersion>;
  setVersionTag(name: string, version: string, key: string, value: string): Promise<void>;
  /** Where the files of a version are: an artifact URI. */
  versionLocation(name: string, version: string): Promise<string>;

  /** Moves the alias if it is there. @throws mlflow.not_found (user) */
  setAlias(name: string, alias: string, version: string): Promise<void>;
  /** Also of an alias that is not there. */
  deleteAlias(name: string, alias: string): Promise<void>;
  versionByAlias(name: string, alias: string): Promise<ModelVersion | undefined>;
}

/** Files below one artifact URI. Paths are relative to it and separated by `/`. */
export interface Artifacts {
  /** What lies directly in a folder, sorted by path; nothing where the folder is not there. */
  list(folder?: string): Promise<ArtifactInfo[]>;
  put(path: string, bytes: Uint8Array): Promise<void>;
  upload(localFile: string, path: string): Promise<void>;
  /** @throws mlflow.not_found (user) */
  read(path: string): Promise<Uint8Array>;
  /** Streams into a local file that is not there yet. @throws mlflow.not_found (user) */
  download(path: string, localFile: string): Promise<void>;
}

export interface ArtifactInfo {
  path: string;
  isFolder: boolean;
  /** Bytes of a file, where the store tells. */
  size: number | undefined;
}

export interface Experiment {
  experimentId: string;
  name: string;
  artifactLocation: string;
  tags: Tags;
}

export interface NewRun {
  experimentId: string;
  name: string;
  startTime: number;
  /** Who started it; shown in the list of runs. */
  user?: string;
  tags?: Tags;
}

export interface Run {
  runId: string;
  experimentId: string;
  name: string;
  status: RunStatus;
  startTime: number;
  endTime: number | undefined;
  artifactUri: string;
  params: Tags;
  tags: Tags;
  /** Of each metric the value with the highest step, of these the latest. */
  metrics: Readonly<Record<string, number>>;
  inputs: readonly DatasetInput[];
  outputs: readonly ModelOutput[];
}

export interface RunChange {
  status?: RunStatus;
  endTime?: number;
}

export interface Batch {
  metrics?: readonly Metric[];
  params?: Tags;
  tags?: Tags;
}

export interface Metric {
  key: string;
  /** NaN is kept; what is infinite becomes the largest double of its sign. */
  value: number;
  timestamp: number;
  step: number;
  /** The logged model that was measured: the value shows on its page too. */
  modelId?: string;
  /** What it was measured on. */
  dataset?: { name: string; digest: string };
}

export interface DatasetInput {
  name: string;
  /** What tells two states of it apart, at most 36 characters: for a Delta table its version. */
  digest: string;
  sourceType: string;
  /** JSON, as are schema and profile. */
  source: string;
  schema?: string;
  profile?: string;
  /** What it was used for: `training`, `evaluation`. */
  context?: string;
}

export interface ModelOutput {
  modelId: string;
  step: number;
}

export interface NewLoggedModel {
  experimentId: string;
  name: string;
  /** The run that made it. */
  runId: string;
  modelType?: string;
  params?: Tags;
  tags?: Tags;
}

export interface LoggedModel {
  modelId: string;
  experimentId: string;
  name: string;
  runId: string | undefined;
  artifactUri: string;
  status: 'PENDING' | 'READY' | 'FAILED';
  tags: Tags;
  params: Tags;
  metrics: readonly Metric[];
}

export interface RegisteredModel {
  name: string;
  description: string;
  tags: Tags;
  /** Version by alias. */
  aliases: Tags;
}

export interface NewModelVersion {
  name: string;
  /** `models:/<model id>`, or an artifact URI. */
  source: string;
  runId?: string;
  modelId?: string;
  description?: string;
  tags?: Tags;
}

export interface ModelVersion {
  name: string;
  version: string;
  source: string;
  runId: string | undefined;
  createdAt: number;
  description: string;
  tags: Tags;
  aliases: readonly string[];
}

/** All conditions hold. What a run does not have fulfils none of them. */
export interface RunSearch {
  experimentIds: readonly string[];
  where?: readonly Condition[];
  orderBy?: readonly Order[];
  /** Runs that one answer of a server holds. Default 1000. */
  pageSize?: number;
}

export type Condition =
  | { of: 'metric'; key: string; is: Comparison; value: number }
  | { of: 'param' | 'tag'; key: string; is: '=' | '!='; value: string }
  | { of: 'attribute'; key: 'status'; is: '=' | '!='; value: RunStatus }
  | { of: 'attribute'; key: 'start_time'; is: Comparison; value: number };

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** Runs without the metric come last. */
export type Order = { descending?: boolean } & (
  | { of: 'metric'; key: string }
  | { of: 'attribute'; key: 'start_time' }
);
