/** The newest batches by number, so that a viewer which holds all up to one of them can be given the rest. */
import type { BatchPoint } from './messages.js';

const kept = 1024;

export class RecentBatches {
  #batches: BatchPoint[] = [];

  push(batch: BatchPoint): void {
    this.#batches.push(batch);
    if (this.#batches.length > kept) this.#batches.shift();
  }

  clear(): void {
    this.#batches = [];
  }

  /** Whether all that came after number `seq` is still here. */
  covers(seq: number): boolean {
    const oldest = this.#batches[0];
    return oldest === undefined || oldest.seq <= seq + 1;
  }

  after(seq: number): BatchPoint[] {
    return this.#batches.filter((batch) => batch.seq > seq);
  }
}
