/** One run in its folder: what it is, what was logged to it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { notFound, paramChanged } from '../faults.js';
import type { DatasetInput, Metric, NewRun, Run, RunChange, RunStatus, Tags } from '../store.js';
import { folders, readIfThere, readTree, wellFormed, writeWhole } from './files.js';
import { type Layout, md5, readTags, tagFiles } from './layout.js';
import { metaFile, metaText, readMeta } from './meta-yaml.js';
import { appendPoints, groupBy, newest, parseRunLines, runLine } from './metric-lines.js';

/** MLflow's numbers of states. */
const statuses: Record<RunStatus, number> = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 };

const runMeta = z.object({
  run_id: z.string(),
  experiment_id: z.coerce.string(),
  run_name: z.string().nullish(),
  status: z.int().default(1),
  start_time: z.number(),
  end_time: z.number().nullish(),
  artifact_uri: z.string(),
  lifecycle_stage: z.string().default('active'),
  user_id: z.string().nullish(),
});

const edgeMeta = z.object({
  source_type: z.union([z.string(), z.number()]).transform(String),
  source_id: z.string(),
  tags: z.record(z.string(), z.string()).default({}),
  step: z.number().default(0),
});

const datasetMeta = z.object({
  name: z.string(),
  digest: z.string(),
  source_type: z.string(),
  source: z.string(),
  schema: z.string().nullish(),
  profile: z.string().nullish(),
});

export async function createRunFolder(layout: Layout, run: NewRun): Promise<string> {
  const id = randomUUID().replaceAll('-', '');
  const tags = {
    'mlflow.runName': run.name,
    ...(run.user === undefined ? {} : { 'mlflow.user': run.user }),
    ...run.tags,
  };
  await layout.create(layout.path(run.experimentId, id), {
    [metaFile]: runMetaText({
      run_id: id,
      experiment_id: run.experimentId,
      run_name: run.name,
      status: statuses.RUNNING,
      start_time: run.startTime,
      end_time: null,
      artifact_uri: layout.uri(run.experimentId, id, 'artifacts'),
      lifecycle_stage: 'active',
      user_id: run.user ?? '',
    }),
    // Python's reader takes a folder for a run only when these are there.
    'metrics/': '',
    'params/': '',
    'artifacts/': '',
    ...tagFiles('tags', tags),
  });
  return id;
}

/** `undefined` for what is no run, or deleted. */
export async function readRun(layout: Layout, folder: string): Promise<Run | undefined> {
  const meta = await readMeta(join(folder, metaFile), runMeta);
  if (meta === undefined || meta.lifecycle_stage !== 'active') return undefined;
  const metrics: Record<string, number> = {};
  for (const [key, text] of Object.entries(await readTree(join(folder, 'metrics')))) {
    const point = newest(parseRunLines(key, text, join(folder, 'metrics', key)));
    if (point !== undefined) metrics[key] = point.value;
  }
  const tags = await readTags(join(folder, 'tags'));
  return {
    runId: meta.run_id,
    experimentId: meta.experiment_id,
    name: meta.run_name ?? tags['mlflow.runName'] ?? '',
    status: statusOf(meta.status),
    startTime: meta.start_time,
    endTime: meta.end_time ?? undefined,
    artifactUri: layout.located(meta.artifact_uri),
    params: await readTags(join(folder, 'params')),
    tags,
    metrics,
    inputs: await readInputs(layout.path(meta.experiment_id), folder),
    outputs: await readOutputs(folder),
  };
}

export async function updateRunFolder(folder: string, change: RunChange): Promise<void> {
  const path = join(folder, metaFile);
  const meta = await readMeta(path, runMeta);
  if (meta === undefined) throw notFound(`run in ${folder}`, folder);
  if (change.status !== undefined) meta.status = statuses[change.status];
  if (change.endTime !== undefined) meta.end_time = change.endTime;
  await writeWhole(path, runMetaText(meta));
}

export async function writeMetrics(folder: string, metrics: readonly Metric[]): Promise<void> {
  for (const [key, points] of groupBy(metrics, (metric) => metric.key)) {
    await appendPoints(join(folder, 'metrics', key), points.map(runLine));
  }
}

