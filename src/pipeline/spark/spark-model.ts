/**
 * The model of a lake that Spark scores: found and checked on this machine, then handed to the workers. An alias that moves is
 * followed: the query that scores is started anew with the model that it leads to now, between two of its batches.
 */
import type { Clock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import { isLoopback, parseAddress } from '../../engine/spark/connect/index.js';
import type { SparkModel } from '../../engine/spark/context.js';
import type { SparkOptions } from '../../engine/spark/options.js';
import { bundleArtifact } from '../../engine/spark/scorer/bundle-artifact.js';
import { resolveModel } from '../../mlflow/index.js';
import type { Bundle } from '../../scoring/index.js';
import { AliasWatch } from '../model/alias-watch.js';
import {
  type FoundModel,
  fetchModel,
  findModel,
  isMoving,
  type ModelPlaces,
  rememberModel,
} from '../model/find-model.js';
import { type ModelStatus, tellable } from '../model/model-status.js';
import type { RunModels } from '../opened-engine.js';
import type { LakeSpec } from '../spec.js';

export interface SparkLakeModelOptions {
  spec: LakeSpec;
  spark: SparkOptions;
  places: ModelPlaces;
  clock: Clock;
  onFault(error: MurmurError): void;
  /** Another model is to take over. */
  onSwap(from: string, to: string): void;
}

type FoundBundle = FoundModel & { bundle: Bundle };

export class SparkLakeModel implements RunModels {
  #found: FoundBundle;
  #swaps = 0;
  #since: number;
  readonly #watch: AliasWatch | undefined;

  private constructor(
    readonly options: SparkLakeModelOptions,
    found: FoundBundle,
  ) {
    const { spec, places, clock, onFault } = options;
    this.#found = found;
    this.#since = clock.now();
    if (!isMoving(spec.model)) return;
    this.#watch = new AliasWatch({
      everyMs: spec.model_poll,
      clock,
      resolve: () => resolveModel(places.store, spec.model),
      take: async (resolved) => this.#offer(await fetchModel(resolved, places)),
      onFault,
    });
    this.#watch.start();
  }

  /** @throws what `findModel` throws; pipeline.not_on_spark (user) for what only the embedded engine does */
  static async open(options: SparkLakeModelOptions): Promise<SparkLakeModel> {
    const { spec, places } = options;
    if (spec.shadow !== undefined) throw notOnSpark('a shadow model', 'leave `shadow` away');
    const found = withBundle(await findModel(spec.model, places));
    await rememberModel(found, places);
    return new SparkLakeModel(options, found);
  }

  /** The model as workers find it. */
  async current(): Promise<SparkModel> {
    const { bundle, model } = this.#found;
    const where = placeOf(this.options.spark);
    return {
      id: model.id,
      digest: model.digest,
      async provide(session) {
        if (where === 'path') return { path: bundle.folder };
        if (where !== 'send') return { path: where };
        const { name, data } = await bundleArtifact(bundle.folder, model.digest);
        await session.addArtifact(`files/${name}`, data);
        return { artifact: name };
      },
    };
  }

  status(): ModelStatus {
    const { id, digest } = this.#found.model;
    return {
      written: this.options.spec.model,
      id,
      digest,
      next: null,
      swaps: this.#swaps,
      since: this.#since,
      // What the workers do is not seen from here.
      texts: 0,
      cache_hits: 0,
      loads: { total: 0, present: 0 },
      restarts: 0,
      rss: 0,
      fault: tellable(this.#watch?.fault),
      shadow: null,
      drift: { limit: this.options.spec.drift.psi, baseline_posts: null, figures: null, alarms: [] },
    };
  }

  async committed(): Promise<void> {}

  async close(): Promise<void> {
    this.options.places.store.close();
    await this.#watch?.close();
  }

  async #offer(offered: FoundModel): Promise<void> {
    const found = withBundle(offered);
    const { id: from, digest } = this.#found.model;
    if (found.model.id === from && found.model.digest === digest) return;
    await rememberModel(found, this.options.places);
    this.#found = found;
    this.#swaps++;
    this.#since = this.options.clock.now();
    this.options.onSwap(from, found.model.id);
  }
}

/** On this machine the workers see the same folders. */
function placeOf({ bundle, remote }: SparkOptions): string {
  if (bundle !== 'auto') return bundle;
  return isLoopback(parseAddress(remote).host) ? 'path' : 'send';
}

function withBundle(found: FoundModel): FoundBundle {
  const { bundle } = found;
  if (bundle === 'lexicon') throw notOnSpark('the lexicon', 'use `model: bundled`, or a bundle of your own');
  return { ...found, bundle };
}

function notOnSpark(what: string, instead: string): MurmurError {
  return new MurmurError(
    'pipeline.not_on_spark',
    `running on Spark with ${what}, which scores in this process only`,
    {
      fault: 'user',
      fix: `${instead}, or run this lake with \`engine: embedded\``,
    },
  );
}
