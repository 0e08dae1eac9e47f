/**
 * What a rebuild does to the tables that all queries share. Quarantine holds what the new rules took out, no longer what
 * the old ones did. Progress only grows: it tells of batches that were run, and those of the rebuild are more of them.
 */
import { MurmurError } from '../../../base/errors.js';
import { faultPoint } from '../../../base/fault-point.js';
import { DeltaLog, type Transaction } from '../../../delta/index.js';
import { type DuckSession, scanSql, writeParquet } from '../../../duck/index.js';
import { quoteString } from '../../../duck/sql-text.js';
import { defaultRetention, tableProperties } from '../../table-properties.js';
import type { EmbeddedContext } from '../context.js';
import type { RebuildPlan, RebuildWorkplace, sharedTables } from './workplace.js';

const commitTries = 10;

export async function switchShared(
  context: EmbeddedContext,
  place: RebuildWorkplace,
  plan: RebuildPlan,
  versions: Readonly<Record<string, number>>,
): Promise<void> {
  const session = await context.duck.connect();
  try {
    await replaceQuarantined(context, session, place, plan);
    faultPoint('rebuild.after_quarantine');
    await addProgress(context, session, place, plan, versions);
    faultPoint('rebuild.after_progress');
  } finally {
    await session.close();
  }
}

async function replaceQuarantined(
  context: EmbeddedContext,
  session: DuckSession,
  place: RebuildWorkplace,
  plan: RebuildPlan,
): Promise<void> {
  const built = await DeltaLog.openIfExists(place.table('quarantine'), context.delta);
  const old = await DeltaLog.openIfExists(context.tables.at('quarantine'), context.delta);
  if (built === undefined && old === undefined) return;
  const table = old ?? (await sharedTable(context, 'quarantine'));
  await commitOnce(table, `${plan.id}/quarantine`, async (transaction) => {
    const { snapshot, storage } = table;
    const rows = await scanSql(session, snapshot, storage);
    const doomed = await session.scalar<number>(`SELECT count(*) FROM (${rows}) WHERE ${outdated(plan)}`);
    if (doomed === 0 && built === undefined) return false;
    if (doomed > 0) {
      for (const file of snapshot.files) transaction.remove(file);
      const kept = await writeParquet(session, {
        select: `SELECT * FROM (${rows}) WHERE NOT (${outdated(plan)}) ORDER BY "at"`,
        storage,
        schema: snapshot.schema,
        configuration: snapshot.metadata.configuration,
        partitionColumns: snapshot.metadata.partitionColumns,
      });
      for (const file of kept) transaction.add(file);
    }
    for (const file of built?.snapshot.files ?? []) transaction.add(file);
    return true;
  });
}

/** SQL that is true for rows of batches that are no longer part of their tables. */
function outdated({ queries, kept }: RebuildPlan): string {
  const streams = queries.map(({ name }) => quoteString(name)).join(', ');
  const [first] = queries;
  const stays = kept ? ` AND NOT (stream = ${quoteString(first!.name)} AND batch_id <= ${kept.batchId})` : '';
  return `stream IN (${streams})${stays}`;
}

async function addProgress(
  context: EmbeddedContext,
  session: DuckSession,
  place: RebuildWorkplace,
  { id, queries }: RebuildPlan,
  versions: Readonly<Record<string, number>>,
): Promise<void> {
  const built = await DeltaLog.openIfExists(place.table('progress'), context.delta);
  if (built === undefined || built.snapshot.files.length === 0) return;
  const table = await sharedTable(context, 'progress');
  await commitOnce(table, `${id}/progress`, async (transaction) => {
    const { schema, metadata } = table.snapshot;
    const cases = queries.map(({ name }) => `WHEN ${quoteString(name)} THEN ${versions[name]}`).join(' ');
    const files = await writeParquet(session, {
      select: `SELECT * REPLACE ((CASE stream ${cases} END)::BIGINT AS table_version)
        FROM (${await scanSql(session, built.snapshot, built.storage)}) ORDER BY started_at`,
      storage: table.storage,
      schema,
      configuration: metadata.configuration,
      partitionColumns: metadata.partitionColumns,
    });
    for (const file of files) transaction.add(file);
    // What the writer of progress asks for, so that it does not add them again.
    for (const { queryId } of queries) {
      const batchId = built.snapshot.txnVersion(`${queryId}/progress`);
      if (batchId !== undefined) transaction.txn(`${queryId}/progress`, batchId);
    }
    return true;
  });
}

/** @param fill says what to commit; false when there is nothing */
async function commitOnce(
  table: DeltaLog,
  appId: string,
  fill: (transaction: Transaction) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 1; attempt <= commitTries; attempt++) {
    const base = await table.update();
    if (base.txnVersion(appId) !== undefined) return;
    const transaction = table.begin(base).txn(appId, 0);
    if (!(await fill(transaction))) return;
    const outcome = await transaction.commit({
      operation: 'WRITE',
      operationParameters: { mode: 'Append', partitionBy: '[]' },
    });
    if (outcome.outcome === 'committed') return table.settled();
  }
  throw new MurmurError('engine.commit_conflicts', `finishing a rebuild in ${table.storage.root}`, {
    fault: 'external',
    retry: 'backoff',
    fix: 'stop other writers of the table, then `murmur rebuild` again',
  });
}

function sharedTable(context: EmbeddedContext, name: (typeof sharedTables)[number]): Promise<DeltaLog> {
  const schema = context.contracts[name]!;
  const configuration = tableProperties('embedded', schema, context.retention?.[name] ?? defaultRetention);
  return DeltaLog.create(context.tables.at(name), context.delta, { schema, configuration });
}
