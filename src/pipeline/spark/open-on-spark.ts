/** The wiring of a lake and Spark: where things are as the cluster sees them, how the landing place is read, which model scores. */
import type { QueryDefinition } from '../../engine/engine.js';
import type { SparkContext } from '../../engine/spark/context.js';
import type { SparkOptions } from '../../engine/spark/options.js';
import { type SparkRun, startSpark } from '../../engine/spark/run.js';
import { sparkFunctions } from '../../posts/sql/spark.js';
import { tables as contracts } from '../../posts/tables.js';
import { LocalStorage } from '../../storage/local.js';
import { type EngineWorld, retentionOf } from '../engine-context.js';
import { openModelPlaces } from '../model/open-places.js';
import type { OpenedEngine } from '../opened-engine.js';
import { postFunctions } from '../post-functions.js';
import type { RunEvent } from '../run-event.js';
import { connectLake, placesOf } from './connect-lake.js';
import { SeenFiles } from './seen-files.js';
import { SparkLakeModel } from './spark-model.js';

export interface OpenedOnSpark extends OpenedEngine {
  readonly context: SparkContext;
  /** @param names of the queries to start; default: all */
  start(queries: readonly QueryDefinition[], names?: readonly string[]): Promise<SparkRun>;
}

/** The stream that scores. */
const scoringStream = 'gold';

/**
 * Makes a lake ready to run on Spark.
 * @throws what `SparkLakeModel.open` throws; `start` what `startSpark` throws
 */
export async function openOnSpark(
  { lake, spec, clock, opened, env }: EngineWorld,
  spark: SparkOptions,
  emit: (event: RunEvent) => void,
): Promise<OpenedOnSpark> {
  let engine: SparkRun | undefined;
  const models = opened.add(
    await SparkLakeModel.open({
      spec,
      spark,
      places: openModelPlaces(lake, spec, env, clock),
      clock,
      onFault: (error) =>
        emit({
          type: 'model_watch_failed',
          stream: scoringStream,
          model: spec.model,
          error,
          at: clock.now(),
        }),
      onSwap: (from, to) => {
        const last = engine?.status().find(({ name }) => name === scoringStream)?.batchId ?? -1;
        emit({ type: 'model_changed', stream: scoringStream, from, to, batchId: last + 1, at: clock.now() });
        void engine?.restart(scoringStream);
      },
    }),
  );
  const seen = new SeenFiles(lake);
  const context: SparkContext = {
    connect: () => connectLake(spark),
    places: placesOf(lake),
    landing: {
      root: placesOf(lake).landing,
      format: spec.format,
      csv: spec.csv,
      maxLine: spec.max_line,
      mapping: spec.columns,
      autoLoader: spark.auto_loader,
      changedFiles: () => seen.changed(),
      // Listing a bucket is paid for by the request.
      lookMs: lake.landing.kind === 's3' ? 600_000 : 60_000,
    },
    contracts,
    retention: retentionOf(spec),
    functions: sparkFunctions(postFunctions(spec)),
    model: () => models.current(),
    checkpoints: new LocalStorage(lake.paths.checkpoints),
    clock,
  };
  return {
    models,
    context,
    async start(queries, names) {
      engine = await startSpark(context, queries, names);
      return engine;
    },
  };
}
