/** What the embedded engine needs of the world, opened for one lake: the wiring of source, tables, scorer and DuckDB. */
import type { Clock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import { packageVersion } from '../base/package-root.js';
import { DuckDatabase } from '../duck/index.js';
import { DuckParquetHandler } from '../duck/parquet-handler.js';
import type { EmbeddedContext, Retention } from '../engine/embedded/index.js';
import type { Lake } from '../lake/lake.js';
import { s3Options } from '../lake/options.js';
import { canonicalPost } from '../posts/canonical.js';
import { duckFunctions } from '../posts/functions.js';
import { tables as contracts } from '../posts/tables.js';
import { openScorer } from '../scoring/open-scorer.js';
import type { Scorer } from '../scoring/scorer.js';
import { LocalStorage } from '../storage/local.js';
import { absoluteLocation } from '../storage/open-storage.js';
import { openLanding } from './landing.js';
import { postFunctions } from './post-functions.js';
import type { Resources } from './resources.js';
import type { LakeSpec } from './spec.js';

/** @throws scoring errors */
export async function openEngineContext(
  lake: Lake,
  spec: LakeSpec,
  clock: Clock,
  opened: Resources,
): Promise<EmbeddedContext> {
  const remote = { dir: lake.cache.dir, s3: s3Options(spec.s3) };
  const bundle = modelOf(lake, spec);
  const scorer = opened.add(await openScorer({ bundle, remote, ...spec.streams.gold }));
  return { ...(await openCareContext(lake, spec, clock, opened)), scorer: () => ready(scorer) };
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

/** A relative model folder is relative to the lake, not to where the command was called. */
function modelOf({ dir }: Lake, { model }: LakeSpec): string {
  return model === 'bundled' || model === 'lexicon' ? model : absoluteLocation(model, dir);
}

async function ready(scorer: Scorer): Promise<Scorer> {
  await scorer.ready();
  return scorer;
}

/** Application's files are replaced all the time, so they go sooner. */
function retentionOf({ maintain }: LakeSpec): Record<string, Retention> {
  const log = `interval ${Math.max(2 * 86_400_000, maintain.retain)} milliseconds`;
  const keep = { files: `interval ${maintain.retain} milliseconds`, log };
  return {
    ...Object.fromEntries(Object.keys(contracts).map((name) => [name, keep])),
    application: { files: 'interval 1 hours', log },
  };
}
