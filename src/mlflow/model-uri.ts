/** `models:/name@alias`, `models:/name/3`, `models:/m-…`, `runs:/id/path`: MLflow's names of models, and where they lead. */
import { MurmurError } from '../base/errors.js';
import type { MlflowStore } from './store.js';

export type ModelUri =
  | { kind: 'alias'; name: string; alias: string }
  /** Without a version: the newest one. */
  | { kind: 'version'; name: string; version: string | undefined }
  | { kind: 'logged'; modelId: string }
  | { kind: 'run'; runId: string; path: string };

/** A model that a name led to. */
export interface ResolvedModel {
  /** The name as it was given. */
  uri: string;
  /** Folder that holds its `MLmodel`: an artifact URI. */
  location: string;
  /** What is registered, if it came by the registry. */
  registered?: { name: string; version: string };
}

export function isModelUri(text: string): boolean {
  return /^(models|runs):\//.test(text);
}

/** @throws mlflow.model_uri_invalid (user) */
export function parseModelUri(uri: string): ModelUri {
  const [, scheme, rest] = /^(models|runs):\/+(.+)$/.exec(uri) ?? [];
  if (scheme === 'runs') {
    const [, runId, path] = /^([^/]+)\/(.+?)\/*$/.exec(rest!) ?? [];
    if (runId !== undefined && path !== undefined) return { kind: 'run', runId, path };
  }
  if (scheme === 'models') {
    const [, named, alias] = /^([^/@]+)@([^/@]+)$/.exec(rest!) ?? [];
    if (named !== undefined && alias !== undefined) return { kind: 'alias', name: named, alias };
    const [, name, version] = /^([^/@]+)\/(\d+|latest)$/.exec(rest!) ?? [];
    if (name !== undefined)
      return { kind: 'version', name, version: version === 'latest' ? undefined : version };
    if (/^m-\w+$/.test(rest!)) return { kind: 'logged', modelId: rest! };
  }
  throw new MurmurError('mlflow.model_uri_invalid', `model ${JSON.stringify(uri)} is no name of MLflow's`, {
    fault: 'user',
    fix: 'use models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN_ID/PATH',
    context: { uri },
  });
}

/** @throws mlflow.model_uri_invalid, mlflow.model_unknown (user), and what the store throws */
export async function resolveModel(store: MlflowStore, uri: string): Promise<ResolvedModel> {
  const parsed = parseModelUri(uri);
  switch (parsed.kind) {
    case 'run': {
      const run = await store.tracking.getRun(parsed.runId);
      return { uri, location: await runModel(store, run.artifactUri, run.outputs, parsed.path) };
    }
    case 'logged':
      return { uri, location: (await store.tracking.getLoggedModel(parsed.modelId)).artifactUri };
    case 'alias': {
      const version = await store.registry.versionByAlias(parsed.name, parsed.alias);
      if (version === undefined) throw await unknown(store, uri, parsed.name);
      return registered(store, uri, version.name, version.version);
    }
    case 'version': {
      const version = parsed.version ?? (await newestVersion(store, parsed.name));
      if (version === undefined || (await store.registry.getVersion(parsed.name, version)) === undefined) {
        throw await unknown(store, uri, parsed.name);
      }
      return registered(store, uri, parsed.name, version);
    }
  }
}

/** A model logged by MLflow 3 lies beside its run, and is called there by its name. */
async function runModel(
  store: MlflowStore,
  artifactUri: string,
  outputs: readonly { modelId: string }[],
  path: string,
): Promise<string> {
  if ((await store.artifacts(artifactUri).list(path)).length === 0) {
    for (const { modelId } of outputs) {
      const model = await store.tracking.getLoggedModel(modelId);
      if (model.name === path) return model.artifactUri;
    }
  }
  return below(artifactUri, path);
}

async function registered(
  store: MlflowStore,
  uri: string,
  name: string,
  version: string,
): Promise<ResolvedModel> {
  const location = await store.registry.versionLocation(name, version);
  const found = isModelUri(location) ? (await resolveModel(store, location)).location : location;
  return { uri, location: found, registered: { name, version } };
}

async function newestVersion(store: MlflowStore, name: string): Promise<string | undefined> {
  for await (const { version } of store.registry.searchVersions(name)) return version;
  return undefined;
}

async function unknown(store: MlflowStore, uri: string, name: string): Promise<MurmurError> {
  const model = await store.registry.getModel(name);
  const aliases = Object.entries(model?.aliases ?? {}).map(([alias, version]) => `${alias} → ${version}`);
  return new MurmurError('mlflow.model_unknown', `no model ${uri} in MLflow at ${store.uri}`, {
    fault: 'user',
    fix:
      model === undefined
        ? `register a model of the name ${name}`
        : `use a version or an alias that ${name} has (aliases: ${aliases.join(', ') || 'none'})`,
    context: { uri, store: store.uri },
  });
}

function below(root: string, path: string): string {
  const encode = root.startsWith('file:')
    ? (part: string) => encodeURIComponent(part)
    : (part: string) => part;
  return `${root.replace(/\/+$/, '')}/${path.split('/').map(encode).join('/')}`;
}
