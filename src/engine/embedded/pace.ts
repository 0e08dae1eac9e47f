import type { Trigger } from '../engine.js';

/**
 * When the next batch may start. Between the starts of `asap` batches lies the gap, but a batch that came later than it
 * might have lets the next one come sooner by as much, up to a quarter of the gap: else each query in a row would wait for
 * the latest of all batches before it, again and again.
 */
export class Pace {
  /** Milliseconds since the epoch. */
  dueAt = Number.NEGATIVE_INFINITY;

  constructor(readonly trigger: Trigger) {}

  started(at: number): void {
    const { trigger } = this;
    if (trigger.kind === 'available-now') return;
    if (trigger.kind === 'interval') this.dueAt = at + trigger.everyMs;
    else this.dueAt = at + trigger.minGapMs - Math.min(at - this.dueAt, trigger.minGapMs / 4);
  }
}
