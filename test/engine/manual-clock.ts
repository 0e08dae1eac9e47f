import type { Clock } from '../../src/base/clock.js';

/** A clock that stands until a test moves it. */
export class ManualClock implements Clock {
  #now = Date.UTC(2024, 0, 1);
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();
  #onSleep: (() => void) | undefined;

  now(): number {
    return this.#now;
  }

  /** Milliseconds that the sleepers have left, ascending. */
  get sleeping(): number[] {
    return [...this.#sleepers].map(({ until }) => until - this.#now).sort((a, b) => a - b);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = {
        until: this.#now + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      this.#onSleep?.();
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers]) if (sleeper.until <= this.#now) sleeper.wake();
  }

  /** Resolves when somebody sleeps for exactly `ms` from now. */
  async sleeper(ms: number): Promise<void> {
    while (!this.sleeping.includes(ms))
      await new Promise<void>((resolve) => {
        this.#onSleep = resolve;
      });
    this.#onSleep = undefined;
  }
}
