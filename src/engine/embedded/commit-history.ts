/** What a query's table tells about its batches: the reports in its log, newest first. */
import type { DeltaLog } from '../../delta/index.js';
import { type BatchReport, parseReport } from './batch-report.js';

export interface ReportedCommit {
  report: BatchReport;
  version: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/**
 * The newest batches of a query, oldest first, back to the one for which `enough` says so (or as far as the log goes).
 * Reads the log in growing pieces, since most callers need only a few entries.
 */
export async function newestBatches(
  table: DeltaLog,
  queryId: string,
  enough: (found: readonly ReportedCommit[]) => boolean,
): Promise<ReportedCommit[]> {
  for (let limit = 32; ; limit *= 8) {
    const history = await table.history(limit);
    const found: ReportedCommit[] = [];
    for (const info of history) {
      if (enough(found)) break;
      const report = parseReport(info);
      if (report?.queryId === queryId)
        found.push({ report, version: info.version, timestamp: info.timestamp });
    }
    if (enough(found) || history.length < limit) return found.reverse();
  }
}
