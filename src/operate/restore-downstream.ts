/**
 * Restores a table that a query of the lake writes, and makes the tables behind it anew from what it then holds. The table's
 * own query goes on behind what it had read: its input is not read again (`rebuild --from-version` does that). A crash
 * between the two leaves the restored table and old ones behind it, which their queries find and refuse to go on with.
 */
import { systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import type { Metadata } from '../delta/actions.js';
import type { RestoreTarget } from '../delta/index.js';
import { settleRebuild } from '../engine/embedded/rebuild/rebuild.js';
import { planInput } from '../engine/plan-reading.js';
import { ControlServer } from '../lake/control-server.js';
import { openCareContext } from '../pipeline/engine-context.js';
import type { OpenLake } from '../pipeline/open.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { Resources } from '../pipeline/resources.js';
import { restoreTable } from '../table/restore.js';
import { rebuildHeld } from './rebuild.js';
import type { RebuildOptions, RestoredDownstream } from './rebuilding.js';
import { assertSameMeaning } from './restore-meaning.js';
import { withCare } from './table-care.js';

/**
 * @throws lake.already_running (user), operate.not_a_query (user), operate.restore_other_meaning (user), delta.conflict
 *   (external), and what restoring and rebuilding throw
 */
export async function restoreAndRebuild(
  open: OpenLake,
  name: string,
  to: RestoreTarget,
  options: Pick<RebuildOptions, 'signal' | 'onStart'> = {},
): Promise<RestoredDownstream> {
  const { lake, spec, rules, clock = systemClock } = open;
  const queries = definePipelineQueries(spec, 'idle', rules);
  const own = queries.find(({ plan }) => plan.sink.table === name);
  if (own === undefined)
    throw new MurmurError('operate.not_a_query', `restoring ${name}: no query writes it alone`, {
      fault: 'user',
      fix: `--rebuild-downstream is for ${queries.map(({ plan }) => plan.sink.table).join(', ')}`,
    });
  const opened = new Resources();
  try {
    const server = opened.add(await ControlServer.claim(lake.paths.socket));
    const next = queries.find(({ plan }) => planInput(plan) === name);
    if (spec.engine !== 'embedded') {
      const { restoreOnSpark } = await import('./restore-on-spark.js');
      return await restoreOnSpark({ open, spark: spec.engine.spark, own, next, server }, to, options);
    }
    await settleRebuild(await openCareContext(lake, spec, clock, opened));
    const restored = await withCare({ table: lake.table(name), open }, async (care) => {
      const then = 'version' in to ? await care.log.at(to.version) : await care.log.atTime(to.timestamp);
      assertSameMeaning(own, then.metadata, care.log.snapshot.metadata);
      return restoreTable(care, to, keepIdentity);
    });
    const rebuilt = next === undefined ? null : await rebuildHeld(open, next.name, options, server);
    return { table: name, ...restored, rebuilt };
  } finally {
    await opened.close();
  }
}

/** The table stays that of its query, whichever query wrote the version. */
function keepIdentity(then: Metadata, now: Metadata): Metadata {
  const ofNow = Object.entries(now.configuration).filter(([key]) => key.startsWith('murmur.'));
  const ofThen = Object.entries(then.configuration).filter(([key]) => !key.startsWith('murmur.'));
  return { ...then, configuration: Object.fromEntries([...ofThen, ...ofNow]) };
}
