/**
 * The models of a running lake: the one that scores and follows its name in the registry, the shadow beside it, and the watch
 * for drift. The engine asks for scorers and shows what was scored; everything that goes wrong beside that is told as an event.
 */
import type { Clock } from '../../base/clock.js';
import { asMurmurError, isMurmurError, type MurmurError } from '../../base/errors.js';
import type { BatchModel, ScoredBatch } from '../../engine/embedded/index.js';
import type { BatchProgress, DriftFigures, QueryEvent, ScoringReport } from '../../engine/engine.js';
import { isModelUri, resolveModel } from '../../mlflow/index.js';
import type { Scorer } from '../../scoring/index.js';
import type { Storage } from '../../storage/storage.js';
import type { LakeSpec } from '../spec.js';
import { AliasWatch } from './alias-watch.js';
import { type Baseline, baselineIn, Drift } from './drift.js';
import {
  type FoundModel,
  fetchModel,
  findModel,
  isMoving,
  lastKnownModel,
  type ModelPlaces,
  plannedModel,
  rememberModel,
} from './find-model.js';
import { type DriftMeasure, driftMeasures, type ModelStatus, tellable } from './model-status.js';
import { Serving } from './serving.js';
import { Shadow } from './shadow.js';

export interface LakeModelsOptions {
  spec: Pick<LakeSpec, 'model' | 'model_poll' | 'shadow' | 'drift' | 'streams'>;
  places: ModelPlaces;
  /** Where baselines of drift are kept. */
  baselines: Storage;
  clock: Clock;
  /** The query that scores, as events name it. */
  stream: string;
  emit(event: QueryEvent): void;
  /** A batch whose planned model is gone is scored with the present one. */
  replayWithPresent?: boolean;
  /** Follows a name that moves, and runs shadow and drift. Without it one model stays to the end. */
  live: boolean;
}

/** Digests of the bundles that must stay. */
interface BundlesInUse {
  main: ReadonlySet<string>;
  shadow: ReadonlySet<string>;
}

export class LakeModels {
  readonly #options: LakeModelsOptions;
  readonly #serving: Serving;
  readonly #watches: AliasWatch[] = [];
  readonly #shadow: Shadow | undefined;
  readonly #drift: Drift;
  readonly #totals = { sampled: 0, scored: 0, agreed: 0 };
  #figures: DriftFigures | null = null;
  #alarms: DriftMeasure[] = [];
  #watch: AliasWatch | undefined;
  readonly #inUse: BundlesInUse;
  #opening: Promise<void> = Promise.resolve();

