/** What Spark tells of a micro-batch, as a row of our progress. */
import type { BatchCounts, BatchProgress } from '../engine.js';
import type { StreamProgress } from './connect/index.js';

/** What nobody measures of a batch that Spark's own progress does not tell. */
export const unmeasured = {
  list_ms: 0,
  read_ms: 0,
  transform_ms: 0,
  score_ms: 0,
  write_ms: 0,
  commit_ms: 0,
  backlog_files: 0,
  event_time_lag_ms: null,
} as const;

/** Whether a report is of a batch with work: Spark reports idle triggers too. */
export function didWork({ durationMs }: StreamProgress): boolean {
  return durationMs.addBatch !== undefined;
}

/** Spark does reading, transforming, scoring and writing in one job: its time stands under what the query is there for. */
export function batchProgress(
  report: StreamProgress,
  batch: {
    stream: string;
    runId: string;
    counts: BatchCounts;
    scores: boolean;
    newestEventMs: number | null;
    tableVersion: number;
  },
): BatchProgress {
  const { durationMs: ms } = report;
  const step = (...names: string[]) => names.reduce((sum, name) => sum + (ms[name] ?? 0), 0);
  const work = step('addBatch');
  return {
    stream: batch.stream,
    run_id: batch.runId,
    batch_id: report.batchId,
    started_at: Date.parse(report.timestamp),
    ...batch.counts,
    duration_ms: report.batchDuration,
    list_ms: step('latestOffset'),
    read_ms: step('getBatch', 'queryPlanning'),
    transform_ms: batch.scores ? 0 : work,
    score_ms: batch.scores ? work : 0,
    write_ms: 0,
    commit_ms: step('walCommit', 'commitOffsets'),
    backlog_files: backlogOf(report),
    event_time_lag_ms:
      batch.newestEventMs === null ? null : Date.parse(report.timestamp) - batch.newestEventMs,
    table_version: batch.tableVersion,
  };
}

/** Files that the sources have yet to give, as far as they know. */
export function backlogOf({ sources }: StreamProgress): number {
  return sources.reduce((sum, { metrics }) => sum + (Number(metrics.numFilesOutstanding) || 0), 0);
}
