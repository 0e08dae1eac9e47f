/** Looks again and again which model a name leads to, beside the stream: what goes wrong is told, never thrown. */
import type { Clock } from '../../base/clock.js';
import { asMurmurError, type MurmurError } from '../../base/errors.js';
import type { ResolvedModel } from '../../mlflow/index.js';

export interface AliasWatchOptions {
  everyMs: number;
  clock: Clock;
  resolve(): Promise<ResolvedModel>;
  /** Makes the model ready that the name leads to now. */
  take(resolved: ResolvedModel): Promise<void>;
  /** Once for each fault, not each time that it is met. */
  onFault(error: MurmurError): void;
}

export class AliasWatch {
  /** What stands in the way at the moment. */
  fault: MurmurError | undefined;
  readonly #options: AliasWatchOptions;
  readonly #ending = new AbortController();
  /** Where the name led when that model was taken, or was refused for what it is. */
  #settled: string | undefined;
  /** Why that model was refused. */
  #refusal: MurmurError | undefined;
  #task: Promise<void> | undefined;

  /** @param fault what kept the name from being followed at the start */
  constructor(options: AliasWatchOptions, fault?: MurmurError) {
    this.#options = options;
    this.fault = fault;
  }

  start(): void {
    this.#task ??= this.#watch();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#task;
  }

  async #watch(): Promise<void> {
    const { clock, everyMs } = this.#options;
    const { signal } = this.#ending;
    for (;;) {
      await clock.sleep(everyMs, signal);
      if (signal.aborted) return;
      await this.look();
    }
  }

  /** One look. */
  async look(): Promise<void> {
    let place: string | undefined;
    try {
      const resolved = await this.#options.resolve();
      place = placeOf(resolved);
      if (place !== this.#settled) {
        this.#settled = undefined;
        this.#refusal = undefined;
        await this.#options.take(resolved);
        this.#settled = place;
      }
      this.fault = this.#refusal;
    } catch (e) {
      if (this.#ending.signal.aborted) return;
      const error = asMurmurError(e);
      // What was refused for what it is will be no better at the next look.
      if (place !== undefined && error.code.startsWith('scoring.')) {
        this.#settled = place;
        this.#refusal = error;
      }
      const isNew = error.code !== this.fault?.code || error.message !== this.fault.message;
      this.fault = error;
      if (isNew) this.#options.onFault(error);
    }
  }
}

function placeOf({ location, registered }: ResolvedModel): string {
  return `${registered?.name ?? ''}\n${registered?.version ?? ''}\n${location}`;
}
