/** Experiments, runs and logged models on a tracking server. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isMurmurError } from '../../base/errors.js';
import { paramChanged } from '../faults.js';
import { batchesOf, checkParams, checkTags } from '../limits.js';
import { filterText, orderTexts } from '../run-search.js';
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
import { experiment, experimentUnlessDeleted, loggedModel, metrics, run } from './answers.js';
import { type Api, nothing } from './api.js';

/** Tag by which a thing is found again whose creation was not answered. */
export const requestTag = 'murmur.request';

const next = z.string().optional();

export class RestTracking implements Tracking {
  constructor(readonly api: Api) {}

  async createExperiment({ name, tags = {} }: { name: string; tags?: Tags }): Promise<Experiment> {
    checkTags(tags);
    const request = randomUUID();
    const created = await this.api.call({
      doing: `creating the experiment ${name}`,
      method: 'POST',
      path: 'experiments/create',
      body: { name, tags: list({ ...tags, [requestTag]: request }) },
      answer: z.object({ experiment_id: z.string() }),
      recover: async () => {
        const found = await this.experimentByName(name);
        return found?.tags[requestTag] === request ? { experiment_id: found.experimentId } : undefined;
      },
    });
    const answer = await this.api.call({
      doing: `reading the experiment ${name}`,
      method: 'GET',
      path: 'experiments/get',
      query: { experiment_id: created.experiment_id },
      answer: z.object({ experiment }),
    });
    return answer.experiment;
  }

  async experimentByName(name: string): Promise<Experiment | undefined> {
    try {
      const answer = await this.api.call({
        doing: `looking for the experiment ${name}`,
        method: 'GET',
        path: 'experiments/get-by-name',
        query: { experiment_name: name },
        answer: z.object({ experiment: experimentUnlessDeleted }),
      });
      return answer.experiment;
    } catch (e) {
      if (isMurmurError(e, 'mlflow.not_found')) return undefined;
      throw e;
    }
  }

  searchExperiments(): AsyncIterable<Experiment> {
    return this.api.pages(async (page_token) => {
      const answer = await this.api.call({
        doing: 'listing the experiments',
        method: 'POST',
        path: 'experiments/search',
        body: { max_results: 1000, page_token },
        answer: z.object({ experiments: z.array(experiment).default([]), next_page_token: next }),
      });
      return { items: answer.experiments, next: answer.next_page_token };
    });
  }

  async createRun({ experimentId, name, startTime, user, tags = {} }: NewRun): Promise<Run> {
    checkTags(tags);
    const request = randomUUID();
    const answer = await this.api.call({
      doing: `creating the run ${name}`,
      method: 'POST',
      path: 'runs/create',
      body: {
        experiment_id: experimentId,
        run_name: name,
        start_time: startTime,
        user_id: user,
        tags: list({
          ...(user === undefined ? {} : { 'mlflow.user': user }),
          ...tags,
          [requestTag]: request,
        }),
      },
      answer: z.object({ run }),
      recover: async () => {
        const where = [{ of: 'tag', key: requestTag, is: '=', value: request } as const];
        for await (const found of this.searchRuns({ experimentIds: [experimentId], where })) {
          return { run: found };
        }
        return undefined;
      },
    });
    return answer.run;
  }

  async getRun(runId: string): Promise<Run> {
    const answer = await this.api.call({
      doing: `reading run ${runId}`,
      method: 'GET',
      path: 'runs/get',
      query: { run_id: runId },
      answer: z.object({ run }),
    });
    return answer.run;
  }

  async updateRun(runId: string, { status, endTime }: RunChange): Promise<void> {
    await this.api.call({
      doing: `updating run ${runId}`,
      method: 'POST',
      path: 'runs/update',
      body: { run_id: runId, status, end_time: endTime },
      answer: nothing,
    });
  }

  searchRuns({ experimentIds, where = [], orderBy = [], pageSize = 1000 }: RunSearch): AsyncIterable<Run> {
    const filter = filterText(where);
    const order_by = orderTexts(orderBy);
    return this.api.pages(async (page_token) => {
      const answer = await this.api.call({
        doing: 'searching runs',
        method: 'POST',
        path: 'runs/search',
        body: { experiment_ids: experimentIds, filter, order_by, max_results: pageSize, page_token },
        answer: z.object({ runs: z.array(run).default([]), next_page_token: next }),
      });
      return { items: answer.runs, next: answer.next_page_token };
    });
  }

