/**
 * A rebuild on Spark: in the place of the old tables, not beside them, because a stream's checkpoint is bound to the very table
 * that it reads. The tables are emptied, last one first, and their queries begin anew; readers see the new rows as they come.
 * What is interrupted the next run goes on with; what is cut off while tables are emptied is refused until it is done again.
 */
import { systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import { queriesFrom } from '../engine/embedded/rebuild/rebuild.js';
import { clearQueries } from '../engine/spark/clear-query.js';
import type { SparkSession } from '../engine/spark/connect/index.js';
import type { SparkOptions } from '../engine/spark/options.js';
import { newestCommits } from '../engine/spark/tables.js';
import type { ControlServer } from '../lake/control-server.js';
import type { OpenLake } from '../pipeline/open.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { Resources } from '../pipeline/resources.js';
import { forgetCheckpoint } from '../pipeline/spark/checkpoints.js';
import { openOnSpark } from '../pipeline/spark/open-on-spark.js';
import { withSession } from './on-spark.js';
import {
  endedBy,
  type RebuildOptions,
  type RebuildResult,
  rebuiltStreams,
  serveRebuild,
} from './rebuilding.js';

export interface RebuildOnSpark extends RebuildOptions {
  /** Done when the tables are empty and nothing reads what is before them. */
  emptied?: (session: SparkSession) => Promise<void>;
}

/**
 * In a process that holds the lake.
 * @throws operate.not_on_spark (user) for `fromVersion`, engine.no_such_query, engine.rebuild_interrupted (user), and what opening
 *   the model, clearing and the queries throw
 */
export async function rebuildOnSpark(
  open: OpenLake,
  spark: SparkOptions,
  name: string,
  { fromVersion, signal, onStart, emptied }: RebuildOnSpark,
  server: ControlServer,
): Promise<RebuildResult> {
  const { lake, spec, rules, env, clock = systemClock } = open;
  if (fromVersion !== undefined)
    throw new MurmurError('operate.not_on_spark', 'rebuilding from a version, on Spark', {
      fault: 'user',
      fix: `leave --from-version away: ${name} is then made anew from its beginning`,
    });
  const startedAt = clock.now();
  const queries = definePipelineQueries(spec, 'idle', rules);
  const made = queriesFrom(queries, name);
  const names = made.map((query) => query.name);
  const opened = new Resources();
  const ending = endedBy(signal);
  try {
    // Whatever keeps the queries from starting (a model that is not there) is found before anything is emptied.
    const engine = await openOnSpark({ lake, spec, clock, opened, env }, spark, () => undefined);
    await withSession(open, async (session) => {
      await clearQueries(session, engine.context, made, (stream) => forgetCheckpoint(lake, stream));
      await emptied?.(session);
    });
    const run = await engine.start(queries, names);
    opened.add({ close: () => run.close(0) });
    const status = () => run.status().filter((query) => names.includes(query.name));
    serveRebuild(server, run, { name, startedAt, end: ending.end });
    onStart?.({ status, events: run.events.subscribe(4096) });
    const stop = () => void run.close(0);
    ending.signal.addEventListener('abort', stop);
    if (ending.signal.aborted) stop();
    await run.done;
    await run.close(0);
    if (ending.signal.aborted) throw interrupted(name);
    return {
      rebuilt: name,
      from_version: null,
      streams: rebuiltStreams(status(), await versions(open, engine.context.places.table, made)),
      assumed_files: [],
      seconds: Math.round(clock.now() - startedAt) / 1000,
    };
  } finally {
    await opened.close();
  }
}

function versions(
  open: OpenLake,
  pathOf: (table: string) => string,
  queries: readonly { name: string; plan: { sink: { table: string } } }[],
): Promise<Record<string, number>> {
  return withSession(open, async (session) => {
    const found: Record<string, number> = {};
    for (const { name, plan } of queries) {
      const [newest] = await newestCommits(session, pathOf(plan.sink.table), 1);
      found[name] = newest?.version ?? 0;
    }
    return found;
  });
}

function interrupted(name: string): MurmurError {
  return new MurmurError('engine.rebuild_interrupted', `rebuilding ${name}: interrupted`, {
    fault: 'user',
    fix: 'the tables hold a part of their rows; "murmur run" goes on where this stopped',
  });
}
