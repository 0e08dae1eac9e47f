/**
 * Making the table of a query anew, and those of all queries behind it, beside the old ones: the remedy after a changed rule
 * or option. The new tables are built by the same engine as every table, with logs and checkpoints that nobody else sees;
 * when they have read all there is, they take the place of the old ones. Until then the old lake is untouched. Whoever
 * calls must hold the lake.
 */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../../../base/errors.js';
import { faultPoint } from '../../../base/fault-point.js';
import { DeltaLog, TableTail } from '../../../delta/index.js';
import type { QueryDefinition } from '../../engine.js';
import { planInput } from '../../plan-reading.js';
import { WriteAheadLog } from '../../wal.js';
import type { EmbeddedContext } from '../context.js';
import { type EmbeddedRun, startEmbedded } from '../run.js';
import { readUpTo } from '../yet-to-read.js';
import { keptVersion, missingFiles, seed } from './seed.js';
import { carryOut } from './switch.js';
import { type RebuildPlan, RebuildWorkplace } from './workplace.js';

export interface RebuildRequest {
  /** All queries of the lake, in the order in which posts pass them, to read what is there and then end. */
  queries: readonly QueryDefinition[];
  /** The first query to be made anew. */
  name: string;
  /** The version of its table whose rows are kept. */
  fromVersion?: number;
  /** Names everything that decides what the new tables hold; an unfinished rebuild of the same is gone on with. */
  fingerprint: string;
}

/** The query and all that read, at first hand or not, what it writes. @throws engine.no_such_query (user) */
export function queriesFrom(queries: readonly QueryDefinition[], name: string): QueryDefinition[] {
  const made = new Set<string>();
  const found = queries.filter((query) => {
    const isOne = query.name === name || made.has(planInput(query.plan));
    if (isOne) made.add(query.plan.sink.table);
    return isOne;
  });
  if (found[0]?.name === name) return found;
  throw new MurmurError('engine.no_such_query', `rebuilding ${name}: there is no such query`, {
    fault: 'user',
    fix: `queries are ${queries.map((query) => query.name).join(', ')}`,
  });
}

/**
 * Finishes a rebuild that was decided, and clears away one that was not.
 * @returns what was found
 */
export async function settleRebuild(context: EmbeddedContext): Promise<'none' | 'finished' | 'discarded'> {
  const place = new RebuildWorkplace(context);
  const plan = await place.plan();
  const isDecided = await place.isDecided();
  if (plan === undefined && !isDecided) return 'none';
  if (plan !== undefined && isDecided) await carryOut(context, place, plan);
  else await place.clear();
  return isDecided ? 'finished' : 'discarded';
}

/**
 * Begins to build the new tables, or goes on with an unfinished build of the same ones.
 * @throws engine.no_such_query (user), those of `keptVersion`
 */
export async function startRebuild(
  context: EmbeddedContext,
  request: RebuildRequest,
): Promise<RunningRebuild> {
  const { queries, name, fromVersion, fingerprint } = request;
  const made = queriesFrom(queries, name);
  const place = new RebuildWorkplace(context);
  const kept = fromVersion === undefined ? undefined : await keptVersion(context, made[0]!, fromVersion);
  if (await place.isDecided()) await settleRebuild(context);
  let plan = await place.plan();
  if (plan?.fingerprint !== fingerprint)
    plan = await place.begin({
      id: randomUUID(),
      fingerprint,
      queries: made.map((query) => ({
        name: query.name,
        table: query.plan.sink.table,
        queryId: randomUUID(),
      })),
      kept: kept ? { version: kept.snapshot.version, batchId: kept.commit.batchId } : null,
    });
  const assumed: string[] = [];
  for (const [i, definition] of made.entries()) {
    const { queryId } = plan.queries[i]!;
    const believed = await seed(context, place, definition, queryId, i === 0 ? kept : undefined);
    assumed.push(...believed.assumed);
  }
  const others = queries.filter((query) => !made.includes(query));
  const side: EmbeddedContext = {
    ...context,
    tables: place.tables(plan),
    checkpoints: place.checkpoints,
    keepsFiles: true,
  };
  return new RunningRebuild(context, place, plan, made, assumed, await startEmbedded(side, made, others));
}

export class RunningRebuild {
  constructor(
    readonly context: EmbeddedContext,
    readonly place: RebuildWorkplace,
    readonly plan: RebuildPlan,
    readonly queries: readonly QueryDefinition[],
    /** Files of the landing place that are taken as read to their end, though the log no longer says so. */
    readonly assumed: readonly string[],
    /** The queries at work on the new tables. */
    readonly run: EmbeddedRun,
  ) {}

  /**
   * Waits until the new tables hold all there is, then puts them in the place of the old ones. What fails before that
   * leaves the old lake as it was, and no trace; what is interrupted can be gone on with.
   * @param signal interrupts the build; once the switch has begun it is finished
   * @returns by query, the version of its table that holds the new rows
   * @throws engine.rebuild_interrupted (user), and what the queries throw
   */
  async finish(signal?: AbortSignal): Promise<Record<string, number>> {
    const { context, place, plan, run } = this;
    const stop = () => void run.close(0);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      await run.done;
    } catch (e) {
      await run.close(0);
      await place.clear();
      throw e;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    await run.close(0);
    if (signal?.aborted)
      throw new MurmurError(
        'engine.rebuild_interrupted',
        `rebuilding ${plan.queries[0]!.name}: interrupted`,
        {
          fault: 'user',
          fix: 'the tables are as they were; the same command goes on where this one stopped',
        },
      );
    for (const query of this.queries) await this.#assertComplete(query);
    faultPoint('rebuild.before_decision');
    await place.decide();
    faultPoint('rebuild.after_decision');
    return carryOut(context, place, plan);
  }

  /** Nothing that was planned is uncommitted, nothing that was built is unread, and every file is there. */
  async #assertComplete({ name, plan: { sink, ...plan } }: QueryDefinition): Promise<void> {
    const { context, place } = this;
    const incomplete = (what: string) =>
      new MurmurError('engine.rebuild_incomplete', `rebuilding ${name}: ${what}`, {
        fault: 'external',
        fix: 'the tables are as they were; let no other program write or vacuum them, and do it again',
      });
    const wal = await WriteAheadLog.open(place.checkpoints.at(name), name);
    const last = wal?.lastBatchId;
    if (last !== undefined && !(await wal!.readCommit(last)))
      throw incomplete(`batch ${last} is not committed`);
    const table = await DeltaLog.open(place.table(sink.table), context.delta);
    const missing = await missingFiles(table, table.snapshot);
    if (missing.length > 0)
      throw incomplete(`${missing.length} of its new files are gone, ${missing[0]} the first`);
    const from = planInput({ sink, ...plan });
    if (from === 'landing') return;
    const input = await DeltaLog.openIfExists(place.tables(this.plan).at(from), context.delta);
    if (input === undefined) return;
    const tail = new TableTail(input);
    const upTo = await readUpTo(place.checkpoints.at(name), name);
    const unread = await tail.filesAfter(upTo ?? (await tail.initial()));
    if (unread.length > 0) throw incomplete(`${unread.length} files of ${from} are not read`);
  }
}
