/**
 * What a table alone tells of the query that wrote it: its id, its last batch, and where the input of that batch ended. That
 * is all that a checkpoint holds for good, so a lost one can be made again, as long as the log has the commit.
 */
import { isMurmurError } from '../../../base/errors.js';
import type { Commit, DeltaLog } from '../../../delta/index.js';
import { parseReport } from '../batch-report.js';
import { parseMark } from '../rebuild-mark.js';

/** A commit of a query: a batch, or a rebuild that stands for all batches up to `batchId`. */
export interface QueryCommit {
  kind: 'batch' | 'rebuild';
  version: number;
  queryId: string;
  /** The last batch in the table, or null when there was none. */
  batchId: number | null;
  endOffset: unknown;
}

/** Commits from a version back to the oldest that the log still holds, or to version 0. */
export async function* commitsBackFrom(table: DeltaLog, version: number): AsyncIterable<Commit> {
  for (let at = version; at >= 0; at--) {
    try {
      for await (const commit of table.commits(at, at)) yield commit;
    } catch (e) {
      if (isMurmurError(e, 'delta.log_gap')) return;
      throw e;
    }
  }
}

/** What a commit tells of its query; undefined for maintenance and for other writers. */
export function queryCommit({ version, actions }: Commit): QueryCommit | undefined {
  const info = actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo;
  const report = parseReport(info);
  if (report) {
    const { queryId, batchId, endOffset } = report;
    return { kind: 'batch', version, queryId, batchId, endOffset };
  }
  const mark = parseMark(info);
  return mark && { kind: 'rebuild', version, ...mark };
}

/** The newest commit of a query at or before a version; undefined where the log does not go back that far. */
export async function lastQueryCommit(table: DeltaLog, version: number): Promise<QueryCommit | undefined> {
  for await (const commit of commitsBackFrom(table, version)) {
    const found = queryCommit(commit);
    if (found) return found;
  }
  return undefined;
}
