/**
 * Registered models in MLflow's file layout. The files in `aliases/` say where an alias points; the map in `meta.yaml` is
 * made from them. One process moves a model's aliases at a time.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.js';
import { alreadyExists, notFound } from '../faults.js';
import { checkAlias, checkModelName, checkTags } from '../limits.js';
import type { ModelVersion, NewModelVersion, RegisteredModel, Registry, Tags } from '../store.js';
import { readModel } from './file-models.js';
import { folders, readIfThere, removeFile, writeWhole } from './files.js';
import { type Layout, readTags, tagFiles } from './layout.js';
import { metaFile, metaText, readMeta } from './meta-yaml.js';

const modelMeta = z.object({
  creation_timestamp: z.number(),
  description: z.string().nullish(),
  name: z.string(),
});

const versionMeta = z.object({
  creation_timestamp: z.number(),
  description: z.string().nullish(),
  name: z.string(),
  run_id: z.string().nullish(),
  source: z.string(),
  storage_location: z.string().nullish(),
  version: z.coerce.string(),
});

export class FileRegistry implements Registry {
  constructor(
    readonly layout: Layout,
    readonly clock: Clock,
  ) {}

  async createModel(model: { name: string; tags?: Tags; description?: string }): Promise<RegisteredModel> {
    const { name, tags = {}, description } = model;
    checkTags(tags);
    const now = this.clock.now();
    const made = await this.layout.create(this.#folder(name), {
      [metaFile]: modelMetaText({ name, creation_timestamp: now, description }, {}, now),
      ...tagFiles('tags', tags),
    });
    if (made === 'exists') throw alreadyExists(`the model ${name}`, this.layout.root);
    return this.#model(name);
  }

  async getModel(name: string): Promise<RegisteredModel | undefined> {
    const folder = this.#folder(name);
    const meta = await readMeta(join(folder, metaFile), modelMeta);
    if (meta === undefined) return undefined;
    return {
      name: meta.name,
      description: meta.description ?? '',
      tags: await readTags(join(folder, 'tags')),
      aliases: await readTags(join(folder, 'aliases')),
    };
  }

  async *searchModels(): AsyncIterable<RegisteredModel> {
    const base = this.layout.path('models');
    for (const folder of await folders(base)) {
      const model = await this.getModel(folder.slice(base.length + 1));
      if (model !== undefined) yield model;
    }
  }

  async setModelTag(name: string, key: string, value: string): Promise<void> {
    checkTags({ [key]: value });
    await this.#model(name);
    await writeWhole(join(this.#folder(name), 'tags', key), value);
  }

  async createVersion(version: NewModelVersion): Promise<ModelVersion> {
    const { name, source, modelId, description, tags = {} } = version;
    checkTags(tags);
    await this.#model(name);
    const logged = modelId === undefined ? undefined : await readModel(this.layout, modelId);
    if (modelId !== undefined && logged === undefined)
      throw notFound(`logged model ${modelId}`, this.layout.root);
    for (let number = (await this.#lastVersion(name)) + 1; ; number++) {
      const now = this.clock.now();
      const made = await this.layout.create(join(this.#folder(name), `version-${number}`), {
        [metaFile]: metaText({
          creation_timestamp: now,
          current_stage: 'None',
          description: description ?? null,
          last_updated_timestamp: now,
          ...(modelId === undefined ? {} : { model_id: modelId }),
          name,
          run_id: version.runId ?? logged?.runId ?? null,
          run_link: null,
          source,
          status: 'READY',
          status_message: null,
          storage_location: logged?.artifactUri ?? source,
          user_id: null,
          version: number,
        }),
        ...tagFiles('tags', tags),
      });
      if (made === 'created') return (await this.getVersion(name, String(number)))!;
    }
  }

  async getVersion(name: string, version: string): Promise<ModelVersion | undefined> {
    const meta = await this.#versionMeta(name, version);
    if (meta === undefined) return undefined;
    const aliases = await readTags(join(this.#folder(name), 'aliases'));
    return {
      name: meta.name,
      version: meta.version,
      source: meta.source,
      runId: meta.run_id ?? undefined,
      createdAt: meta.creation_timestamp,
      description: meta.description ?? '',
      tags: await readTags(join(this.#folder(name), `version-${version}`, 'tags')),
      aliases: Object.keys(aliases).filter((alias) => aliases[alias]?.trim() === version),
    };
  }

  async *searchVersions(name: string): AsyncIterable<ModelVersion> {
    for (let number = await this.#lastVersion(name); number > 0; number--) {
      const version = await this.getVersion(name, String(number));
      if (version !== undefined) yield version;
    }
  }

  async setVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
    checkTags({ [key]: value });
    await this.#version(name, version);
    await writeWhole(join(this.#folder(name), `version-${version}`, 'tags', key), value);
  }

  async versionLocation(name: string, version: string): Promise<string> {
    const meta = await this.#versionMeta(name, version);
    if (meta === undefined) throw notFound(`version ${version} of the model ${name}`, this.layout.root);
    return this.layout.located(meta.storage_location ?? meta.source);
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    checkAlias(alias);
    await this.#version(name, version);
    await writeWhole(join(this.#folder(name), 'aliases', alias), version);
    await this.#writeAliasMap(name);
  }

  async deleteAlias(name: string, alias: string): Promise<void> {
    checkAlias(alias);
    await this.#model(name);
    await removeFile(join(this.#folder(name), 'aliases', alias));
    await this.#writeAliasMap(name);
  }

  async versionByAlias(name: string, alias: string): Promise<ModelVersion | undefined> {
    checkAlias(alias);
    const version = await readIfThere(join(this.#folder(name), 'aliases', alias));
    return version === undefined ? undefined : this.getVersion(name, version.trim());
  }

  #folder(name: string): string {
    checkModelName(name);
    return this.layout.path('models', name);
  }

  async #model(name: string): Promise<RegisteredModel> {
    const model = await this.getModel(name);
    if (model === undefined) throw notFound(`registered model ${name}`, this.layout.root);
    return model;
  }

  async #version(name: string, version: string): Promise<ModelVersion> {
    const found = await this.getVersion(name, version);
    if (found === undefined) throw notFound(`version ${version} of the model ${name}`, this.layout.root);
    return found;
  }

  async #versionMeta(name: string, version: string): Promise<z.output<typeof versionMeta> | undefined> {
    if (!/^\d+$/.test(version)) return undefined;
    return readMeta(join(this.#folder(name), `version-${version}`, metaFile), versionMeta);
  }

  async #lastVersion(name: string): Promise<number> {
    const numbers = (await folders(this.#folder(name))).map((path) => /version-(\d+)$/.exec(path)?.[1]);
    return Math.max(0, ...numbers.map((number) => Number(number ?? 0)));
  }

  async #writeAliasMap(name: string): Promise<void> {
    const path = join(this.#folder(name), metaFile);
    const meta = await readMeta(path, modelMeta);
    const aliases = await readTags(join(this.#folder(name), 'aliases'));
    if (meta !== undefined) await writeWhole(path, modelMetaText(meta, aliases, this.clock.now()));
  }
}

type ModelMeta = { name: string; creation_timestamp: number; description?: string | null | undefined };

function modelMetaText(meta: ModelMeta, aliases: Tags, now: number): string {
  return metaText({
    aliases,
    creation_timestamp: meta.creation_timestamp,
    description: meta.description ?? null,
    last_updated_timestamp: now,
    name: meta.name,
  });
}
