/** One way to score texts. */
export interface Contestant {
  name: string;
  /** Scores all texts; loading the model is not in the seconds. */
  run(texts: readonly string[]): Promise<{ seconds: number; remark: string }>;
}

/** Posts in a batch of the gold query. */
export const batch = 2_000;

/** Seconds that it takes to score texts batch by batch, after a few to warm up. */
export async function timed(
  texts: readonly string[],
  score: (texts: string[]) => Promise<unknown>,
): Promise<number> {
  await score(texts.slice(0, 200));
  const started = performance.now();
  for (let at = 0; at < texts.length; at += batch) await score(texts.slice(at, at + batch));
  return (performance.now() - started) / 1000;
}
