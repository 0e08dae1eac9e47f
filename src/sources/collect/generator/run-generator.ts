/** Made-up posts into a landing place: as they happen, or a sample of the past hours at once. */
import type { Clock } from '../../../base/clock.js';
import type { Storage } from '../../../storage/storage.js';
import { duePosts, type GeneratedPost, generatePosts } from './generate.js';

export interface RunGeneratorOptions {
  /** The landing place. Files appear whole, under their final names. */
  readonly storage: Storage;
  /** Posts a second, on average. */
  readonly rate: number;
  readonly seed: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Ends after this many posts; default: only by the signal. */
  readonly count?: number;
  /** Time between two files, each with the posts that have come due. Default 0.5. */
  readonly fileEverySeconds?: number;
}

export interface GeneratorTotals {
  posts: number;
  files: number;
}

/**
 * Writes posts at their time until the signal aborts or the count is reached. The first file comes at once, with the
 * first post at least; a late wake-up (a busy machine) gives a longer file, not fewer posts.
 */
export async function runGenerator(options: RunGeneratorOptions): Promise<GeneratorTotals> {
  const { storage, clock, signal, fileEverySeconds = 0.5 } = options;
  const startAt = clock.now();
  const posts = duePosts({
    seed: options.seed,
    startAt,
    ratePerSecond: options.rate,
    ...(options.count === undefined ? {} : { count: options.count }),
  });
  const totals = { posts: 0, files: 0 };
  let next = posts.next();
  while (!signal?.aborted) {
    const due: GeneratedPost[] = [];
    const now = clock.now();
    while (!next.done && next.value.at <= now) {
      due.push(next.value.post);
      next = posts.next();
    }
    if (due.length > 0) {
      totals.posts += due.length;
      totals.files++;
      await storage.put(`generated-${startAt}-${String(totals.files).padStart(6, '0')}.ndjson`, ndjson(due));
    }
    if (next.done) break;
    await clock.sleep(fileEverySeconds * 1000, signal);
  }
  return totals;
}

export interface SampleOptions {
  readonly storage: Storage;
  readonly count: number;
  readonly seed: number;
  /** When the last post is due at about, in milliseconds since the epoch. */
  readonly endAt: number;
  /** Over which time the posts are spread. Default 12 hours. */
  readonly hours?: number;
}

const postsPerSampleFile = 250;

/** Writes a sample of posts as a few files named `sample-0001.ndjson`, `sample-0002.ndjson`, … */
export async function writeSample(options: SampleOptions): Promise<GeneratorTotals> {
  const { storage, count, seed, endAt, hours = 12 } = options;
  const seconds = hours * 3600;
  const posts = [
    ...generatePosts({ seed, count, startAt: endAt - seconds * 1000, ratePerSecond: count / seconds }),
  ];
  const totals = { posts: posts.length, files: 0 };
  for (let from = 0; from < posts.length; from += postsPerSampleFile) {
    totals.files++;
    const name = `sample-${String(totals.files).padStart(4, '0')}.ndjson`;
    await storage.put(name, ndjson(posts.slice(from, from + postsPerSampleFile)));
  }
  return totals;
}

function ndjson(posts: readonly GeneratedPost[]): Uint8Array {
  return new TextEncoder().encode(posts.map((post) => `${JSON.stringify(post)}\n`).join(''));
}
