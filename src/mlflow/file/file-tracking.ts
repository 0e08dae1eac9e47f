/** Experiments, runs and logged models in MLflow's file layout. One process writes to a run; any number read. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.js';
import { alreadyExists, notFound } from '../faults.js';
import { batchesOf, checkKey, checkParams, checkTags } from '../limits.js';
import { matches, runOrder } from '../run-search.js';
import type {
  Batch,
  DatasetInput,
  Experiment,
  LoggedModel,
  Metric,
  ModelOutput,
  NewLoggedModel,
  NewRun,
  Run,
  RunChange,
  RunSearch,
  Tags,
  Tracking,
} from '../store.js';
import { createModelFolder, finalizeModel, readModel, writeModelMetrics } from './file-models.js';
import {
  createRunFolder,
  readHistory,
  readRun,
  updateRunFolder,
  writeInput,
  writeMetrics,
  writeOutput,
  writeParams,
  writeTags,
} from './file-runs.js';
import { type Layout, readTags, tagFiles } from './layout.js';
import { metaFile, metaText, readMeta } from './meta-yaml.js';

const experimentMeta = z.object({
  experiment_id: z.coerce.string(),
  name: z.string(),
  artifact_location: z.string(),
  lifecycle_stage: z.string().default('active'),
});

/** Of the experiment that MLflow expects in every store. */
const defaultId = '0';

export class FileTracking implements Tracking {
  constructor(
    readonly layout: Layout,
    readonly clock: Clock,
  ) {}

  async createExperiment({ name, tags = {} }: { name: string; tags?: Tags }): Promise<Experiment> {
    checkTags(tags);
    await this.#createIn(defaultId, 'Default', {});
    if ((await this.experimentByName(name)) !== undefined)
      throw alreadyExists(`the experiment ${name}`, this.layout.root);
    // The id follows from the name, so that of two processes that make the same experiment one is refused.
    for (let attempt = 0; ; attempt++) {
      const id = experimentId(name, attempt);
      if ((await this.#createIn(id, name, tags)) === 'created') return (await this.#readExperiment(id))!;
      if ((await this.#readExperiment(id))?.name === name) {
        throw alreadyExists(`the experiment ${name}`, this.layout.root);
      }
    }
  }

  async experimentByName(name: string): Promise<Experiment | undefined> {
    for await (const experiment of this.searchExperiments()) if (experiment.name === name) return experiment;
    return undefined;
  }

  async *searchExperiments(): AsyncIterable<Experiment> {
    for (const folder of await this.layout.experimentFolders()) {
      const experiment = await this.#readExperiment(folder.slice(this.layout.root.length + 1));
      if (experiment !== undefined) yield experiment;
    }
  }

  async createRun(run: NewRun): Promise<Run> {
    checkTags(run.tags);
    if ((await this.#readExperiment(run.experimentId)) === undefined) {
      throw notFound(`experiment ${run.experimentId}`, this.layout.root);
    }
    return this.getRun(await createRunFolder(this.layout, run));
  }

  async getRun(runId: string): Promise<Run> {
    const run = await readRun(this.layout, await this.#runFolder(runId));
    if (run === undefined) throw notFound(`run ${runId}`, this.layout.root);
    return run;
  }

  async updateRun(runId: string, change: RunChange): Promise<void> {
    await updateRunFolder(await this.#runFolder(runId), change);
  }

  async *searchRuns({ experimentIds, where = [], orderBy = [] }: RunSearch): AsyncIterable<Run> {
    const found: Run[] = [];
    for (const experimentId of experimentIds) {
      for (const folder of await this.layout.runFolders(experimentId)) {
        const run = await readRun(this.layout, folder);
        if (run !== undefined && matches(run, where)) found.push(run);
      }
    }
    yield* found.sort(runOrder(orderBy));
  }

  async logBatch(runId: string, batch: Batch): Promise<void> {
    const folder = await this.#runFolder(runId);
    for (const { metrics, params, tags } of batchesOf(batch)) {
      await writeParams(folder, runId, params);
      await writeTags(folder, tags);
      await writeModelMetrics(this.layout, runId, metrics);
      await writeMetrics(folder, metrics);
    }
  }

  async metricHistory(runId: string, key: string): Promise<Metric[]> {
    checkKey(key);
    return readHistory(await this.#runFolder(runId), key);
  }

  async logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void> {
    const [folder, run] = [await this.#runFolder(runId), await this.getRun(runId)];
    for (const dataset of datasets) await writeInput(this.layout, folder, run, dataset);
  }

  async logOutputs(runId: string, outputs: readonly ModelOutput[]): Promise<void> {
    const folder = await this.#runFolder(runId);
    for (const { modelId, step } of outputs) {
      await this.getLoggedModel(modelId);
      await writeOutput(this.layout, folder, modelId, step);
    }
  }

  async createLoggedModel(model: NewLoggedModel): Promise<LoggedModel> {
    checkTags(model.tags);
    checkParams(model.params);
    await this.getRun(model.runId);
    return this.getLoggedModel(await createModelFolder(this.layout, model, this.clock.now()));
  }

  async finalizeLoggedModel(modelId: string, status: 'READY' | 'FAILED'): Promise<void> {
    await finalizeModel(this.layout, modelId, status, this.clock.now());
  }

  async getLoggedModel(modelId: string): Promise<LoggedModel> {
    const model = /^m-\w+$/.test(modelId) ? await readModel(this.layout, modelId) : undefined;
    if (model === undefined) throw notFound(`logged model ${modelId}`, this.layout.root);
    return model;
  }

  async #runFolder(runId: string): Promise<string> {
    const folder = /^\w+$/.test(runId) ? await this.layout.find(runId) : undefined;
    if (folder === undefined) throw notFound(`run ${runId}`, this.layout.root);
    return folder;
  }

  async #readExperiment(id: string): Promise<Experiment | undefined> {
    const folder = this.layout.path(id);
    const meta = await readMeta(join(folder, metaFile), experimentMeta);
    if (meta === undefined || meta.lifecycle_stage !== 'active') return undefined;
    return {
      experimentId: meta.experiment_id,
      name: meta.name,
      artifactLocation: meta.artifact_location,
      tags: await readTags(join(folder, 'tags')),
    };
  }

  #createIn(id: string, name: string, tags: Tags): Promise<'created' | 'exists'> {
    const now = this.clock.now();
    return this.layout.create(this.layout.path(id), {
      [metaFile]: metaText({
        artifact_location: this.layout.uri(id),
        creation_time: now,
        experiment_id: id,
        last_update_time: now,
        lifecycle_stage: 'active',
        name,
      }),
      ...tagFiles('tags', tags),
    });
  }
}

/** 18 digits, as MLflow's file store gives them. */
function experimentId(name: string, attempt: number): string {
  const digest = createHash('sha256').update(`${name}\n${attempt}`).digest();
  return String(10n ** 17n + (digest.readBigUInt64BE() % (9n * 10n ** 17n)));
}
