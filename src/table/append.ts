/** New rows beside those that are there: one commit that has read nothing, so that it never stands in anybody's way. */
import { writeParquet } from '../duck/write-parquet.js';
import { commitChange } from './commit-change.js';
import { type RowsInput, stageInput } from './input.js';
import type { TableContext } from './table-context.js';
import { bytesOf, layoutOf, rowsOf } from './written-files.js';

export interface AppendOptions {
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
  const { log } = context;
  const { txn, userMetadata } = options;
  return context.withSession(async (session) => {
    const source = await stageInput(session, input, log.snapshot.schema);
    let rows = 0;
    let skipped = false;
    const version = await commitChange(context, async (snapshot) => {
      skipped = txn !== undefined && (snapshot.txnVersion(txn.appId) ?? -1) >= txn.version;
      if (skipped) return undefined;
      const { schema, metadata } = snapshot;
      const written = await writeParquet(session, {
        ...layoutOf(metadata),
        select: `SELECT * FROM ${source}`,
        storage: log.storage,
        schema,
        configuration: metadata.configuration,
        partitionColumns: metadata.partitionColumns,
      });
      rows = rowsOf(written);
      const transaction = log.begin(snapshot);
      for (const file of written) transaction.add(file);
      if (txn !== undefined) transaction.txn(txn.appId, txn.version);
      return {
        transaction,
        written,
        description: {
          operation: 'WRITE',
          operationParameters: { mode: 'Append', partitionBy: metadata.partitionColumns },
          operationMetrics: {
            numFiles: String(written.length),
            numOutputRows: String(rows),
            numOutputBytes: String(bytesOf(written)),
          },
          ...(userMetadata === undefined ? {} : { userMetadata }),
        },
      };
    });
    return { version, rows: skipped ? 0 : rows, skipped };
  });
}
