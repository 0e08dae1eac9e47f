/** Evaluations and comparisons as runs of MLflow: what was judged by which rows, the measures, and the report. */
import type { Clock } from '../base/clock.js';
import { asMurmurError, type MurmurError } from '../base/errors.js';
import { packageVersion } from '../base/package-root.js';
import type { Environment } from '../config/interpolate.js';
import { confusionSvg } from '../figures/confusion-svg.js';
import {
  type DatasetInput,
  logsRuns,
  type MlflowStore,
  mlflowVersion,
  RunLog,
  type RunOwner,
  svgPng,
  trackingUri,
} from '../mlflow/index.js';
import { openFolderMlflow, openMlflow } from '../pipeline/mlflow.js';
import type { OpenLake } from '../pipeline/open.js';
import {
  experimentOf,
  folderOwner,
  type RunKind,
  runOwner,
  userName,
} from '../pipeline/tracking/log-owner.js';
import { modelLink, modelParams } from '../pipeline/tracking/model-link.js';
import { metricsOf } from '../pipeline/tracking/quality-metrics.js';
import type { ScorerModel } from '../scoring/scorer.js';
import type { Comparison } from './compare.js';
import { comparisonHtml } from './comparison-html.js';
import type { Evaluation } from './evaluation.js';
import { evaluationHtml } from './evaluation-html.js';

/** Where such runs are logged. */
export interface LogPlace {
  store: MlflowStore;
  experiment: string;
  owner(kind: RunKind): RunOwner | Promise<RunOwner>;
  clock?: Clock;
}

/** What became of a run in MLflow. */
export interface Logged {
  uri: string;
  run_id: string | null;
  /** Whether all of it is there. */
  closed: boolean;
  /** Why not, or null. */
  fault: string | null;
}

/** How long a run waits for MLflow at its end: a picture and a report have to get there. */
const closeMs = 60_000;

/** Undefined where the lake logs no runs. Its store is the caller's, who closes it. */
export function lakeLogPlace({ lake, spec, env, clock }: OpenLake): LogPlace | undefined {
  if (!logsRuns(spec.mlflow)) return undefined;
  const store = openMlflow(lake, spec, env, clock);
  return {
    store,
    experiment: experimentOf(lake.dir, store.uri, env),
    owner: (kind) => runOwner(lake, kind, false),
    ...(clock === undefined ? {} : { clock }),
  };
}

/** Outside of a lake runs are logged where the environment names a place, and nowhere else. */
export function folderLogPlace(folder: string, env: Environment): LogPlace | undefined {
  if (trackingUri('', env) === '') return undefined;
  const store = openFolderMlflow(folder, env);
  return {
    store,
    experiment: experimentOf(folder, store.uri, env),
    owner: (kind) => folderOwner(folder, kind),
  };
}

/** @param written the model as it was named, so that a registered one is linked; its `digest` where it is known */
export function logEvaluation(
  place: LogPlace,
  evaluation: Evaluation,
  about: { dataset: DatasetInput; written?: string; digest?: string },
): Promise<Logged> {
  const { dataset, written = '', digest = '' } = about;
  return logged(place, 'evaluation', `evaluate ${evaluation.model}`, async (log) => {
    describe(log, evaluation, dataset);
    log.params({
      ...modelParams({ id: evaluation.model, digest }),
      ...(written === '' ? {} : { model: written }),
    });
    const link = await modelLink(place.store, written, evaluation.model).catch(() => undefined);
    if (link !== undefined) log.tags({ 'murmur.model_uri': `models:/${link.name}/${link.version}` });
    log.metrics(metricsOf(evaluation), {
      step: 0,
      dataset: { name: dataset.name, digest: dataset.digest },
      ...(link?.modelId === undefined ? {} : { modelId: link.modelId }),
    });
    log.artifact('evaluation.json', json(evaluation));
    log.artifact('evaluation.html', evaluationHtml(evaluation));
    log.artifact('slices.json', json(evaluation.slices));
    log.artifact('confusion.json', json(evaluation.confusion));
    log.artifact(
      'confusion.png',
      await svgPng(confusionSvg(evaluation.confusion, { title: evaluation.model })),
    );
  });
}

export function logComparison(
  place: LogPlace,
  comparison: Comparison,
  about: { dataset: DatasetInput; models: readonly ScorerModel[] },
): Promise<Logged> {
  const { dataset, models } = about;
  const names = comparison.models.map(({ model }) => model);
  return logged(place, 'comparison', `compare ${names.join(' / ')}`, async (log) => {
    describe(log, comparison.models[0]!, dataset);
    models.forEach(({ id, digest }, i) => {
      log.params({ [`model_${i + 1}`]: id, [`model_${i + 1}_digest`]: digest });
    });
    const of = { step: 0, dataset: { name: dataset.name, digest: dataset.digest } };
    for (const [i, evaluation] of comparison.models.entries()) {
      const metrics = Object.entries(metricsOf(evaluation));
      log.metrics(Object.fromEntries(metrics.map(([key, value]) => [`model_${i + 1}.${key}`, value])), of);
      log.artifact(`confusion/model_${i + 1}.json`, json(evaluation.confusion));
      log.artifact(
        `confusion/model_${i + 1}.png`,
        await svgPng(confusionSvg(evaluation.confusion, { title: evaluation.model })),
      );
    }
    // As `compare` lists them: the first with each behind it, then the second.
    const order = names.flatMap((_, i) => names.slice(i + 1).map((_, j) => `pair_${i + 1}_${i + j + 2}`));
    for (const [i, { agreement, p }] of comparison.pairs.entries()) {
      log.metrics({ [`${order[i]}.agreement`]: agreement, [`${order[i]}.mcnemar_p`]: p }, of);
    }
    log.artifact('comparison.json', json(comparison));
    log.artifact('comparison.html', comparisonHtml(comparison));
  });
}

function describe(log: RunLog, { labels, rows }: Evaluation, dataset: DatasetInput): void {
  log.params({
    data: dataset.name,
    data_digest: dataset.digest,
    data_rows: String(rows),
    labels,
    mlflow_version: mlflowVersion,
    mlflow_client: `murmur-lake/${packageVersion()}`,
  });
  log.input(dataset);
}

/** What cannot be logged is told in the answer; it never fails the work that it is about. */
export async function logged(
  { store, experiment, owner, clock }: LogPlace,
  kind: RunKind,
  name: string,
  fill: (log: RunLog) => Promise<void>,
): Promise<Logged> {
  let fault: MurmurError | undefined;
  const user = userName();
  const log = RunLog.open(store, {
    experiment,
    name,
    owner: await owner(kind),
    ...(user === undefined ? {} : { user }),
    ...(clock === undefined ? {} : { clock }),
    onEvent: (event) => {
      if ('error' in event) fault = event.error;
    },
  });
  let status: 'FINISHED' | 'FAILED' = 'FINISHED';
  await fill(log).catch((e) => {
    fault = asMurmurError(e);
    status = 'FAILED';
  });
  const { runId, closed } = await log.close(status, closeMs);
  return { uri: store.uri, run_id: runId ?? null, closed, fault: fault?.message ?? null };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
