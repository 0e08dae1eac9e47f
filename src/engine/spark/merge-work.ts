/** A query that merges, batch by batch, as its input table grows (see merge-batches.ts). */
import { Wake } from '../../base/wake.js';
import type { QueryDefinition } from '../engine.js';
import type { SparkSession } from './connect/index.js';
import { MergeBatches, type MergeSurroundings } from './merge-batches.js';
import type { QueryLife, QueryWork } from './query-life.js';

/** A look at the input when nobody rang. Milliseconds. */
const lookMs = 15_000;

export class MergeWork implements QueryWork {
  /** Rung when the input table has grown. */
  readonly wake: Wake;

  constructor(
    readonly definition: QueryDefinition,
    readonly around: MergeSurroundings,
  ) {
    this.wake = new Wake(around.clock);
  }

  async live(session: SparkSession, life: QueryLife): Promise<'stopped' | 'finished'> {
    const batches = await MergeBatches.open(session, this.definition, this.around);
    Object.assign(life.status, { queryId: batches.wal.queryId, batchId: batches.lastBatchId });
    life.live.started();
    const { stopping } = life;
    const ring = () => this.wake.ring();
    stopping.addEventListener('abort', ring);
    try {
      for (;;) {
        if (stopping.aborted) return 'stopped';
        const batchId = await batches.next(stopping);
        if (batchId !== undefined) {
          await this.#run(batches, batchId, life);
          await this.around.clock.sleep(gapMs(this.definition), stopping);
        } else if (this.definition.trigger.kind === 'available-now') return 'finished';
        else {
          life.live.set('idle', 'waits for something new');
          await this.wake.wait(lookMs);
        }
      }
    } finally {
      stopping.removeEventListener('abort', ring);
    }
  }

  /** Once told to stop, the batch has the life's time to commit; then it is given up, to be done again. */
  async #run(batches: MergeBatches, batchId: number, life: QueryLife): Promise<void> {
    const { clock } = this.around;
    life.live.set('running', `works on batch ${batchId}`);
    const giveUp = new AbortController();
    const done = new AbortController();
    const limit = () => void clock.sleep(life.drainMs, done.signal).then(() => giveUp.abort());
    if (life.stopping.aborted) limit();
    else life.stopping.addEventListener('abort', limit, { once: true });
    try {
      life.count(await batches.run(giveUp.signal));
    } finally {
      life.stopping.removeEventListener('abort', limit);
      done.abort();
    }
  }
}

function gapMs({ trigger }: QueryDefinition): number {
  if (trigger.kind === 'available-now') return 0;
  return trigger.kind === 'asap' ? trigger.minGapMs : trigger.everyMs;
}
