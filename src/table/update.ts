/** Rows changed in place: files that hold one are written anew. */
import { bytesOf } from '../delta/snapshot.js';
import { scanSql } from '../duck/scan.js';
import { quoteIdent } from '../duck/sql-text.js';
import { type Assignments, checkedAssignments } from './assignments.js';
import type { Attempt } from './attempt.js';
import { commitChange } from './commit-change.js';
import { assertCount, findMatches, type Matches } from './matching-rows.js';
import type { TableContext } from './table-context.js';

export interface UpdateOptions {
  /** New values as SQL expressions over the row's old ones. */
  set: Assignments;
  /** A condition in SQL; rows for which it is true change. Default: all rows. */
  where?: string;
  userMetadata?: string;
}

export interface UpdateResult {
  /** The version that the table has now; unchanged when no row matched. */
  version: number;
  updatedRows: number;
}

export async function updateRows(context: TableContext, options: UpdateOptions): Promise<UpdateResult> {
  const { set, where = 'true', userMetadata } = options;
  return context.withSession(async (session) => {
    let updatedRows = 0;
    const version = await commitChange(context, session, async (attempt) => {
      const { log, target, schema } = attempt;
      const all = await scanSql(session, target, log.storage, { files: target.files.slice(0, 1) });
      const assigned = await checkedAssignments(session, set, schema, `(${all})`);
      const matches = await findMatches(attempt, where);
      updatedRows = matches.rows;
      if (matches.rows === 0) return undefined;
      const removed = [...matches.whole, ...matches.partly];
      attempt.transaction.reads(matches.candidates, matches.conditions);
      for (const file of removed) attempt.transaction.remove(file);
      const files = await attempt.write(await changedRows(attempt, where, assigned, matches));
      assertCount(where, matches.rows + matches.others, files);
      return {
        operation: 'UPDATE',
        operationParameters: { predicate: [where] },
        operationMetrics: {
          numAddedFiles: String(files.length),
          numRemovedFiles: String(removed.length),
          numUpdatedRows: String(matches.rows),
          numCopiedRows: String(matches.others),
          numAddedBytes: String(bytesOf(files)),
          numRemovedBytes: String(bytesOf(removed)),
          numAddedChangeFiles: '0',
        },
        ...(userMetadata === undefined ? {} : { userMetadata }),
      };
    });
    return { version, updatedRows };
  });
}

/** The condition is asked once a row, so that all columns of a row change, or none. */
async function changedRows(
  { session, target, log, schema }: Attempt,
  where: string,
  assigned: ReadonlyMap<string, string>,
  { whole, partly }: Matches,
): Promise<string> {
  const scan = await scanSql(session, target, log.storage, { files: [...whole, ...partly] });
  const columns = schema.fields.map(({ name }) => {
    const column = quoteIdent(name);
    const value = assigned.get(name);
    return value === undefined ? column : `CASE WHEN ${hit} THEN ${value} ELSE ${column} END AS ${column}`;
  });
  return `SELECT ${columns.join(', ')} FROM (SELECT *, (${where}\n) IS TRUE AS ${hit} FROM (${scan}))`;
}

/** A name that no column has: Delta forbids spaces. */
const hit = '"is to change"';