  async logBatch(runId: string, batch: Batch): Promise<void> {
    for (const { metrics, params, tags } of batchesOf(batch)) {
      await this.api
        .call({
          doing: `logging to run ${runId}`,
          method: 'POST',
          path: 'runs/log-batch',
          body: { run_id: runId, metrics: metrics.map(metricBody), params: list(params), tags: list(tags) },
          answer: nothing,
        })
        .catch(async (e) => {
          const changed = isMurmurError(e, 'mlflow.refused') && (await this.#changedParam(runId, params));
          throw changed ? paramChanged(changed, runId) : e;
        });
    }
  }

  async metricHistory(runId: string, key: string): Promise<Metric[]> {
    const all: Metric[] = [];
    const points = this.api.pages(async (page_token) => {
      const answer = await this.api.call({
        doing: `reading the metric ${key} of run ${runId}`,
        method: 'GET',
        path: 'metrics/get-history',
        query: { run_id: runId, metric_key: key, max_results: 25_000, page_token },
        answer: z.object({ metrics, next_page_token: next }),
      });
      return { items: answer.metrics, next: answer.next_page_token };
    });
    for await (const point of points) all.push(point);
    return all.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
  }

  async logInputs(runId: string, datasets: readonly DatasetInput[]): Promise<void> {
    await this.api.call({
      doing: `logging the inputs of run ${runId}`,
      method: 'POST',
      path: 'runs/log-inputs',
      body: {
        run_id: runId,
        datasets: datasets.map(({ context, sourceType, ...dataset }) => ({
          tags: context === undefined ? [] : list({ 'mlflow.data.context': context }),
          dataset: { ...dataset, source_type: sourceType },
        })),
      },
      answer: nothing,
    });
  }

  async logOutputs(runId: string, outputs: readonly ModelOutput[]): Promise<void> {
    await this.api.call({
      doing: `logging the models of run ${runId}`,
      method: 'POST',
      path: 'runs/outputs',
      body: { run_id: runId, models: outputs.map(({ modelId, step }) => ({ model_id: modelId, step })) },
      answer: nothing,
    });
  }

  async createLoggedModel(model: NewLoggedModel): Promise<LoggedModel> {
    const { params = {}, tags = {} } = model;
    checkTags(tags);
    checkParams(params);
    const request = randomUUID();
    const answer = await this.api.call({
      doing: `creating the model ${model.name}`,
      method: 'POST',
      path: 'logged-models',
      body: {
        experiment_id: model.experimentId,
        name: model.name,
        source_run_id: model.runId,
        model_type: model.modelType,
        params: list(params),
        tags: list({ ...tags, [requestTag]: request }),
      },
      answer: z.object({ model: loggedModel }),
      recover: async () => {
        const found = await this.api.call({
          doing: `looking for the model ${model.name}`,
          method: 'POST',
          path: 'logged-models/search',
          body: {
            experiment_ids: [model.experimentId],
            filter: filterText([{ of: 'tag', key: requestTag, is: '=', value: request }]),
            max_results: 1,
          },
          answer: z.object({ models: z.array(loggedModel).default([]) }),
        });
        const [first] = found.models;
        return first && { model: first };
      },
    });
    return answer.model;
  }

  async finalizeLoggedModel(modelId: string, status: 'READY' | 'FAILED'): Promise<void> {
    await this.api.call({
      doing: `finishing the model ${modelId}`,
      method: 'PATCH',
      path: `logged-models/${encodeURIComponent(modelId)}`,
      body: {
        model_id: modelId,
        status: status === 'READY' ? 'LOGGED_MODEL_READY' : 'LOGGED_MODEL_UPLOAD_FAILED',
      },
      answer: nothing,
    });
  }

  async getLoggedModel(modelId: string): Promise<LoggedModel> {
    const answer = await this.api.call({
      doing: `reading the model ${modelId}`,
      method: 'GET',
      path: `logged-models/${encodeURIComponent(modelId)}`,
      answer: z.object({ model: loggedModel }),
    });
    return answer.model;
  }

  /** Of params that were refused, the one that the run has with another value. */
  async #changedParam(runId: string, params: Tags): Promise<string | undefined> {
    const { params: known } = await this.getRun(runId);
    return Object.keys(params).find((key) => known[key] !== undefined && known[key] !== params[key]);
  }
}

/** A map as the API writes it. */
export function list(tags: Tags): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function metricBody(metric: Metric): object {
  return {
    key: metric.key,
    value: Number.isNaN(metric.value) ? 'NaN' : metric.value,
    timestamp: metric.timestamp,
    step: metric.step,
    model_id: metric.modelId,
    dataset_name: metric.dataset?.name,
    dataset_digest: metric.dataset?.digest,
  };
}
