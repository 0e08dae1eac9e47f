/** Rows out of a table. Files in which every row goes are only removed; the others are written anew without them. */

import type { CommitDescription } from '../delta/commit-info.js';
import { bytesOf } from '../delta/snapshot.js';
import { type Attempt, rowsIn } from './attempt.js';
import { commitChange } from './commit-change.js';
import { findMatches, removeMatches } from './matching-rows.js';
import type { TableContext } from './table-context.js';

export interface DeleteOptions {
  /** A condition in SQL (DuckDB's); rows for which it is true go. Default: all rows, which reads no file. */
  where?: string;
  userMetadata?: string;
}

export interface DeleteResult {
  /** The version that the table has now; unchanged when no row matched. */
  version: number;
  /** Undefined where the statistics of a file that was removed as a whole do not say. */
  deletedRows: number | undefined;
}

export async function deleteRows(context: TableContext, options: DeleteOptions): Promise<DeleteResult> {
  const { where, userMetadata } = options;
  const more = userMetadata === undefined ? {} : { userMetadata };
  return context.withSession(async (session) => {
    let deletedRows: number | undefined = 0;
    const version = await commitChange(context, session, async (attempt) => {
      if (where !== undefined) {
        const matches = await findMatches(attempt, where);
        deletedRows = matches.rows;
        if (matches.rows === 0) return undefined;
        const files = await removeMatches(attempt, where, matches);
        const removed = [...matches.whole, ...matches.partly];
        return { ...more, ...described(JSON.stringify([where]), files, removed, matches.rows) };
      }
      const { snapshot } = attempt;
      deletedRows = snapshot.numRecords;
      return snapshot.fileCount === 0 ? undefined : { ...more, ...deleteAll(attempt) };
    });
    return { version, deletedRows };
  });
}

function deleteAll({ snapshot, transaction }: Attempt): CommitDescription {
  transaction.reads('table').wholeFiles();
  for (const file of snapshot.files) transaction.remove(file);
  return described('["true"]', [], snapshot.files, snapshot.numRecords);
}

function described(
  predicate: string,
  added: Parameters<typeof rowsIn>[0],
  removed: readonly { size: number }[],
  deleted: number | undefined,
): CommitDescription {
  return {
    operation: 'DELETE',
    operationParameters: { predicate },
    operationMetrics: {
      numAddedFiles: String(added.length),
      numRemovedFiles: String(removed.length),
      ...(deleted === undefined ? {} : { numDeletedRows: String(deleted) }),
      numCopiedRows: String(rowsIn(added)),
      numAddedBytes: String(bytesOf(added)),
      numRemovedBytes: String(bytesOf(removed)),
      numAddedChangeFiles: '0',
    },
  };
}
