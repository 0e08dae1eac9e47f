/** What the REST API answers, in its own words, and the same in the words of the seam. */
import { z } from 'zod';
import type {
  DatasetInput,
  Experiment,
  LoggedModel,
  Metric,
  ModelVersion,
  RegisteredModel,
  Run,
} from '../store.js';

/** Protocol buffers leave out what is empty, and may write 64-bit integers as text. */
const int64 = z.coerce.number().default(0);
const text = z.string().default('');
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value || undefined);

const tags = z
  .array(z.object({ key: z.string(), value: text }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value])));

const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]).default(0);

const metric = z
  .object({
    key: z.string(),
    value: number,
    timestamp: int64,
    step: int64,
    model_id: optionalText,
    dataset_name: optionalText,
    dataset_digest: optionalText,
  })
  .transform(
    (m): Metric => ({
      key: m.key,
      value: m.value,
      timestamp: m.timestamp,
      step: m.step,
      ...(m.model_id === undefined ? {} : { modelId: m.model_id }),
      ...(m.dataset_name === undefined || m.dataset_digest === undefined
        ? {}
        : { dataset: { name: m.dataset_name, digest: m.dataset_digest } }),
    }),
  );

export const experiment = z
  .object({ experiment_id: z.string(), name: text, artifact_location: text, tags })
  .transform(
    (e): Experiment => ({
      experimentId: e.experiment_id,
      name: e.name,
      artifactLocation: e.artifact_location,
      tags: e.tags,
    }),
  );

/** A server still finds a deleted experiment by its name. */
export const experimentUnlessDeleted = z.union([
  z.object({ lifecycle_stage: z.literal('deleted') }).transform(() => undefined),
  experiment,
]);

const datasetInput = z
  .object({
    tags,
    dataset: z.object({
      name: z.string(),
      digest: z.string(),
      source_type: text,
      source: text,
      schema: optionalText,
      profile: optionalText,
    }),
  })
  .transform(({ tags, dataset }): DatasetInput => {
    const context = tags['mlflow.data.context'];
    return {
      name: dataset.name,
      digest: dataset.digest,
      sourceType: dataset.source_type,
      source: dataset.source,
      ...(dataset.schema === undefined ? {} : { schema: dataset.schema }),
      ...(dataset.profile === undefined ? {} : { profile: dataset.profile }),
      ...(context === undefined ? {} : { context }),
    };
  });

export const run = z
  .object({
    info: z.object({
      run_id: z.string(),
      experiment_id: z.string(),
      run_name: text,
      status: z.enum(['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED']),
      start_time: int64,
      end_time: z.coerce.number().nullish(),
      artifact_uri: text,
    }),
    data: z.object({ metrics: z.array(metric).default([]), params: tags, tags }).prefault({}),
    inputs: z.object({ dataset_inputs: z.array(datasetInput).default([]) }).prefault({}),
    outputs: z
      .object({ model_outputs: z.array(z.object({ model_id: z.string(), step: int64 })).default([]) })
      .prefault({}),
  })
  .transform(
    ({ info, data, inputs, outputs }): Run => ({
      runId: info.run_id,
      experimentId: info.experiment_id,
      name: info.run_name,
      status: info.status,
      startTime: info.start_time,
      endTime: info.end_time || undefined,
      artifactUri: info.artifact_uri,
      params: data.params,
      tags: data.tags,
      metrics: Object.fromEntries(data.metrics.map((m) => [m.key, m.value])),
      inputs: inputs.dataset_inputs,
      outputs: outputs.model_outputs.map(({ model_id, step }) => ({ modelId: model_id, step })),
    }),
  );

export const loggedModel = z
  .object({
    info: z.object({
      model_id: z.string(),
      experiment_id: z.string(),
      name: text,
      source_run_id: optionalText,
      artifact_uri: text,
      status: z.string().default('LOGGED_MODEL_PENDING'),
      tags,
    }),
    data: z.object({ params: tags, metrics: z.array(metric).default([]) }).prefault({}),
  })
  .transform(
    ({ info, data }): LoggedModel => ({
      modelId: info.model_id,
      experimentId: info.experiment_id,
      name: info.name,
      runId: info.source_run_id,
      artifactUri: info.artifact_uri,
      status: modelStatus(info.status),
      tags: info.tags,
      params: data.params,
      metrics: data.metrics,
    }),
  );

export const registeredModel = z
  .object({
    name: z.string(),
    description: text,
    tags,
    aliases: z.array(z.object({ alias: z.string(), version: z.coerce.string() })).default([]),
  })
  .transform(
    (m): RegisteredModel => ({
      name: m.name,
      description: m.description,
      tags: m.tags,
      aliases: Object.fromEntries(m.aliases.map(({ alias, version }) => [alias, version])),
    }),
  );

export const modelVersion = z
  .object({
    name: z.string(),
    version: z.coerce.string(),
    source: text,
    run_id: optionalText,
    creation_timestamp: int64,
    description: text,
    tags,
    aliases: z.array(z.string()).default([]),
  })
  .transform(
    (v): ModelVersion => ({
      name: v.name,
      version: v.version,
      source: v.source,
      runId: v.run_id,
      createdAt: v.creation_timestamp,
      description: v.description,
      tags: v.tags,
      aliases: v.aliases,
    }),
  );

export const metrics = z.array(metric).default([]);

function modelStatus(status: string): LoggedModel['status'] {
  if (status === 'LOGGED_MODEL_READY') return 'READY';
  return status === 'LOGGED_MODEL_UPLOAD_FAILED' ? 'FAILED' : 'PENDING';
}