export async function writeParams(folder: string, runId: string, params: Tags): Promise<void> {
  for (const [key, given] of Object.entries(params)) {
    const value = wellFormed(given);
    const known = await readIfThere(join(folder, 'params', key));
    if (known !== undefined && known !== value) throw paramChanged(key, runId);
    if (known === undefined) await writeWhole(join(folder, 'params', key), value);
  }
}

export async function writeTags(folder: string, tags: Tags): Promise<void> {
  for (const [path, value] of Object.entries(tagFiles('tags', tags)))
    await writeWhole(join(folder, path), value);
}

export async function readHistory(folder: string, key: string): Promise<Metric[]> {
  const path = join(folder, 'metrics', key);
  // Python's client writes the points that measured a model a second time.
  const lines = [...new Set(((await readIfThere(path)) ?? '').split('\n'))];
  const points = parseRunLines(key, lines.join('\n'), path);
  return points.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
}

export async function writeInput(
  layout: Layout,
  folder: string,
  run: Run,
  input: DatasetInput,
): Promise<void> {
  const dataset = md5(input.name, input.digest);
  await layout.create(layout.path(run.experimentId, 'datasets', dataset), {
    [metaFile]: metaText({
      digest: input.digest,
      name: input.name,
      profile: input.profile ?? null,
      schema: input.schema ?? null,
      source: input.source,
      source_type: input.sourceType,
    }),
  });
  await layout.create(join(folder, 'inputs', md5(dataset, run.runId)), {
    [metaFile]: metaText({
      destination_id: run.runId,
      destination_type: 'RUN',
      source_id: dataset,
      source_type: 'DATASET',
      tags: input.context === undefined ? {} : { 'mlflow.data.context': input.context },
    }),
  });
}

export async function writeOutput(
  layout: Layout,
  folder: string,
  modelId: string,
  step: number,
): Promise<void> {
  await layout.create(join(folder, 'outputs', modelId), {
    [metaFile]: metaText({
      // Python's reader looks for the model here, not for the run.
      destination_id: modelId,
      destination_type: 'MODEL_OUTPUT',
      source_id: modelId,
      source_type: 'RUN_OUTPUT',
      step,
      tags: {},
    }),
  });
}

async function readInputs(experiment: string, folder: string): Promise<DatasetInput[]> {
  const found: DatasetInput[] = [];
  for (const path of await folders(join(folder, 'inputs'))) {
    const edge = await readMeta(join(path, metaFile), edgeMeta);
    if (edge === undefined) continue;
    const dataset = await readMeta(join(experiment, 'datasets', edge.source_id, metaFile), datasetMeta);
    if (dataset === undefined) continue;
    const context = edge.tags['mlflow.data.context'];
    found.push({
      name: dataset.name,
      digest: dataset.digest,
      sourceType: dataset.source_type,
      source: dataset.source,
      ...(dataset.schema ? { schema: dataset.schema } : {}),
      ...(dataset.profile ? { profile: dataset.profile } : {}),
      ...(context === undefined ? {} : { context }),
    });
  }
  return found;
}

async function readOutputs(folder: string): Promise<{ modelId: string; step: number }[]> {
  const edges = await Promise.all(
    (await folders(join(folder, 'outputs'))).map((path) => readMeta(join(path, metaFile), edgeMeta)),
  );
  return edges.flatMap((edge) => (edge === undefined ? [] : [{ modelId: edge.source_id, step: edge.step }]));
}

function statusOf(number: number): RunStatus {
  return (Object.keys(statuses) as RunStatus[]).find((name) => statuses[name] === number) ?? 'RUNNING';
}

function runMetaText(meta: z.output<typeof runMeta>): string {
  return metaText({
    artifact_uri: meta.artifact_uri,
    end_time: meta.end_time ?? null,
    entry_point_name: '',
    experiment_id: meta.experiment_id,
    lifecycle_stage: meta.lifecycle_stage,
    run_id: meta.run_id,
    run_name: meta.run_name ?? '',
    run_uuid: meta.run_id,
    source_name: '',
    source_type: 4,
    source_version: '',
    start_time: meta.start_time,
    status: meta.status,
    tags: [],
    user_id: meta.user_id ?? '',
  });
}
