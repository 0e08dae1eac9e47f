/** Settings of Spark that several rules look at. */
import type { Signals } from '../../engine/signals.js';

export const partitionsKey = 'spark.sql.shuffle.partitions';

/** Adaptive execution is on, and joins small partitions. */
export function usesAdaptive(conf: ReadonlyMap<string, string>): boolean {
  return (
    conf.get('spark.sql.adaptive.enabled') !== 'false' &&
    conf.get('spark.sql.adaptive.coalescePartitions.enabled') !== 'false'
  );
}

/** One, where nobody knows. */
export function sessionCores({ cores }: Signals): number {
  return Math.max(1, cores ?? 1);
}
