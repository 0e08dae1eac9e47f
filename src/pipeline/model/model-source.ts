/** Where a model comes from: the hub, MLflow or a folder; and what of it is needed. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MurmurError } from '../../base/errors.js';
import { isHubUri } from '../../hub/hub-uri.js';
import { downloadModel, isModelUri, type MlflowStore, parseModelUri } from '../../mlflow/index.js';
import { isBundle } from '../../scoring/bundle.js';
import type { BundleOrigin } from '../../scoring/making/bundle-card.js';
import { chooseOnnx, type OnnxChoice } from '../../scoring/making/onnx-choice.js';
import { exportInPython, importRefused } from '../../scoring/making/refusal.js';
import { readSettings, type SettingOptions } from '../../scoring/making/settings.js';

/** A model in a folder of this machine. */
export interface FetchedModel {
  folder: string;
  /** Paths of the network in the folder; undefined for what is a bundle already. */
  onnx: { model: string; data: string[] } | undefined;
  /** Undefined where the source has none. */
  version: string | undefined;
  origin: BundleOrigin;
}

export interface FetchOptions extends SettingOptions {
  onnx?: OnnxChoice | undefined;
  openMlflow: () => MlflowStore;
  env?: Readonly<Record<string, string | undefined>>;
  onProgress?: (done: number, total: number) => void;
}

/** The name that a model has where it comes from. @throws mlflow.model_uri_invalid (user) */
export function modelNameOf(source: string): string {
  if (isHubUri(source)) return basename(source.replace(/@.*$/, '').replace(/^hf:/, ''));
  if (!isModelUri(source)) return basename(source);
  const uri = parseModelUri(source);
  if (uri.kind === 'run') return basename(uri.path);
  return uri.kind === 'logged' ? uri.modelId : uri.name;
}

/**
 * @param folder for what is downloaded; a local model stays where it is
 * @throws scoring.import_refused, scoring.labels_unknown (user), and what the hub and MLflow throw
 */
export function fetchModel(source: string, folder: string, options: FetchOptions): Promise<FetchedModel> {
  if (isHubUri(source)) return fromHub(source, folder, options);
  if (isModelUri(source)) return fromMlflow(source, folder, options);
  return inFolder(source, { source }, options);
}

const smallFiles = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const;

async function fromHub(source: string, folder: string, options: FetchOptions): Promise<FetchedModel> {
  const { downloadFiles, openRepository } = await import('../../hub/index.js');
  const { env = {}, onProgress } = options;
  const repository = await openRepository(source, { env });
  const { commit, licence } = repository;
  const paths = repository.files.map(({ path }) => path);
  const progress = onProgress === undefined ? {} : { onProgress };
  const origin = { source, revision: `commit ${commit}`, licence };
  const version = commit.slice(0, 8);
  if (paths.includes('MLmodel')) {
    const seen = paths.filter((path) => !path.split('/').some((part) => part.startsWith('.')));
    await downloadFiles(repository, seen, folder, progress);
    if (await isBundle(folder)) return { folder, onnx: undefined, version, origin };
  }
  for (const file of ['config.json', 'tokenizer.json'] as const) {
    if (!paths.includes(file)) throw importRefused(file, `not in ${source}`, exportInPython);
  }
  const onnx = chooseOnnx(paths, source, options.onnx);
  await downloadFiles(
    repository,
    smallFiles.filter((file) => paths.includes(file)),
    folder,
  );
  // What the small files refuse need not be paid for with the large one.
  await readSettings(folder, options);
  await downloadFiles(repository, [onnx.model, ...onnx.data], folder, progress);
  return { folder, onnx, version, origin };
}

async function fromMlflow(source: string, folder: string, options: FetchOptions): Promise<FetchedModel> {
  const store = options.openMlflow();
  try {
    const { registered } = await downloadModel(store, source, folder);
    const revision =
      registered === undefined ? undefined : `version ${registered.version} of ${registered.name}`;
    await refuseAlone(source, folder);
    const found = await inFolder(folder, { source, revision }, options);
    return { ...found, version: registered?.version };
  } finally {
    await store.close();
  }
}

/** Python's onnx flavour keeps the network alone: what a text goes through before it, and what comes out, it does not say. */
async function refuseAlone(source: string, folder: string): Promise<void> {
  if (await isBundle(folder)) return;
  const files = await readdir(folder);
  for (const file of ['config.json', 'tokenizer.json']) {
    if (files.includes(file)) continue;
    throw importRefused(
      file,
      `not in ${source}`,
      'log it beside the network: `MlflowClient().log_model_artifacts(MODEL_ID, FOLDER)` with config.json and tokenizer.json of transformers in FOLDER',
    );
  }
}

async function inFolder(folder: string, origin: BundleOrigin, options: FetchOptions): Promise<FetchedModel> {
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new MurmurError('model.source_unknown', `importing a model: no folder ${folder}`, {
      fault: 'user',
      fix: 'name a folder, hf:OWNER/NAME, models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN_ID/PATH',
    });
  }
  if (await isBundle(folder)) return { folder, onnx: undefined, version: undefined, origin };
  const below = await readdir(join(folder, 'onnx')).catch(() => []);
  const paths = [...(await readdir(folder)), ...below.map((file) => `onnx/${file}`)];
  return { folder, onnx: chooseOnnx(paths, origin.source, options.onnx), version: undefined, origin };
}
