/**
 * The model that scores, and the one that takes its place. A new model is started and warmed beside the old one and takes over
 * when the next batch is planned; by then no batch needs the old one, which is drained and closed. A batch that was planned
 * with another model is scored with that one, opened for as long as it takes.
 */
import type { Clock } from '../../base/clock.js';
import type { BatchModel } from '../../engine/embedded/index.js';
import { openScorer, type Scorer } from '../../scoring/index.js';
import type { FoundModel } from './find-model.js';

export interface ServingOptions {
  threads: number | 'auto';
  cache: boolean;
  clock: Clock;
  /** The model of a batch that was planned by an earlier process. */
  planned(wanted: BatchModel): Promise<FoundModel>;
  /** Told when a model is about to be used, and which bundles are in use then. */
  onUse(found: FoundModel, digests: ReadonlySet<string>): Promise<void>;
}

/** A model with the workers that serve it. */
interface Served {
  found: FoundModel;
  scorer: Scorer;
  /** When it took over, milliseconds since the epoch. */
  since: number;
}

export interface ServingStatus {
  /** `name/version`. */
  id: string;
  digest: string;
  /** When it took over, milliseconds since the epoch. */
  since: number;
  /** The model that waits for the next batch. */
  next: string | null;
  /** Models that have taken over from another since the start. */
  swaps: number;
  /** Sessions loaded by workers since the start, of all models; and of the present one. */
  loads: { total: number; present: number };
  /** Workers that died and were replaced, of the present model. */
  restarts: number;
  /** Texts that the present model was asked for, and those whose answer was known already. */
  texts: number;
  cache_hits: number;
  /** Resident memory of the workers of the present model, bytes. */
  rss: number;
}

export class Serving {
  readonly #options: ServingOptions;
  #present: Served;
  #next: Served | undefined;
  /** For a batch that was planned with a model which is not the present one. */
  #replay: Served | undefined;
  readonly #retiring = new Set<Promise<void>>();
  #swaps = 0;
  #retiredLoads = 0;
  #closed = false;

  private constructor(options: ServingOptions, present: Served) {
    this.#options = options;
    this.#present = present;
  }

  /** Starts a model and waits until it scores. @throws scoring errors */
  static async open(found: FoundModel, options: ServingOptions): Promise<Serving> {
    const serving = new Serving(options, await warm(found, options));
    await options.onUse(found, serving.#digests());
    return serving;
  }

  /** The model that the next planned batch gets. */
  get newest(): FoundModel {
    return (this.#next ?? this.#present).found;
  }

  /** As `EmbeddedContext.scorer`. @throws what `planned` throws, scoring errors */
  async scorer(wanted: BatchModel | null): Promise<Scorer> {
    if (wanted === null) this.#takeOver();
    const fitting = [this.#present, this.#replay].find(
      (served) => served !== undefined && (wanted === null || isSame(served.found, wanted)),
    );
    const served = fitting ?? (await this.#reopen(wanted!));
    await served.scorer.ready();
    return served.scorer;
  }

  /**
   * Starts a model and, when it scores, lets it take over at the next batch. The present model again takes back an offer.
   * @throws scoring errors: the present model then stays
   */
  async offer(found: FoundModel): Promise<void> {
    const isPresent = isSame(found, this.#present.found.model);
    const offered = isPresent ? undefined : await warm(found, this.#options);
    const outdated = this.#next;
    if (this.#closed) this.#retire(offered);
    else this.#next = offered;
    this.#retire(outdated);
    if (offered !== undefined) await this.#options.onUse(found, this.#digests());
  }

  status(): ServingStatus {
    const { found, scorer, since } = this.#present;
    const { loads: present, restarts, texts, cacheHits: cache_hits, rss } = scorer.stats();
    const others = [this.#next, this.#replay].reduce((sum, s) => sum + (s?.scorer.stats().loads ?? 0), 0);
    return {
      id: found.model.id,
      digest: found.model.digest,
      since,
      next: this.#next?.found.model.id ?? null,
      swaps: this.#swaps,
      loads: { total: this.#retiredLoads + others + present, present },
      restarts,
      texts,
      cache_hits,
      rss,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const served of [this.#present, this.#next, this.#replay]) this.#retire(served);
    await Promise.all(this.#retiring);
  }

  #takeOver(): void {
    this.#retire(this.#replay);
    this.#replay = undefined;
    if (this.#next === undefined) return;
    this.#retire(this.#present);
    this.#present = { ...this.#next, since: this.#options.clock.now() };
    this.#next = undefined;
    this.#swaps++;
  }

  async #reopen(wanted: BatchModel): Promise<Served> {
    const found = await this.#options.planned(wanted);
    if (isSame(found, this.#present.found.model)) return this.#present;
    this.#retire(this.#replay);
    this.#replay = await warm(found, this.#options);
    return this.#replay;
  }

  /** What runs in it is finished first; a scorer that does not close well is no reason to stop. */
  #retire(served: Served | undefined): void {
    if (served === undefined) return;
    const closed = served.scorer
      .close()
      .catch(() => undefined)
      .then(() => {
        this.#retiredLoads += served.scorer.stats().loads;
        this.#retiring.delete(closed);
      });
    this.#retiring.add(closed);
  }

  #digests(): Set<string> {
    const served = [this.#present, this.#next, this.#replay].filter((s) => s !== undefined);
    return new Set(served.map(({ found }) => found.model.digest));
  }
}

async function warm(found: FoundModel, { threads, cache, clock }: ServingOptions): Promise<Served> {
  const scorer = await openScorer({ bundle: found.bundle, threads, cache });
  try {
    await scorer.ready();
    return { found, scorer, since: clock.now() };
  } catch (e) {
    await scorer.close();
    throw e;
  }
}

function isSame({ model }: FoundModel, other: BatchModel): boolean {
  return model.id === other.id && model.digest === other.digest;
}
