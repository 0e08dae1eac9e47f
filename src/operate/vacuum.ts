/** Vacuums a table, its log included. What a query of the lake has yet to read stays, and the report says which query that is. */
import { cleanUpLog, logCutoff, type VacuumOptions, type VacuumResult, vacuum } from '../delta/index.js';
import { onSpark, vacuumOnSpark } from './on-spark.js';
import { type CaredTable, withCare } from './table-care.js';

export interface VacuumedTable extends VacuumResult {
  table: string;
  /** Files of the log that were deleted, and the query for which older ones had to stay. */
  logFiles: number;
  logHeldBy: string | null;
}

/** @throws delta.retention_too_short, delta.unsupported_feature, lake.no_such_table (user), spark.* */
export async function vacuumCared(
  cared: CaredTable,
  options: Omit<VacuumOptions, 'heldBy'> = {},
): Promise<VacuumedTable> {
  const spark = onSpark(cared);
  if (spark !== undefined)
    return {
      table: cared.table.name,
      ...(await vacuumOnSpark(spark, options)),
      logFiles: 0,
      logHeldBy: null,
    };
  return withCare(cared, async (care) => {
    const { log, clock } = care;
    const held = await care.heldFiles();
    const files = await vacuum(log, { ...options, heldBy: (path) => held.get(path) });
    const result = { table: care.name, ...files, logFiles: 0, logHeldBy: null };
    await log.settled();
    const cutoff = logCutoff(log.snapshot, clock.now());
    if (options.dryRun || cutoff === undefined) return result;
    const needed = await care.heldLog();
    const cleaned = await cleanUpLog(log.storage, log.env.parquet, {
      ...{ cutoff, now: clock.now(), neededFrom: needed?.version },
    });
    return { ...result, logFiles: cleaned.files, logHeldBy: cleaned.heldBack ? needed!.query : null };
  });
}
