/**
 * Keeps figures from costing more than a small share of the time: after a reading that took long the last one is shown
 * for a while, and whoever shows it is told when a fresh one is due.
 */

/** A figure rests at least this many times as long as it took to make. */
const restFactor = 9;
/** Whatever took less is not worth a rest. Milliseconds. */
const cheapMs = 20;

export class Paced<T> {
  readonly #make: () => Promise<T>;
  readonly #onDue: () => void;
  readonly #now: () => number;
  #value: Promise<T> | undefined;
  #reading = false;
  #askedMeanwhile = false;
  #restUntil = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param onDue called when a rest is over in which, or in the reading before it, a fresh one was asked for */
  constructor(make: () => Promise<T>, onDue: () => void, now: () => number = Date.now) {
    this.#make = make;
    this.#onDue = onDue;
    this.#now = now;
  }

  /**
   * Fresh, or the last one while it rests. A reading that is under way is shared; because it may have begun before the
   * change for which it is asked again, a fresh one is due behind it.
   */
  read(): Promise<T> {
    if (this.#value !== undefined && this.#reading) {
      this.#askedMeanwhile = true;
      return this.#value;
    }
    const left = this.#restUntil - this.#now();
    if (this.#value !== undefined && left > 0) {
      this.#wakeIn(left);
      return this.#value;
    }
    const started = this.#now();
    this.#reading = true;
    this.#value = this.#make();
    this.#value.then(
      () => this.#rest(started),
      () => {
        this.#value = undefined;
        this.#rest(started);
      },
    );
    return this.#value;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #rest(started: number): void {
    const took = this.#now() - started;
    const rest = took > cheapMs ? took * restFactor : 0;
    this.#reading = false;
    this.#restUntil = this.#now() + rest;
    if (this.#askedMeanwhile) this.#wakeIn(rest);
    this.#askedMeanwhile = false;
  }

  #wakeIn(ms: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onDue();
    }, ms).unref();
  }
}

/**
 * A figure that takes so long that nothing may wait for it: the last one is given at once while a fresh one is made, and
 * whoever shows it is told when that is there.
 */
export class Behind<T> {
  readonly #paced: Paced<T>;
  readonly #onFresh: () => void;
  readonly #onError: (error: unknown) => void;
  #value: T | null = null;

  /** @param make gives the same object while nothing has changed */
  constructor(make: () => Promise<T>, onFresh: () => void, onError: (error: unknown) => void) {
    this.#paced = new Paced(make, onFresh);
    this.#onFresh = onFresh;
    this.#onError = onError;
  }

  /** Null until the first one is there. */
  async read(): Promise<T | null> {
    this.#paced.read().then((fresh) => {
      if (fresh === this.#value) return;
      this.#value = fresh;
      this.#onFresh();
    }, this.#onError);
    return this.#value;
  }

  close(): void {
    this.#paced.close();
  }
}
