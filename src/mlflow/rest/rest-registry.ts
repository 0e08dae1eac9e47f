/** Registered models, their versions and aliases on a tracking server. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isMurmurError } from '../../base/errors.js';
import { checkAlias, checkModelName, checkTags } from '../limits.js';
import type { ModelVersion, NewModelVersion, RegisteredModel, Registry, Tags } from '../store.js';
import { modelVersion, registeredModel } from './answers.js';
import { type Api, nothing } from './api.js';
import { list, requestTag } from './rest-tracking.js';

const next = z.string().optional();

export class RestRegistry implements Registry {
  constructor(readonly api: Api) {}

  async createModel(model: { name: string; tags?: Tags; description?: string }): Promise<RegisteredModel> {
    const { name, tags = {}, description } = model;
    checkModelName(name);
    checkTags(tags);
    const request = randomUUID();
    const answer = await this.api.call({
      doing: `registering the model ${name}`,
      method: 'POST',
      path: 'registered-models/create',
      body: { name, description, tags: list({ ...tags, [requestTag]: request }) },
      answer: z.object({ registered_model: registeredModel }),
      recover: async () => {
        const found = await this.getModel(name);
        return found?.tags[requestTag] === request ? { registered_model: found } : undefined;
      },
    });
    return answer.registered_model;
  }

  async getModel(name: string): Promise<RegisteredModel | undefined> {
    const answer = await found(
      this.api.call({
        doing: `reading the registered model ${name}`,
        method: 'GET',
        path: 'registered-models/get',
        query: { name },
        answer: z.object({ registered_model: registeredModel }),
      }),
    );
    return answer?.registered_model;
  }

  searchModels(): AsyncIterable<RegisteredModel> {
    return this.api.pages(async (page_token) => {
      const answer = await this.api.call({
        doing: 'listing the registered models',
        method: 'GET',
        path: 'registered-models/search',
        query: { max_results: 100, page_token },
        answer: z.object({ registered_models: z.array(registeredModel).default([]), next_page_token: next }),
      });
      return { items: answer.registered_models, next: answer.next_page_token };
    });
  }

  async setModelTag(name: string, key: string, value: string): Promise<void> {
    checkTags({ [key]: value });
    await this.api.call({
      doing: `tagging the model ${name}`,
      method: 'POST',
      path: 'registered-models/set-tag',
      body: { name, key, value },
      answer: nothing,
    });
  }

  async createVersion(version: NewModelVersion): Promise<ModelVersion> {
    const { name, source, runId, modelId, description, tags = {} } = version;
    checkTags(tags);
    const request = randomUUID();
    const answer = await this.api.call({
      doing: `making a version of the model ${name}`,
      method: 'POST',
      path: 'model-versions/create',
      body: {
        name,
        source,
        run_id: runId,
        model_id: modelId,
        description,
        tags: list({ ...tags, [requestTag]: request }),
      },
      answer: z.object({ model_version: modelVersion }),
      recover: async () => {
        for await (const one of this.searchVersions(name)) {
          if (one.tags[requestTag] === request) return { model_version: one };
        }
        return undefined;
      },
    });
    return answer.model_version;
  }

  async getVersion(name: string, version: string): Promise<ModelVersion | undefined> {
    const answer = await found(
      this.api.call({
        doing: `reading version ${version} of the model ${name}`,
        method: 'GET',
        path: 'model-versions/get',
        query: { name, version },
        answer: z.object({ model_version: modelVersion }),
      }),
    );
    return answer?.model_version;
  }

  searchVersions(name: string): AsyncIterable<ModelVersion> {
    checkModelName(name);
    return this.api.pages(async (page_token) => {
      const answer = await this.api.call({
        doing: `listing the versions of the model ${name}`,
        method: 'GET',
        path: 'model-versions/search',
        query: {
          filter: name.includes("'") ? `name="${name}"` : `name='${name}'`,
          order_by: 'version_number DESC',
          max_results: 1000,
          page_token,
        },
        answer: z.object({ model_versions: z.array(modelVersion).default([]), next_page_token: next }),
      });
      return { items: answer.model_versions, next: answer.next_page_token };
    });
  }

  async setVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
    checkTags({ [key]: value });
    await this.api.call({
      doing: `tagging version ${version} of the model ${name}`,
      method: 'POST',
      path: 'model-versions/set-tag',
      body: { name, version, key, value },
      answer: nothing,
    });
  }

  async versionLocation(name: string, version: string): Promise<string> {
    const answer = await this.api.call({
      doing: `locating version ${version} of the model ${name}`,
      method: 'GET',
      path: 'model-versions/get-download-uri',
      query: { name, version },
      answer: z.object({ artifact_uri: z.string() }),
    });
    return answer.artifact_uri;
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    checkAlias(alias);
    await this.api.call({
      doing: `moving the alias ${alias} of the model ${name}`,
      method: 'POST',
      path: 'registered-models/alias',
      body: { name, alias, version },
      answer: nothing,
    });
  }

  async deleteAlias(name: string, alias: string): Promise<void> {
    checkAlias(alias);
    await this.api.call({
      doing: `deleting the alias ${alias} of the model ${name}`,
      method: 'DELETE',
      path: 'registered-models/alias',
      body: { name, alias },
      answer: nothing,
    });
  }

  async versionByAlias(name: string, alias: string): Promise<ModelVersion | undefined> {
    checkAlias(alias);
    const answer = await found(
      this.api.call({
        doing: `looking up the alias ${alias} of the model ${name}`,
        method: 'GET',
        path: 'registered-models/alias',
        query: { name, alias },
        answer: z.object({ model_version: modelVersion }),
      }),
      'INVALID_PARAMETER_VALUE',
    );
    return answer?.model_version;
  }
}

/**
 * `undefined` for what is not there.
 * @param also an error code that says the same: an unknown alias is an invalid parameter to MLflow
 */
async function found<T>(answer: Promise<T>, also?: string): Promise<T | undefined> {
  try {
    return await answer;
  } catch (e) {
    if (isMurmurError(e, 'mlflow.not_found')) return undefined;
    if (isMurmurError(e, 'mlflow.refused') && also !== undefined && e.context.error_code === also)
      return undefined;
    throw e;
  }
}
