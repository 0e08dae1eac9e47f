/** Logged models in their folders. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { notFound } from '../faults.js';
import type { LoggedModel, Metric, NewLoggedModel } from '../store.js';
import { readTree, writeWhole } from './files.js';
import { type Layout, readTags, tagFiles } from './layout.js';
import { metaFile, metaText, readMeta } from './meta-yaml.js';
import { appendPoints, groupBy, modelLine, newest, parseModelLines } from './metric-lines.js';

/** MLflow's numbers of states. */
const statuses = { PENDING: 1, READY: 2, FAILED: 3 } as const;

const modelMeta = z.object({
  artifact_location: z.string(),
  creation_timestamp: z.number(),
  experiment_id: z.coerce.string(),
  last_updated_timestamp: z.number(),
  model_id: z.string(),
  model_type: z.string().nullish(),
  name: z.string(),
  source_run_id: z.string().nullish(),
  status: z.int(),
  status_message: z.string().nullish(),
  lifecycle_stage: z.string().default('active'),
});

export async function createModelFolder(layout: Layout, model: NewLoggedModel, now: number): Promise<string> {
  const id = `m-${randomUUID().replaceAll('-', '')}`;
  await layout.create(layout.path(model.experimentId, 'models', id), {
    [metaFile]: modelMetaText({
      artifact_location: layout.uri(model.experimentId, 'models', id, 'artifacts'),
      creation_timestamp: now,
      experiment_id: model.experimentId,
      last_updated_timestamp: now,
      model_id: id,
      model_type: model.modelType ?? '',
      name: model.name,
      source_run_id: model.runId,
      status: statuses.PENDING,
      status_message: null,
      lifecycle_stage: 'active',
    }),
    'metrics/': '',
    'params/': '',
    'artifacts/': '',
    ...tagFiles('params', model.params ?? {}),
    ...tagFiles('tags', model.tags ?? {}),
  });
  return id;
}

/** `undefined` for a model that is not there, or deleted. */
export async function readModel(layout: Layout, modelId: string): Promise<LoggedModel | undefined> {
  const folder = await layout.find('models', modelId);
  const meta = folder && (await readMeta(join(folder, metaFile), modelMeta));
  if (!folder || !meta || meta.lifecycle_stage !== 'active') return undefined;
  return {
    modelId: meta.model_id,
    experimentId: meta.experiment_id,
    name: meta.name,
    runId: meta.source_run_id ?? undefined,
    artifactUri: layout.located(meta.artifact_location),
    status: statusOf(meta.status),
    tags: await readTags(join(folder, 'tags')),
    params: await readTags(join(folder, 'params')),
    metrics: await readMetrics(join(folder, 'metrics')),
  };
}

export async function finalizeModel(
  layout: Layout,
  modelId: string,
  status: 'READY' | 'FAILED',
  now: number,
): Promise<void> {
  const folder = await layout.find('models', modelId);
  const meta = folder && (await readMeta(join(folder, metaFile), modelMeta));
  if (!folder || !meta) throw notFound(`logged model ${modelId}`, layout.root);
  const changed = { ...meta, status: statuses[status], last_updated_timestamp: now };
  await writeWhole(join(folder, metaFile), modelMetaText(changed));
}

/** Adds the points that measured a model to the model's own. */
export async function writeModelMetrics(
  layout: Layout,
  runId: string,
  metrics: readonly Metric[],
): Promise<void> {
  const measured = metrics.filter((metric) => metric.modelId !== undefined);
  for (const [modelId, points] of groupBy(measured, (metric) => metric.modelId!)) {
    const folder = await layout.find('models', modelId);
    if (folder === undefined) throw notFound(`logged model ${modelId}`, layout.root);
    for (const [key, own] of groupBy(points, (point) => point.key)) {
      const lines = own.map((point) => modelLine(point, runId));
      await appendPoints(join(folder, 'metrics', key), lines);
    }
  }
}

/** Of each metric and data set the newest point. */
async function readMetrics(folder: string): Promise<Metric[]> {
  const found: Metric[] = [];
  for (const [key, text] of Object.entries(await readTree(folder))) {
    const points = parseModelLines(key, text, join(folder, key));
    const byDataset = groupBy(points, ({ dataset }) => `${dataset?.name} ${dataset?.digest}`);
    found.push(...[...byDataset.values()].map((some) => newest(some)!));
  }
  return found;
}

function statusOf(number: number): LoggedModel['status'] {
  if (number === statuses.READY) return 'READY';
  return number === statuses.FAILED ? 'FAILED' : 'PENDING';
}

function modelMetaText(meta: z.output<typeof modelMeta>): string {
  return metaText({
    artifact_location: meta.artifact_location,
    creation_timestamp: meta.creation_timestamp,
    experiment_id: meta.experiment_id,
    last_updated_timestamp: meta.last_updated_timestamp,
    lifecycle_stage: meta.lifecycle_stage,
    model_id: meta.model_id,
    model_type: meta.model_type ?? '',
    name: meta.name,
    source_run_id: meta.source_run_id ?? null,
    status: meta.status,
    status_message: meta.status_message ?? null,
  });
}
