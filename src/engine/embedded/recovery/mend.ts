/**
 * A lost or damaged checkpoint is made again from the table that its query wrote. The table is the truth: what it does not
 * hold never happened, and what it holds is done. Where what is there contradicts itself nothing is touched. Whoever calls
 * must hold the lake.
 */
import { MurmurError } from '../../../base/errors.js';
import { faultPoint } from '../../../base/fault-point.js';
import { DeltaLog, type TailOffset } from '../../../delta/index.js';
import { scanSql, writeParquet } from '../../../duck/index.js';
import { quoteString } from '../../../duck/sql-text.js';
import type { QueryDefinition } from '../../engine.js';
import { planInput } from '../../plan-reading.js';
import { queryIdProperty } from '../../table-properties.js';
import { WriteAheadLog } from '../../wal.js';
import { clear } from '../clear.js';
import { clockOf, type EmbeddedContext } from '../context.js';
import { type Assumptions, checkpointFromTable } from './checkpoint-from-table.js';
import { examineCheckpoint } from './examine.js';
import { lastQueryCommit, type QueryCommit } from './table-evidence.js';

export type Mended =
  | { outcome: 'nothing to do' }
  | ({
      outcome: 'mended';
      /** What was wrong. */
      found: string;
      /** The last batch in the table; undefined when there was none. */
      batchId: number | undefined;
      /** Where the damaged checkpoint was put; undefined when nothing was left of it. */
      aside: string | undefined;
      /** Rows taken back from quarantine: those of a batch that never got into its table. */
      quarantineRows: number;
    } & Assumptions)
  | { outcome: 'refused'; error: MurmurError };

export async function mendCheckpoint(context: EmbeddedContext, definition: QueryDefinition): Promise<Mended> {
  const { name, plan } = definition;
  const { tables, checkpoints, delta } = context;
  const storage = checkpoints.at(name);
  const table = await DeltaLog.openIfExists(tables.at(plan.sink.table), delta);
  const examined = await examineCheckpoint(table, storage, name);
  if (examined.state === 'contradictory') return { outcome: 'refused', error: examined.error };
  if (examined.state !== 'damaged' || table === undefined) return { outcome: 'nothing to do' };

  const { snapshot } = table;
  const queryId = snapshot.metadata.configuration[queryIdProperty]!;
  const batchId = snapshot.txnVersion(queryId);
  const commit = await lastQueryCommit(table, snapshot.version);
  const doubt = await doubtOf(context, definition, { queryId, batchId, commit });
  if (doubt !== undefined) return { outcome: 'refused', error: doubt };

  const aside = await putAside(context, name);
  faultPoint('recovery.after_aside');
  const quarantineRows = await takeBack(context, name, queryId, batchId ?? -1);
  faultPoint('recovery.after_quarantine');
  const believed: Assumptions = { assumed: [], gone: [] };
  if (batchId === undefined) await WriteAheadLog.create(storage, name, queryId);
  else
    Object.assign(
      believed,
      await checkpointFromTable(
        context,
        definition,
        { table, snapshot, commit },
        { storage, queryId, batchId },
      ),
    );
  return {
    outcome: 'mended',
    found: examined.error.message,
    batchId,
    aside,
    quarantineRows,
    ...believed,
  };
}

/** Why the table is not enough, or not to be believed. */
async function doubtOf(
  { tables, delta }: EmbeddedContext,
  { name, plan }: QueryDefinition,
  found: { queryId: string; batchId: number | undefined; commit: QueryCommit | undefined },
): Promise<MurmurError | undefined> {
  const { queryId, batchId, commit } = found;
  const refuse = (what: string) =>
    new MurmurError(
      'engine.evidence_insufficient',
      `making the checkpoint of ${name} from its table: ${what}`,
      {
        fault: 'external',
        fix: `put the checkpoint back from a copy, or make the table anew with \`murmur rebuild ${name}\``,
        context: { stream: name },
      },
    );
  if (commit && (commit.queryId !== queryId || (commit.batchId ?? undefined) !== batchId))
    return refuse(
      `its newest commit is batch ${commit.batchId} of query ${commit.queryId}, but the table says batch ${batchId} of query ${queryId}`,
    );
  const from = planInput(plan);
  if (batchId === undefined || from === 'landing') return undefined;
  if (commit === undefined) return refuse(`the log no longer has the commit of batch ${batchId}`);
  const end = commit.endOffset as TailOffset;
  const input = await DeltaLog.openIfExists(tables.at(from), delta);
  if (input === undefined) return refuse(`table ${from}, from which it was made, is missing`);
  const { version, metadata } = input.snapshot;
  if (metadata.id !== end.tableId)
    return refuse(`it was made from table ${end.tableId}, ${from} is table ${metadata.id}`);
  if (end.version > version + 1)
    return refuse(
      `it was made from ${from} up to version ${end.version - 1}, which ends at version ${version}`,
    );
  return undefined;
}

/** Moves what is left of a checkpoint to where nobody reads it. */
async function putAside(
  { checkpoints, ...context }: EmbeddedContext,
  name: string,
): Promise<string | undefined> {
  const from = checkpoints.at(name);
  const at = new Date(clockOf({ checkpoints, ...context }).now()).toISOString().replace(/[:.]/g, '-');
  const to = checkpoints.at(`.damaged/${name}-${at}`);
  let isAny = false;
  for await (const { path } of from.list('')) {
    isAny = true;
    await to.put(path, await from.read(path));
  }
  await clear(from);
  return isAny ? to.root : undefined;
}

/**
 * Quarantine is written before the table, so it may be ahead by the batch that was under way. That batch is planned anew,
 * perhaps with other posts, and quarantines them then.
 */
async function takeBack(
  { tables, delta, duck }: EmbeddedContext,
  stream: string,
  queryId: string,
  batchId: number,
): Promise<number> {
  const table = await DeltaLog.openIfExists(tables.at('quarantine'), delta);
  const appId = `${queryId}/quarantine`;
  if (table === undefined) return 0;
  const session = await duck.connect();
  try {
    for (;;) {
      const { schema, metadata, files } = await table.update();
      if ((table.snapshot.txnVersion(appId) ?? -1) <= batchId) return 0;
      const rows = await scanSql(session, table.snapshot, table.storage);
      const doomed = `stream = ${quoteString(stream)} AND batch_id > ${batchId}`;
      const count = await session.scalar<number>(`SELECT count(*) FROM (${rows}) WHERE ${doomed}`);
      const kept = await writeParquet(session, {
        select: `SELECT * FROM (${rows}) WHERE NOT (${doomed}) ORDER BY "at"`,
        storage: table.storage,
        schema,
        configuration: metadata.configuration,
        partitionColumns: metadata.partitionColumns,
      });
      const transaction = table.begin().reads('table').txn(appId, batchId);
      for (const file of files) transaction.remove(file);
      for (const file of kept) transaction.add(file);
      const outcome = await transaction.commit({
        operation: 'DELETE',
        operationParameters: { predicate: JSON.stringify([doomed]) },
        operationMetrics: { numDeletedRows: String(count) },
      });
      if (outcome.outcome === 'committed') return count;
    }
  } finally {
    await session.close();
    await table.settled();
  }
}
