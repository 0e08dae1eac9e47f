/**
 * Layer rules over a sliding window: shares of posts, counted over the newest batches that together hold enough posts,
 * the batch at hand included. The window is rebuilt from what the commits tell, so a restart does not forget it.
 */
import { createHash } from 'node:crypto';
import { type LayerRule, windowPosts } from './expectation.js';

/** What one batch adds to the window; it stands in the batch's commit. */
export interface BatchMeasure {
  /** Posts read, superseded ones left out. */
  posts: number;
  /** Posts that gave at least one row. */
  kept: number;
  /** By `measureKey` of the rule: posts it is about, and those of them that hit. */
  shares: Readonly<Record<string, readonly [among: number, hits: number]>>;
}

export interface Verdict {
  rule: LayerRule;
  /** Figures and expectation in words: `61 of 4773 posts (1.28 %), expected at least 99 %`. */
  detail: string;
  posts: number;
}

/** A share of very few posts says nothing: the posts that a rule is about are at least this part of the window. */
const leastAmong = 0.1;

export class LayerWindow {
  #batches: BatchMeasure[] = [];

  constructor(readonly rules: readonly LayerRule[]) {}

  /** Adds a committed batch; call it oldest first. */
  push(batch: BatchMeasure): void {
    this.#batches = newest([...this.#batches, batch]);
  }

  /**
   * The rules that the window, with `batch` if one is given, does not meet; none while it holds fewer than `minPosts` posts.
   */
  broken(minPosts: number, batch?: BatchMeasure): Verdict[] {
    const window = newest(batch ? [...this.#batches, batch] : this.#batches);
    const posts = sum(window.map((b) => b.posts));
    if (posts < minPosts) return [];
    return this.rules.flatMap((rule) => {
      const [among, hits] = totals(rule, window);
      if (among === 0 || among < minPosts * leastAmong) return [];
      const share = hits / among;
      const low = rule.min !== undefined && share < rule.min;
      const high = rule.max !== undefined && share > rule.max;
      if (!low && !high) return [];
      const expected = low ? `at least ${percent(rule.min!)}` : `at most ${percent(rule.max!)}`;
      const found = `${hits} of ${among} posts (${percent(share)})`;
      return [{ rule, posts: among, detail: `${found}, expected ${expected}` }];
    });
  }
}

/** Names a measure by the rule's name and definition, so that a changed rule starts afresh. */
export function measureKey(rule: LayerRule): string {
  const digest = createHash('sha256').update(JSON.stringify(rule.measure)).digest('hex');
  return `${rule.name}#${digest.slice(0, 8)}`;
}

function totals(rule: LayerRule, window: readonly BatchMeasure[]): [among: number, hits: number] {
  if (rule.measure === 'kept') return [sum(window.map((b) => b.posts)), sum(window.map((b) => b.kept))];
  const key = measureKey(rule);
  const shares = window.map((b) => b.shares[key] ?? ([0, 0] as const));
  return [sum(shares.map(([among]) => among)), sum(shares.map(([, hits]) => hits))];
}

/** The fewest newest batches that hold a full window. */
function newest(batches: readonly BatchMeasure[]): BatchMeasure[] {
  let posts = 0;
  let first = batches.length;
  while (first > 0 && posts < windowPosts.running) posts += batches[--first]?.posts ?? 0;
  return batches.slice(first);
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100} %`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
