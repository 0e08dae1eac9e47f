/**
 * A second model beside the one that scores: it is given a sample of each batch's posts, and how often it agrees is counted.
 * Nothing of it reaches the rows, and nothing that goes wrong with it holds up the batch for longer than its patience.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { asMurmurError, MurmurError } from '../../base/errors.js';
import type { ScoredPost } from '../../engine/embedded/index.js';
import type { ScoringReport } from '../../engine/engine.js';
import type { Serving } from './serving.js';

export type ShadowCounts = NonNullable<ScoringReport['shadow']>;

/** What a batch waits for the shadow's scores, at most. Milliseconds. */
const patienceMs = 20_000;

export interface ShadowOptions {
  /** Share of the posts, 0 to 1. */
  sample: number;
  clock: Clock;
  /** Once for each fault. */
  onFault(error: MurmurError): void;
}

/**
 * Whether a post belongs to the sample: a share of all posts by their identity alone, so that whoever counts again finds the
 * same ones. In DuckDB: `('0x' || sha256(concat(source, chr(10), post_id))[:8])::UINTEGER < share * 4294967296`.
 */
export function isSampled({ source, postId }: Pick<ScoredPost, 'source' | 'postId'>, share: number): boolean {
  const digest = createHash('sha256')
    .update(`${source ?? ''}\n${postId ?? ''}`)
    .digest();
  return digest.readUInt32BE(0) < share * 2 ** 32;
}

export class Shadow {
  fault: MurmurError | undefined;
  /** The shadow model, as soon as there is one. */
  serving: Serving | undefined;

  constructor(readonly options: ShadowOptions) {}

  /** Never rejects. */
  async compare(posts: readonly ScoredPost[], signal: AbortSignal): Promise<ShadowCounts> {
    const sample = posts.filter((post) => isSampled(post, this.options.sample));
    const counts: ShadowCounts = { model: null, sampled: sample.length, scored: 0, agreed: 0 };
    if (this.serving === undefined) return counts;
    try {
      const scorer = await this.serving.scorer(null);
      counts.model = scorer.model.id;
      if (sample.length === 0) return counts;
      const scores = await this.#within(signal, (limited) =>
        scorer.score(
          sample.map(({ text }) => text),
          limited,
        ),
      );
      counts.scored = scores.length;
      counts.agreed = scores.filter(({ sentiment }, i) => sentiment === sample[i]!.sentiment).length;
      this.fault = undefined;
    } catch (e) {
      if (!signal.aborted) this.fail(asMurmurError(e));
    }
    return counts;
  }

  fail(error: MurmurError): void {
    const isNew = error.code !== this.fault?.code || error.message !== this.fault.message;
    this.fault = error;
    if (isNew) this.options.onFault(error);
  }

  /** Gives up when the batch is given up, or when it takes too long. */
  async #within<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    const tooLong = new AbortController();
    const done = new AbortController();
    void this.options.clock.sleep(patienceMs, done.signal).then(() => {
      if (done.signal.aborted) return;
      tooLong.abort(
        new MurmurError('pipeline.shadow_slow', `waiting for the shadow model: more than ${patienceMs} ms`, {
          fault: 'external',
          fix: 'lower shadow.sample, or grant more cores',
        }),
      );
    });
    try {
      return await work(AbortSignal.any([signal, tooLong.signal]));
    } finally {
      done.abort();
    }
  }
}