  private constructor(options: LakeModelsOptions, serving: Serving, inUse: BundlesInUse) {
    this.#options = options;
    this.#serving = serving;
    this.#inUse = inUse;
    this.#drift = new Drift(options.spec.drift, options.baselines);
    const { shadow } = options.spec;
    if (shadow === undefined || !options.live) return;
    this.#shadow = new Shadow({
      sample: shadow.sample,
      clock: options.clock,
      onFault: (error) => this.#tell('shadow_failed', shadow.model, error),
    });
  }

  /**
   * Finds and starts the model that the settings name. Where that fails, the one that the name meant last is used, and said so.
   * @throws what `findModel` throws and scoring errors, where there is no such model either
   */
  static async open(options: LakeModelsOptions): Promise<LakeModels> {
    const { spec, places } = options;
    const inUse: BundlesInUse = { main: new Set(), shadow: new Set() };
    const serve = (found: FoundModel) =>
      Serving.open(found, {
        threads: spec.streams.gold.threads,
        cache: spec.streams.gold.cache,
        clock: options.clock,
        planned: (wanted) => planned(options, wanted, () => models.#serving.newest),
        onUse: async (found, digests) => {
          inUse.main = digests;
          await keep(places, found, inUse);
        },
      });
    let fault: MurmurError | undefined;
    const serving = await findModel(spec.model, places)
      .then(serve)
      .catch(async (e) => {
        fault = asMurmurError(e);
        const known = isModelUri(spec.model) ? await lastKnownModel(spec.model, places) : undefined;
        if (known === undefined) throw e;
        return serve(known);
      });
    const models: LakeModels = new LakeModels(options, serving, inUse);
    models.#begin(fault);
    return models;
  }

  /** As `EmbeddedContext.scorer`. */
  scorer(wanted: BatchModel | null): Promise<Scorer> {
    return this.#serving.scorer(wanted);
  }

  /** As `EmbeddedContext.observe`. */
  async observe(batch: ScoredBatch, signal: AbortSignal): Promise<ScoringReport> {
    const shadow = (await this.#shadow?.compare(batch.posts, signal)) ?? null;
    const drift = await this.#drift
      .look(batch, await ownBaseline(this.#serving.newest, batch.model.digest))
      .catch(() => null);
    return { model: batch.model.id, shadow, drift };
  }

  /** To be told of every committed batch. */
  async committed({ batch_id, scoring }: BatchProgress): Promise<void> {
    if (scoring === undefined) return;
    if (scoring.shadow !== null) {
      for (const count of ['sampled', 'scored', 'agreed'] as const)
        this.#totals[count] += scoring.shadow[count];
    }
    this.#judge(scoring.drift);
    // Figures are not worth a stream: what could not be kept is gathered again.
    await this.#drift.committed(batch_id).catch(() => undefined);
  }

  status(): ModelStatus {
    const { scored, agreed } = this.#totals;
    return {
      written: this.#options.spec.model,
      ...this.#serving.status(),
      fault: tellable(this.#watch?.fault),
      shadow:
        this.#shadow === undefined
          ? null
          : {
              ...this.#totals,
              model: this.#shadow.serving?.newest.model.id ?? null,
              agreement: scored === 0 ? null : agreed / scored,
              fault: tellable(this.#shadow.fault),
            },
      drift: {
        limit: this.#options.spec.drift.psi,
        baseline_posts: this.#drift.posts,
        figures: this.#figures,
        alarms: this.#alarms,
      },
    };
  }

  async close(): Promise<void> {
    // Ends what waits for the registry.
    this.#options.places.store.close();
    await Promise.all(this.#watches.map((watch) => watch.close()));
    await this.#opening;
    await this.#shadow?.serving?.close();
    await this.#serving.close();
  }

  #begin(fault: MurmurError | undefined): void {
    const { spec, live } = this.#options;
    if (fault !== undefined) this.#tell('model_watch_failed', spec.model, fault);
    if (!live) return;
    if (isMoving(spec.model) || fault !== undefined)
      this.#watch = this.#follow(
        spec.model,
        (found) => this.#serving.offer(found),
        (error) => this.#tell('model_watch_failed', spec.model, error),
        fault,
      );
    if (this.#shadow !== undefined) this.#opening = this.#openShadow(this.#shadow);
  }

  async #openShadow(shadow: Shadow): Promise<void> {
    const { places, spec, clock } = this.#options;
    const { model } = spec.shadow!;
    const take = async (found: FoundModel) => {
      if (shadow.serving !== undefined) return shadow.serving.offer(found);
      shadow.serving = await Serving.open(found, {
        threads: 1,
        cache: false,
        clock,
        planned: async () => found,
        onUse: async (proven, digests) => {
          this.#inUse.shadow = digests;
          await keep(places, proven, this.#inUse);
        },
      });
      shadow.fault = undefined;
    };
    let fault: MurmurError | undefined;
    await findModel(model, places)
      .then(take)
      .catch((e) => {
        fault = asMurmurError(e);
        shadow.fail(fault);
      });
    if (isMoving(model) || (fault !== undefined && isModelUri(model)))
      this.#follow(model, take, (error) => shadow.fail(error), fault);
  }

  #follow(
    uri: string,
    take: (found: FoundModel) => Promise<void>,
    onFault: (error: MurmurError) => void,
    fault: MurmurError | undefined,
  ): AliasWatch {
    const { clock, places, spec } = this.#options;
    const watch = new AliasWatch(
      {
        everyMs: spec.model_poll,
        clock,
        resolve: () => resolveModel(places.store, uri),
        take: async (resolved) => take(await fetchModel(resolved, places)),
        onFault,
      },
      fault,
    );
    this.#watches.push(watch);
    watch.start();
    return watch;
  }

  /** An alarm is told when it begins. */
  #judge(figures: DriftFigures | null): void {
    const limit = this.#options.spec.drift.psi;
    this.#figures = figures;
    const alarms = driftMeasures.filter((measure) => figures !== null && figures[measure] >= limit);
    for (const measure of alarms) {
      if (this.#alarms.includes(measure)) continue;
      const { stream, emit, clock } = this.#options;
      emit({ type: 'drift_found', stream, measure, psi: figures![measure], limit, at: clock.now() });
    }
    this.#alarms = alarms;
  }

  #tell(type: 'model_watch_failed' | 'shadow_failed', model: string, error: MurmurError): void {
    const { stream, emit, clock } = this.#options;
    emit({ type, stream, model, error, at: clock.now() });
  }
}

/** The model that a batch of an earlier process was planned with. */
async function planned(
  { places, replayWithPresent }: LakeModelsOptions,
  wanted: BatchModel,
  present: () => FoundModel,
): Promise<FoundModel> {
  try {
    return await plannedModel(wanted, places);
  } catch (e) {
    if (replayWithPresent && isMurmurError(e, 'pipeline.model_gone')) return present();
    throw e;
  }
}

async function keep(places: ModelPlaces, found: FoundModel, inUse: BundlesInUse): Promise<void> {
  await rememberModel(found, places);
  await places.cache.prune(new Set([...inUse.main, ...inUse.shadow]));
}

async function ownBaseline({ bundle }: FoundModel, digest: string): Promise<Baseline | undefined> {
  if (bundle === 'lexicon' || bundle.model.digest !== digest) return undefined;
  return baselineIn(bundle.folder);
}
