/** Makes the table of a query, and those of all queries behind it, anew beside the old ones, and switches when done. */
import { createHash, randomUUID } from 'node:crypto';
import { systemClock } from '../base/clock.js';
import { packageVersion } from '../base/package-root.js';
import { queriesFrom, startRebuild } from '../engine/embedded/rebuild/rebuild.js';
import { ControlServer } from '../lake/control-server.js';
import { openEngineContext } from '../pipeline/engine-context.js';
import type { OpenLake } from '../pipeline/open.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { Resources } from '../pipeline/resources.js';
import {
  endedBy,
  type RebuildOptions,
  type RebuildResult,
  rebuiltStreams,
  serveRebuild,
} from './rebuilding.js';

export interface RebuildPreview {
  /** The tables that will be made anew, in order. */
  tables: string[];
  /** Files that gave posts and are no longer in the landing place: a new bronze would lack those posts. */
  gone: string[];
}

/** What a rebuild would do. @throws engine.no_such_query (user), delta.no_such_version (user) */
export async function planRebuild(
  { lake, spec, rules }: OpenLake,
  name: string,
  fromVersion?: number,
): Promise<RebuildPreview> {
  const made = queriesFrom(definePipelineQueries(spec, 'idle', rules), name);
  const tables = made.map(({ plan }) => plan.sink.table);
  if (!tables.includes('bronze') || !(await lake.table('bronze').exists())) return { tables, gone: [] };
  const files =
    fromVersion === undefined
      ? `SELECT source_file FROM bronze UNION SELECT source_file FROM quarantine WHERE stream = 'bronze'`
      : `SELECT source_file FROM (SELECT source_file, count(*) AS n FROM bronze GROUP BY 1)
           ANTI JOIN (SELECT source_file, count(*) AS n FROM bronze VERSION AS OF ${Math.trunc(fromVersion)} GROUP BY 1)
           USING (source_file, n)`;
  const { rows } = await lake.sql(
    `SELECT DISTINCT source_file AS path FROM (${files}) WHERE source_file IS NOT NULL ORDER BY 1`,
  );
  const there = new Set<string>();
  for await (const { path } of lake.landing.list('')) there.add(path);
  const needed = rows.map(({ path }) => path as string);
  return { tables, gone: needed.filter((path) => !there.has(path)) };
}

/**
 * Rebuilds. Readers see the old tables until each is replaced by one commit at the end; a crash leaves either the old lake
 * or the new one, the last steps of which the next run or rebuild takes. On Spark as `rebuildOnSpark` says.
 * @throws lake.already_running (user), operate.not_on_spark (user) for `fromVersion`, engine.no_such_query (user), engine.version_unusable (user),
 *   engine.rebuild_interrupted (user), and what the queries throw: then the lake is as it was
 */
export async function rebuild(
  open: OpenLake,
  name: string,
  options: RebuildOptions = {},
): Promise<RebuildResult> {
  const { lake } = open;
  queriesFrom(definePipelineQueries(open.spec, 'idle', open.rules), name);
  const opened = new Resources();
  try {
    const server = opened.add(await ControlServer.claim(lake.paths.socket));
    return await rebuildHeld(open, name, options, server);
  } finally {
    await opened.close();
  }
}

/** As `rebuild`, in a process that holds the lake already. */
export async function rebuildHeld(
  open: OpenLake,
  name: string,
  options: RebuildOptions,
  server: ControlServer,
): Promise<RebuildResult> {
  const { lake, spec, rules, env, clock = systemClock } = open;
  const { fromVersion, signal, onStart } = options;
  if (spec.engine !== 'embedded') {
    const { rebuildOnSpark } = await import('./rebuild-on-spark.js');
    return rebuildOnSpark(open, spec.engine.spark, name, options, server);
  }
  const startedAt = clock.now();
  const opened = new Resources();
  const ending = endedBy(signal);
  try {
    // Of an unfinished build nothing is visible, so all of it may be scored with the present model.
    const { context } = await openEngineContext(
      { lake, spec, clock, opened, env },
      { live: false, replayWithPresent: true, emit: () => undefined },
    );
    const building = await startRebuild(context, {
      queries: definePipelineQueries(spec, 'idle', rules),
      name,
      ...(fromVersion === undefined ? {} : { fromVersion }),
      // Rules written as code cannot be compared, so a build with them is not gone on with.
      fingerprint: digest({ name, fromVersion, spec, by: packageVersion(), rules: rules && randomUUID() }),
    });
    opened.add({ close: () => building.run.close(0) });
    const { run } = building;
    serveRebuild(server, run, { name, startedAt, end: ending.end });
    onStart?.({ status: () => run.status(), events: run.events.subscribe(4096) });
    const versions = await building.finish(ending.signal);
    return {
      rebuilt: name,
      from_version: fromVersion ?? null,
      streams: rebuiltStreams(run.status(), versions),
      assumed_files: [...building.assumed],
      seconds: Math.round(clock.now() - startedAt) / 1000,
    };
  } finally {
    await opened.close();
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
