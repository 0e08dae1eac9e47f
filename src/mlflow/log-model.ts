/** A bundle as a model of a run, and as a version of a registered model. */

import type { Clock } from '../base/clock.js';
import { systemClock } from '../base/clock.js';
import { isMurmurError } from '../base/errors.js';
import { type ModelFile, modelFiles } from './model-format.js';
import type { Artifacts, LoggedModel, MlflowStore, ModelVersion, Run, Tags } from './store.js';

export interface LogModelOptions {
  /** Name on the page of the run. Default `model`. */
  name?: string;
  params?: Tags;
  tags?: Tags;
  clock?: Clock;
}

/** A bundle that MLflow has. */
export interface LoggedBundle {
  runId: string;
  /** `undefined` on a server older than MLflow 3, where the files are those of the run. */
  modelId: string | undefined;
  /** What a version of a registered model is made from. */
  source: string;
  /** Where the files are: an artifact URI. */
  location: string;
}

/**
 * Uploads a bundle as a logged model of a run. The model is READY when all its files are there, else FAILED. The bundle is
 * not proven here: load it first.
 * @throws mlflow.model_invalid (user), and what the store throws
 */
export async function logModel(
  store: MlflowStore,
  run: Pick<Run, 'runId' | 'experimentId' | 'artifactUri'>,
  folder: string,
  options: LogModelOptions = {},
): Promise<LoggedBundle> {
  const { name = 'model', params = {}, tags = {}, clock = systemClock } = options;
  const { runId, experimentId } = run;
  const about = { runId, now: clock.now() };
  await modelFiles(folder, about);
  const model = await unlessOld(
    store.tracking.createLoggedModel({ experimentId, name, runId, modelType: 'onnx', params, tags }),
  );
  if (model === undefined) {
    await uploadFiles(store.artifacts(run.artifactUri), await modelFiles(folder, about), `${name}/`);
    const location = `${run.artifactUri}/${name}`;
    return { runId, modelId: undefined, source: location, location };
  }
  const { modelId, artifactUri } = model;
  try {
    await uploadFiles(store.artifacts(artifactUri), await modelFiles(folder, { ...about, modelId }), '');
    await store.tracking.logOutputs(runId, [{ modelId, step: 0 }]);
    await store.tracking.finalizeLoggedModel(modelId, 'READY');
  } catch (e) {
    // What went wrong is the news; that it cannot be noted either is not.
    await store.tracking.finalizeLoggedModel(modelId, 'FAILED').catch(() => {});
    throw e;
  }
  return { runId, modelId, source: `models:/${modelId}`, location: artifactUri };
}

/** Makes a logged bundle the next version of a registered model, which is made where it is not there. */
export async function registerModel(
  store: MlflowStore,
  bundle: LoggedBundle,
  options: { name: string; description?: string; tags?: Tags },
): Promise<ModelVersion> {
  const { name } = options;
  if ((await store.registry.getModel(name)) === undefined) {
    await store.registry.createModel({ name }).catch((e) => {
      if (!isMurmurError(e, 'mlflow.already_exists')) throw e;
    });
  }
  const { source, runId, modelId } = bundle;
  return store.registry.createVersion({
    ...options,
    source,
    runId,
    ...(modelId === undefined ? {} : { modelId }),
  });
}

async function uploadFiles(artifacts: Artifacts, files: readonly ModelFile[], below: string): Promise<void> {
  for (const file of files) {
    const path = below + file.path;
    if ('text' in file) await artifacts.put(path, Buffer.from(file.text, 'utf8'));
    else await artifacts.upload(file.localFile, path);
  }
}

/** MLflow before version 3 has no logged models, and says that it has no such page. */
async function unlessOld(made: Promise<LoggedModel>): Promise<LoggedModel | undefined> {
  try {
    return await made;
  } catch (e) {
    if (isMurmurError(e, 'mlflow.no_api')) return undefined;
    throw e;
  }
}
