/**
 * What a batch tells about itself in `commitInfo.murmur` of its commit: where its input ended, what became of its posts,
 * how long its steps took, and the shares that layer rules look at. The table alone thus knows its whole history: the
 * progress table is copied from these reports and a lost checkpoint can be rebuilt from them.
 */
import type { CommitInfo } from '../../delta/actions.js';
import type { BatchCounts, BatchProgress, ScoringReport } from '../engine.js';
import type { BatchMeasure } from '../layer-window.js';
import type { BatchModel } from '../wal.js';

const reportFormat = 1;

export interface StepTimes {
  list_ms: number;
  read_ms: number;
  transform_ms: number;
  score_ms: number;
  write_ms: number;
}

export interface BatchReport {
  stream: string;
  queryId: string;
  runId: string;
  batchId: number;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** From the start of the batch to its data commit. */
  workMs: number;
  /** Where the input of the batch ended: a `TailOffset` for a table, `LandingEnds` for the landing place. */
  endOffset: unknown;
  counts: BatchCounts;
  steps: StepTimes;
  backlogFiles: number;
  eventTimeLagMs: number | null;
  model: BatchModel | null;
  scoring?: ScoringReport;
  shares: Record<string, [among: number, hits: number]>;
}

export function reportText(report: BatchReport): string {
  return JSON.stringify({ format: reportFormat, ...report });
}

/** The report of a commit; undefined for commits that are no batch (maintenance, other writers). */
export function parseReport(info: CommitInfo | undefined): BatchReport | undefined {
  if (typeof info?.murmur !== 'string') return undefined;
  try {
    const { format, ...report } = JSON.parse(info.murmur) as BatchReport & { format: number };
    return format === reportFormat && Number.isInteger(report.batchId) ? report : undefined;
  } catch {
    return undefined;
  }
}

/** The row of the progress table for a batch. A commit cannot tell its own length: its log entry's time does. */
export function progressOf(
  report: BatchReport,
  commit: { version: number; timestamp: number },
): BatchProgress {
  const commitMs = Math.max(0, commit.timestamp - (report.startedAt + report.workMs));
  return {
    stream: report.stream,
    run_id: report.runId,
    batch_id: report.batchId,
    started_at: report.startedAt,
    ...report.counts,
    duration_ms: report.workMs + commitMs,
    ...report.steps,
    commit_ms: commitMs,
    backlog_files: report.backlogFiles,
    event_time_lag_ms: report.eventTimeLagMs,
    table_version: commit.version,
    ...(report.scoring === undefined ? {} : { scoring: report.scoring }),
  };
}

export function measureOf(report: Pick<BatchReport, 'counts' | 'shares'>): BatchMeasure {
  return {
    posts: report.counts.input_posts - report.counts.superseded_posts,
    kept: report.counts.output_posts,
    shares: report.shares,
  };
}
