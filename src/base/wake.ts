import type { Clock } from './clock.js';

/**
 * A bell that one waits for and many ring. A ring while nobody waits is kept (once), so nothing that happens between a
 * look and a wait is missed.
 */
export class Wake {
  #rung = false;
  #ring: (() => void) | undefined;

  constructor(readonly clock: Clock) {}

  ring(): void {
    this.#rung = true;
    this.#ring?.();
  }

  /** Resolves at a ring, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      const timer = new AbortController();
      this.#ring = () => timer.abort();
      await this.clock.sleep(ms, timer.signal);
      this.#ring = undefined;
    }
    this.#rung = false;
  }
}
