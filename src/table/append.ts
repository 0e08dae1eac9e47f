/** New rows beside those that are there: one commit that has read nothing, so that it never stands in anybody's way. */
import { bytesOf } from '../delta/snapshot.js';
import { rowsIn } from './attempt.js';
import { commitChange } from './commit-change.js';
import { type RowsInput, stageInput } from './input.js';
import type { TableContext } from './table-context.js';

export interface AppendOptions {
  /** Adds columns that the rows have and the table has not, in the same commit. Default: they are refused. */
  mergeSchema?: boolean;
  /** Makes the append idempotent: it is skipped where the table has seen this version of the application, or a later one. */
  txn?: { appId: string; version: number };
  /** Any text; stands in the commit. */
  userMetadata?: string;
}

export interface AppendResult {
  /** The version that holds the rows. */
  version: number;
  rows: number;
  /** Whether the table had seen the `txn` already, so that nothing was written. */
  skipped: boolean;
}

export async function append(
  context: TableContext,
  input: RowsInput,
  options: AppendOptions,
): Promise<AppendResult> {
  const { txn, userMetadata, mergeSchema = false } = options;
  return context.withSession(async (session) => {
    const { schema } = await context.log.update();
    const { relation, columns } = await stageInput(
      session,
      input,
      schema,
      mergeSchema ? 'of both' : 'of the table',
    );
    let rows = 0;
    let skipped = false;
    const version = await commitChange(context, session, async (attempt) => {
      const { transaction, snapshot } = attempt;
      skipped = txn !== undefined && (snapshot.txnVersion(txn.appId) ?? -1) >= txn.version;
      if (skipped) return undefined;
      attempt.admit(columns, mergeSchema);
      const files = await attempt.write(`SELECT * FROM ${relation}`);
      rows = rowsIn(files);
      if (txn !== undefined) transaction.txn(txn.appId, txn.version);
      return {
        operation: 'WRITE',
        operationParameters: { mode: 'Append', partitionBy: snapshot.metadata.partitionColumns },
        operationMetrics: {
          numFiles: String(files.length),
          numOutputRows: String(rows),
          numOutputBytes: String(bytesOf(files)),
        },
        ...(userMetadata === undefined ? {} : { userMetadata }),
      };
    });
    return { version, rows: skipped ? 0 : rows, skipped };
  });
}
