/** New rows in place of old ones: of all, or of those for which a condition is true (`replaceWhere`). */

import { MurmurError } from '../base/errors.js';
import type { AddFile } from '../delta/actions.js';
import { asNullable } from '../delta/schema-evolution.js';
import { bytesOf } from '../delta/snapshot.js';
import { emptySelect } from '../duck/scan.js';
import { incomingSchema } from '../duck/store-assignment.js';
import { struct } from '../schema/column-types.js';
import { type Attempt, rowsIn } from './attempt.js';
import { commitChange } from './commit-change.js';
import { type RowsInput, type StagedInput, stageInput } from './input.js';
import { findMatches, removeMatches } from './matching-rows.js';
import type { TableContext } from './table-context.js';

export interface OverwriteOptions {
  /** Replaces only rows for which this SQL condition is true; it must be true of every new row. Default: all rows. */
  where?: string;
  /** Adds columns that the rows have and the table has not. */
  mergeSchema?: boolean;
  /** Gives the table the columns of the rows, whatever it had. Not together with `where`. */
  overwriteSchema?: boolean;
  /** With `overwriteSchema`: the new partition columns. Default: the old ones. */
  partitionColumns?: string[];
  userMetadata?: string;
}

export interface OverwriteResult {
  version: number;
  /** Rows written, those that were only copied left out. */
  rows: number;
}

export async function overwrite(
  context: TableContext,
  input: RowsInput,
  options: OverwriteOptions,
): Promise<OverwriteResult> {
  const { where, mergeSchema = false, overwriteSchema = false, userMetadata } = options;
  if (where !== undefined && overwriteSchema) {
    throw new MurmurError('table.bad_options', 'overwriting with both where and overwriteSchema', {
      fault: 'user',
      fix: 'replace all rows to give the table other columns',
    });
  }
  return context.withSession(async (session) => {
    const { schema } = await context.log.update();
    const known = overwriteSchema ? struct() : schema;
    const columns = overwriteSchema ? 'own columns' : mergeSchema ? 'of both' : 'of the table';
    const staged = await stageInput(session, input, known, columns);
    let rows = 0;
    const version = await commitChange(context, session, async (attempt) => {
      if (overwriteSchema) {
        const { partitionColumns = attempt.snapshot.metadata.partitionColumns } = options;
        const { fields } = incomingSchema(staged.columns, struct());
        attempt.alter(struct(...fields.map(asNullable)), { partitionColumns });
      } else attempt.admit(staged.columns, mergeSchema);
      const removed = where === undefined ? removeAll(attempt) : await removeWhere(attempt, where, staged);
      rows = rowsIn(await attempt.write(`SELECT * FROM ${staged.relation}`));
      return {
        operation: 'WRITE',
        operationParameters: {
          mode: 'Overwrite',
          partitionBy: attempt.target.metadata.partitionColumns,
          ...(where === undefined ? {} : { predicate: [where] }),
        },
        operationMetrics: {
          numFiles: String(attempt.written.length),
          numOutputRows: String(rowsIn(attempt.written)),
          numOutputBytes: String(bytesOf(attempt.written)),
          numRemovedFiles: String(removed.length),
          numRemovedBytes: String(bytesOf(removed)),
        },
        ...(userMetadata === undefined ? {} : { userMetadata }),
      };
    });
    return { version, rows };
  });
}

function removeAll({ snapshot, transaction }: Attempt): readonly AddFile[] {
  transaction.reads('table').wholeFiles();
  for (const file of snapshot.files) transaction.remove(file);
  return snapshot.files;
}

/** @throws table.replace_mismatch (user) where a new row is not among those that are replaced */
async function removeWhere(
  attempt: Attempt,
  where: string,
  { relation }: StagedInput,
): Promise<readonly AddFile[]> {
  const { session, schema } = attempt;
  const { fields } = schema;
  // Missing columns are null, as they will be in the table.
  const typed = `SELECT * FROM (${emptySelect(fields)}) UNION ALL BY NAME SELECT * FROM ${relation}`;
  const outside = await session.scalar<number>(
    `SELECT count(*) FROM (${typed}) WHERE (${where}\n) IS NOT TRUE`,
  );
  if (outside > 0) {
    throw new MurmurError(
      'table.replace_mismatch',
      `replacing rows of ${attempt.log.storage.root} where ${where}: ${outside} new rows do not match`,
      { fault: 'user', fix: 'leave these rows out, or append them', context: { rows: outside } },
    );
  }
  const matches = await findMatches(attempt, where);
  await removeMatches(attempt, where, matches);
  return [...matches.whole, ...matches.partly];
}
