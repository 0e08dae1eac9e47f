/**
 * The quarantine table: rows that a query would not let through, with the reason. All queries share it; each has a `txn`
 * of its own, so a replayed batch adds its rows once.
 */
import { MurmurError } from '../../base/errors.js';
import type { DeltaLog } from '../../delta/index.js';
import { writeParquet } from '../../duck/index.js';
import type { DuckSession } from '../../duck/session.js';
import { quoteString } from '../../duck/sql-text.js';
import { ordColumn } from './compile.js';
import { timestampSql } from './expression-sql.js';
import { quarantineTable } from './workspace.js';

export interface QuarantineBatch {
  stream: string;
  queryId: string;
  batchId: number;
  batchTimeMs: number;
}

/** Commits what the batch wrote down in `batch_quarantine`, unless the table has it already. */
export async function commitQuarantine(
  session: DuckSession,
  table: DeltaLog,
  { stream, queryId, batchId, batchTimeMs }: QuarantineBatch,
): Promise<void> {
  const appId = `${queryId}/quarantine`;
  for (;;) {
    const snapshot = await table.update();
    if ((snapshot.txnVersion(appId) ?? -1) >= batchId) return;
    const files = await writeParquet(session, {
      select: `SELECT ${quoteString(stream)} AS stream, ${batchId} AS batch_id, rule, reason, post_id, "row", source_file,
          position, ${timestampSql(batchTimeMs)} AS at FROM ${quarantineTable} ORDER BY ${ordColumn}`,
      storage: table.storage,
      schema: snapshot.schema,
      configuration: snapshot.metadata.configuration,
    });
    const transaction = table.begin().txn(appId, batchId);
    for (const file of files) transaction.add(file);
    const outcome = await transaction.commit({
      operation: 'STREAMING UPDATE',
      operationParameters: { outputMode: 'Append', queryId: appId, epochId: String(batchId) },
      operationMetrics: {
        numAddedFiles: String(files.length),
        numOutputRows: String(files.reduce((sum, { numRecords }) => sum + numRecords, 0)),
      },
    });
    if (outcome.outcome === 'committed') return;
    if (outcome.kind !== 'txn' && outcome.kind !== 'metadata' && outcome.kind !== 'protocol')
      throw new MurmurError('engine.commit_conflicts', `appending to quarantine: ${outcome.kind}`, {
        fault: 'internal',
      });
  }
}
