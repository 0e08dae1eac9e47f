/** MLflow as a lake uses it: the place that its setting and the environment name. */
import type { Clock } from '../base/clock.js';
import type { Environment } from '../config/interpolate.js';
import type { Lake } from '../lake/lake.js';
import { type MlflowStore, openStore, trackingUri } from '../mlflow/index.js';
import type { LakeSpec } from './spec.js';

/** Of a stream, which asks again soon: MLflow's own client waits for minutes. */
export const impatient = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1', MLFLOW_HTTP_REQUEST_TIMEOUT: '10' };

/** Of a command: somebody waits for it, and can give it again. */
const prompt = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '2', MLFLOW_HTTP_REQUEST_TIMEOUT: '30' };

/**
 * Does not connect. The caller closes it.
 * @throws mlflow.uri_invalid, mlflow.setting_unsupported (user)
 */
export function openMlflow(lake: Lake, spec: LakeSpec, env: Environment, clock?: Clock): MlflowStore {
  return openStore(trackingUri(spec.mlflow, env), {
    folder: lake.dir,
    env: { ...prompt, ...env },
    ...(clock === undefined ? {} : { clock }),
  });
}

/** Outside of a lake: what the environment says, else `mlruns/` of the folder. @throws as `openMlflow` */
export function openFolderMlflow(folder: string, env: Environment): MlflowStore {
  return openStore(trackingUri('', env), { folder, env: { ...prompt, ...env } });
}
