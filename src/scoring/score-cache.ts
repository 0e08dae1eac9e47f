/**
 * The scores of texts seen lately, by model input. Bounded by entries and by bytes; the least recently used goes first.
 */
import type { Score } from './scorer.js';

export interface CacheLimits {
  entries: number;
  /** An estimate: the text's characters and a fixed sum for each entry. */
  bytes: number;
}

export class ScoreCache {
  /** A Map keeps the order of insertion, so its first key is the one longest unused. */
  readonly #scores = new Map<string, Score>();
  #bytes = 0;

  constructor(readonly limits: CacheLimits) {}

  get size(): number {
    return this.#scores.size;
  }

  get(input: string): Score | undefined {
    const score = this.#scores.get(input);
    if (score === undefined) return undefined;
    this.#scores.delete(input);
    this.#scores.set(input, score);
    return score;
  }

  set(input: string, score: Score): void {
    this.#drop(input);
    if (weight(input) > this.limits.bytes) return;
    this.#scores.set(input, score);
    this.#bytes += weight(input);
    for (const oldest of this.#scores.keys()) {
      if (this.#scores.size <= this.limits.entries && this.#bytes <= this.limits.bytes) return;
      this.#drop(oldest);
    }
  }

  #drop(input: string): void {
    if (this.#scores.delete(input)) this.#bytes -= weight(input);
  }
}

/** Two bytes a character, and what the score, its array and the Map's slot take. */
function weight(input: string): number {
  return 2 * input.length + 240;
}
