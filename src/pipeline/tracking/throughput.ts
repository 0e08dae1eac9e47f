/** How much each stream has done since the run began, and how fast since the last time that it was asked. */
import type { QueryStatus } from '../../engine/engine.js';

export class Throughput {
  readonly #last = new Map<string, number>();
  #lastAt: number;

  constructor(begun: number) {
    this.#lastAt = begun;
  }

  /** One metric a stream and figure: `gold.input_posts`, `gold.posts_per_second`. */
  metrics(streams: readonly QueryStatus[], now: number): Record<string, number> {
    const seconds = Math.max(0.001, (now - this.#lastAt) / 1000);
    this.#lastAt = now;
    return Object.fromEntries(streams.flatMap((stream) => this.#of(stream, seconds)));
  }

  #of({ name, totals, lastProgress, backlogFiles }: QueryStatus, seconds: number): [string, number][] {
    const { superseded_posts: _, ...counted } = totals;
    const before = this.#last.get(name) ?? 0;
    this.#last.set(name, totals.input_posts);
    const figures: Record<string, number> = {
      ...counted,
      posts_per_second: (totals.input_posts - before) / seconds,
      ...(name === 'bronze' ? { backlog_files: backlogFiles } : {}),
      ...(lastProgress === null ? {} : { batch_ms: lastProgress.duration_ms }),
      ...(name === 'gold' && lastProgress !== null ? { score_ms: lastProgress.score_ms } : {}),
    };
    return Object.entries(figures).map(([figure, value]) => [`${name}.${figure}`, value]);
  }
}
