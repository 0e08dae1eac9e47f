/** A lake looked at as its engine sees it: what its runs left behind, and a way to join files where that is the engine's work. */
import type { Signals } from '../engine/signals.js';
import { embeddedSignals, type SignalsQuery } from './embedded-signals.js';

export interface LakeWatch {
  signals: Signals;
  /** Joins the small files of a table, in Z-order where columns are named; undefined where whoever asks can do it himself. */
  optimize: ((table: string, zOrderBy: readonly string[]) => Promise<void>) | undefined;
  close(): Promise<void>;
}

/** Whoever opens it closes it. @throws spark.* */
export async function watchLake(query: SignalsQuery): Promise<LakeWatch> {
  return { signals: await embeddedSignals(query), optimize: undefined, close: async () => undefined };
}
