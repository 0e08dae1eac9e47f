/**
 * New tables take the place of the old ones. What is to be done is decided and written down before the first step (see
 * `workplace.ts`), and each step finds out by itself whether it was done, so that whoever comes after a crash can do all
 * of them again. To every reader a table changes with one commit: what it held before stays its history.
 */
import { MurmurError } from '../../../base/errors.js';
import { faultPoint } from '../../../base/fault-point.js';
import type { Metadata } from '../../../delta/actions.js';
import { DeltaLog, type Snapshot, type TailOffset } from '../../../delta/index.js';
import { Ledger } from '../../../sources/files/ledger.js';
import { queryIdProperty } from '../../table-properties.js';
import { type Offsets, WriteAheadLog } from '../../wal.js';
import { clear } from '../clear.js';
import type { EmbeddedContext } from '../context.js';
import { packEnds } from '../landing-ends.js';
import type { LandingRead } from '../landing-input.js';
import { markText, parseMark } from '../rebuild-mark.js';
import type { TableRead } from '../table-input.js';
import { switchShared } from './switch-shared.js';
import type { RebuildPlan, RebuildWorkplace } from './workplace.js';

/** Times that a table's commit is made anew when another writer was faster. */
const commitTries = 10;

/** @returns by query, the version of its table that holds the new rows */
export async function carryOut(
  context: EmbeddedContext,
  place: RebuildWorkplace,
  plan: RebuildPlan,
): Promise<Record<string, number>> {
  /** Behind the commits that brought the new tables, by table. */
  const behind = new Map<string, TailOffset>();
  const versions: Record<string, number> = {};
  for (const query of plan.queries) {
    const built = await DeltaLog.open(place.table(query.table), context.delta);
    const { last, endOffset } = await endOfInput(place, query.name, behind);
    const table = await oldTable(context, query.table, built.snapshot);
    const mark = {
      id: plan.id,
      stream: query.name,
      queryId: query.queryId,
      batchId: last?.batchId ?? null,
      endOffset,
    };
    const version =
      (await switchedAt(table, plan.id, query.queryId)) ??
      (await commit(table, built.snapshot, query.queryId, last?.batchId, markText(mark)));
    faultPoint('rebuild.after_table');
    const { id: tableId } = table.snapshot.metadata;
    behind.set(query.table, { tableId, version: version + 1, file: 0, row: 0, snapshot: false });
    versions[query.name] = version;
    await install(context, place, query.name, { last, version, queryId: query.queryId });
    faultPoint('rebuild.after_checkpoint');
    await table.settled();
  }
  await switchShared(context, place, plan, versions);
  faultPoint('rebuild.before_clear');
  await place.clear();
  return versions;
}

/** Of a table that does not exist any more an empty one is made. */
async function oldTable(
  { tables, delta }: EmbeddedContext,
  name: string,
  { schema, metadata }: Snapshot,
): Promise<DeltaLog> {
  const storage = tables.at(name);
  const table = await DeltaLog.openIfExists(storage, delta);
  if (table) return table;
  const { [queryIdProperty]: _, ...configuration } = metadata.configuration;
  return DeltaLog.create(storage, delta, { schema, configuration });
}

/** The version with which the table became the new one. */
async function switchedAt(table: DeltaLog, id: string, queryId: string): Promise<number | undefined> {
  if (table.snapshot.metadata.configuration[queryIdProperty] !== queryId) return undefined;
  const found = (await table.history()).find((info) => parseMark(info)?.id === id);
  if (found) return found.version;
  throw new MurmurError(
    'engine.rebuild_lost',
    `finishing a rebuild: the log of ${table.storage.root} no longer has the commit that brought its new rows`,
    {
      fault: 'external',
      fix: 'look after the log, and make the tables behind it anew with `murmur rebuild`',
    },
  );
}

/** One commit: all old files go, all new ones come, those of a kept version stay. */
async function commit(
  table: DeltaLog,
  built: Snapshot,
  queryId: string,
  batchId: number | undefined,
  murmur: string,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const base = await table.update();
    const removes = base.files.filter((file) => !built.has(file));
    const adds = built.files.filter((file) => !base.has(file));
    const transaction = table
      .begin(base)
      .reads('table')
      .setMetadata({ ...built.metadata, id: base.metadata.id } satisfies Metadata);
    if (batchId !== undefined) transaction.txn(queryId, batchId);
    for (const file of removes) transaction.remove(file);
    for (const file of adds) transaction.add(file);
    const outcome = await transaction.commit({
      operation: 'WRITE',
      operationParameters: { mode: 'Overwrite', partitionBy: '[]' },
      operationMetrics: {
        numFiles: String(adds.length),
        numAddedFiles: String(adds.length),
        numRemovedFiles: String(removes.length),
        numOutputBytes: String(adds.reduce((sum, { size }) => sum + size, 0)),
      },
      murmur,
    });
    if (outcome.outcome === 'committed') return outcome.version;
    if (attempt === commitTries)
      throw new MurmurError(
        'engine.commit_conflicts',
        `putting the rebuilt rows into ${table.storage.root}: ${commitTries} conflicts, the last with version ${outcome.version} (${outcome.kind})`,
        {
          fault: 'external',
          retry: 'backoff',
          fix: 'stop other writers of the table, then `murmur rebuild` again',
        },
      );
  }
}

/** The last batch of a new query and where its input ended, in terms of the tables as they are after the switch. */
async function endOfInput(
  place: RebuildWorkplace,
  name: string,
  behind: ReadonlyMap<string, TailOffset>,
): Promise<{ last: Offsets | undefined; endOffset: unknown }> {
  const storage = place.checkpoints.at(name);
  const wal = await WriteAheadLog.open(storage, name);
  if (wal?.lastBatchId === undefined) return { last: undefined, endOffset: undefined };
  const last = await wal.readOffsets(wal.lastBatchId);
  if (last.input.kind === 'landing') {
    const ledger = await Ledger.open(wal.sources);
    for await (const { batchId, input } of wal.offsetsFrom(ledger.compactedTo + 1))
      ledger.restore({ batchId, input: input as LandingRead });
    return { last, endOffset: packEnds([...ledger.files.values()]) };
  }
  const input = last.input as TableRead;
  // All that the new table held was read, or there would be no switch.
  const end = behind.get(input.table) ?? input.to;
  return { last: { ...last, input: { ...input, from: end, to: end } as TableRead }, endOffset: end };
}

/** The new query's checkpoint in the place of the old one's; the landing query's with all its notes. */
async function install(
  { checkpoints }: EmbeddedContext,
  place: RebuildWorkplace,
  name: string,
  { last, version, queryId }: { last: Offsets | undefined; version: number; queryId: string },
): Promise<void> {
  const from = place.checkpoints.at(name);
  const to = checkpoints.at(name);
  await clear(to);
  if (last === undefined) {
    await WriteAheadLog.create(to, name, queryId);
    return;
  }
  if (last.input.kind === 'landing')
    for (const folder of ['sources/', 'offsets/'])
      for await (const { path } of from.list(folder)) await to.putIfAbsent(path, await from.read(path));
  await WriteAheadLog.endingWith(to, name, last, version);
}
