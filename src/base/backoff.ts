/** Waiting times of repeated tries: `base · 2^n`, capped, with full jitter. Milliseconds. */
export function backoff(attempt: number, base = 50, cap = 5_000, random: () => number = Math.random): number {
  return Math.floor(random() * Math.min(cap, base * 2 ** attempt)) + 1;
}
