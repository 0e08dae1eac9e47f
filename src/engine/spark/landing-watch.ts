/** Tells of landed files that changed after Spark had read them: its file source never looks at a name twice. */
import type { Clock } from '../../base/clock.js';
import type { LiveStatus } from '../query-status.js';
import type { SparkContext } from './context.js';

export class LandingWatch {
  constructor(
    readonly landing: SparkContext['landing'],
    readonly clock: Clock,
    /** Of the query that reads the landing place. */
    readonly live: LiveStatus,
  ) {}

  /** Looks by the clock until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.sleep(this.landing.lookMs, signal);
      if (!signal.aborted) await this.look();
    }
  }

  /** A look that fails is made up for by the next: what changed stays changed. */
  async look(): Promise<void> {
    const changed = await this.landing.changedFiles().catch(() => undefined);
    if (changed !== undefined) this.live.changed(changed);
  }
}
