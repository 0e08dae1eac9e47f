/** Optimizes a table: of a lake, with the lake's idea of how large files should be, or of others. */
import type { OptimizeResult } from '../delta/index.js';
import { type OptimizeQuery, optimizeTable } from '../table/optimize.js';
import { onSpark, optimizeOnSpark } from './on-spark.js';
import { type CaredTable, withCare } from './table-care.js';

export interface OptimizedTable extends OptimizeResult {
  table: string;
}

/** @throws delta.conflict (external), delta.zorder_column, duck.partition_condition, lake.no_such_table (user), spark.* */
export async function optimizeCared(cared: CaredTable, options: OptimizeQuery = {}): Promise<OptimizedTable> {
  const spark = onSpark(cared);
  if (spark !== undefined) return { table: cared.table.name, ...(await optimizeOnSpark(spark, options)) };
  return withCare(cared, async (care) => {
    const ofLake = cared.open?.spec.maintain.target_size;
    const own = care.log.snapshot.metadata.configuration['delta.targetFileSize'];
    const targetSize = own === undefined ? ofLake : undefined;
    const sized = targetSize === undefined ? options : { targetSize, ...options };
    return { table: care.name, ...(await optimizeTable(care, sized)) };
  });
}
