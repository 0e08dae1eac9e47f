/** Where the models of a lake are looked for: its folder, its MLflow, its cache. */
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Environment } from '../../config/interpolate.js';
import type { Lake } from '../../lake/lake.js';
import { s3Options } from '../../lake/options.js';
import { defaultCacheDir } from '../../storage/read-cache.js';
import { impatient, openFolderMlflow, openMlflow } from '../mlflow.js';
import type { LakeSpec } from '../spec.js';
import type { ModelPlaces } from './find-model.js';
import { ModelCache } from './model-cache.js';

/** Outside of a lake: what the environment says, else `mlruns/` of a folder. Close its store. @throws as `openModelPlaces` */
export function modelPlaces(dir: string, env: Environment): ModelPlaces {
  return {
    dir,
    cache: new ModelCache(join(defaultCacheDir(), 'models')),
    remote: {},
    store: openFolderMlflow(dir, env),
  };
}

/** Close its store. @throws mlflow.uri_invalid, mlflow.setting_unsupported (user) */
export function openModelPlaces(lake: Lake, spec: LakeSpec, env: Environment, clock?: Clock): ModelPlaces {
  return {
    dir: lake.dir,
    cache: new ModelCache(join(lake.paths.run, 'models')),
    remote: { dir: lake.cache.dir, s3: s3Options(spec.s3) },
    store: openMlflow(lake, spec, { ...impatient, ...env }, clock),
    hub: { models: join(lake.dir, 'models'), env },
  };
}
