/**
 * A table of a lake on Spark restored, by Spark's own statement. The tables behind it are emptied first: their streams read
 * appends, and would take files that come back for new ones.
 */
import { planRestore, type RestoreTarget } from '../delta/index.js';
import type { QueryDefinition } from '../engine/engine.js';
import type { SparkSession } from '../engine/spark/connect/index.js';
import type { SparkOptions } from '../engine/spark/options.js';
import { deltaTable } from '../engine/spark/sql-text.js';
import { newestCommits, setProperties } from '../engine/spark/tables.js';
import type { ControlServer } from '../lake/control-server.js';
import type { OpenLake } from '../pipeline/open.js';
import { placesOf } from '../pipeline/spark/connect-lake.js';
import { withSession } from './on-spark.js';
import { rebuildOnSpark } from './rebuild-on-spark.js';
import type { RebuildOptions, RestoredDownstream } from './rebuilding.js';
import { assertSameMeaning } from './restore-meaning.js';
import { withCare } from './table-care.js';

export interface RestoreOnSpark {
  open: OpenLake;
  spark: SparkOptions;
  /** The query that writes the table, and the one that reads it. */
  own: QueryDefinition;
  next: QueryDefinition | undefined;
  /** Holds the lake. */
  server: ControlServer;
}

/** @throws operate.restore_other_meaning (user), and what planning a restore, Spark and `rebuildOnSpark` throw */
export function restoreOnSpark(
  { open, spark, own, next, server }: RestoreOnSpark,
  to: RestoreTarget,
  options: Pick<RebuildOptions, 'signal' | 'onStart'>,
): Promise<RestoredDownstream> {
  const { table } = own.plan.sink;
  return withCare({ table: open.lake.table(table), open }, async ({ log }) => {
    const now = log.snapshot.metadata;
    const { target, restored, removed } = await planRestore(log, to);
    assertSameMeaning(own, (await log.at(target)).metadata, now);
    const path = placesOf(open.lake).table(table);
    // The table stays that of its query, whichever query wrote the version.
    const kept = Object.entries(now.configuration).filter(([key]) => key.startsWith('murmur.'));
    let version = log.snapshot.version;
    const restore = async (session: SparkSession) => {
      await session.rows(`RESTORE TABLE ${deltaTable(path)} TO VERSION AS OF ${target}`);
      await setProperties(session, path, Object.fromEntries(kept));
      const [newest] = await newestCommits(session, path, 1);
      version = newest?.version ?? version;
    };
    const rebuilt =
      next === undefined
        ? null
        : await rebuildOnSpark(open, spark, next.name, { ...options, emptied: restore }, server);
    if (next === undefined) await withSession(open, restore);
    return {
      table,
      version,
      target,
      filesRestored: restored.length,
      filesRemoved: removed.length,
      rebuilt,
    };
  });
}
