/** What the embedded engine needs of the world, opened for one lake: the wiring of source, tables, scorer and DuckDB. */
import type { Clock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import { packageVersion } from '../base/package-root.js';
import type { Environment } from '../config/interpolate.js';
import { DuckDatabase } from '../duck/index.js';
import { DuckParquetHandler } from '../duck/parquet-handler.js';
import type { EmbeddedContext, Retention } from '../engine/embedded/index.js';
import type { Lake } from '../lake/lake.js';
import { canonicalPost } from '../posts/canonical.js';
import { duckFunctions } from '../posts/functions.js';
import { tables as contracts } from '../posts/tables.js';
import { LocalStorage } from '../storage/local.js';
import { openLanding } from './landing.js';
import { LakeModels, type LakeModelsOptions } from './model/lake-models.js';
import { openModelPlaces } from './model/open-places.js';
import { postFunctions } from './post-functions.js';
import type { Resources } from './resources.js';
import type { LakeSpec } from './spec.js';

export interface EngineWorld {
  lake: Lake;
  spec: LakeSpec;
  clock: Clock;
  opened: Resources;
  /** For what MLflow's client reads. */
  env: Environment;
}

/** As `LakeModelsOptions`. */
export type ModelUse = Pick<LakeModelsOptions, 'live' | 'replayWithPresent' | 'emit'>;

/** @throws what `LakeModels.open` throws */
export async function openEngineContext(
  { lake, spec, clock, opened, env }: EngineWorld,
  use: ModelUse,
): Promise<{ context: EmbeddedContext; models: LakeModels }> {
  const models = await LakeModels.open({
    spec,
    places: openModelPlaces(lake, spec, env, clock),
    baselines: new LocalStorage(lake.paths.checkpoints).at('.drift'),
    clock,
    stream: 'gold',
    ...use,
  });
  opened.add(models);
  const context: EmbeddedContext = {
    ...(await openCareContext(lake, spec, clock, opened)),
    scorer: (wanted) => models.scorer(wanted),
    ...(use.live ? { observe: (batch, signal) => models.observe(batch, signal) } : {}),
  };
  return { context, models };
}

/** For work on a lake in which nothing is scored. */
export async function openCareContext(
  lake: Lake,
  spec: LakeSpec,
  clock: Clock,
  opened: Resources,
): Promise<EmbeddedContext> {
  const duck = opened.add(await DuckDatabase.open({ cache: lake.cache }));
  return {
    tables: lake.tableStorage,
    checkpoints: new LocalStorage(lake.paths.checkpoints),
    landing: {
      name: spec.landing,
      open: (notes) => openLanding({ lake, spec, duck, notes, clock }),
      canonical: (record, batchTimeMicros) => canonicalPost(record, spec.columns, batchTimeMicros),
    },
    duck,
    delta: {
      parquet: new DuckParquetHandler(duck),
      clock,
      engineInfo: `murmur/${packageVersion()}`,
    },
    scorer: async () => {
      throw new MurmurError('pipeline.no_scorer', 'scoring where no scorer was opened', {
        fault: 'internal',
      });
    },
    functions: duckFunctions(postFunctions(spec)),
    contracts,
    retention: retentionOf(spec),
    targetSize: spec.maintain.target_size,
    effort: spec.maintain.effort,
    clock,
  };
}

/** Application's files are replaced all the time, so they go sooner. */
export function retentionOf({ maintain }: LakeSpec): Record<string, Retention> {
  const log = `interval ${Math.max(2 * 86_400_000, maintain.retain)} milliseconds`;
  const keep = { files: `interval ${maintain.retain} milliseconds`, log };
  return {
    ...Object.fromEntries(Object.keys(contracts).map((name) => [name, keep])),
    application: { files: 'interval 1 hours', log },
  };
}
