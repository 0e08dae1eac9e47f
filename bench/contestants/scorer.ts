import { openScorer } from '../../src/scoring/open-scorer.js';
import { type Contestant, timed } from './contestant.js';

/** The scorer as the gold query has it, without the rest of the query. */
export function scorer(threads: number): Contestant {
  return {
    name: 'scorer',
    async run(texts) {
      const started = performance.now();
      const open = await openScorer({ bundle: 'bundled', threads, cache: false });
      await open.ready();
      const loadedMs = performance.now() - started;
      const seconds = await timed(texts, (some) => open.score(some));
      const { tokens, padding, rss, loads } = open.stats();
      await open.close();
      const waste = ((100 * padding) / (tokens + padding)).toFixed(1);
      return {
        seconds,
        remark: `ready after ${loadedMs.toFixed(0)} ms, ${loads} workers with ${(rss / 2 ** 20).toFixed(0)} MiB, padding ${waste} %`,
      };
    },
  };
}
