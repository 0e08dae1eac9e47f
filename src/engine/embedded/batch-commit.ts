/**
 * The commit of a batch whose work is done: quarantine first, then the data (the commit point). What a batch tells about
 * itself goes into the data commit.
 */
import { faultPoint } from '../../base/fault-point.js';
import type { DeltaLog } from '../../delta/index.js';
import type { DuckSession } from '../../duck/index.js';
import type { BatchCounts } from '../engine.js';
import type { Sink } from '../plan.js';
import type { Offsets } from '../wal.js';
import { type BatchReport, reportText } from './batch-report.js';
import type { BatchOutcome, BatchStep } from './batch-work.js';
import { commitQuarantine } from './quarantine.js';
import { commitData, stageAppend, stageMerge } from './sink.js';
import type { Stopwatch } from './stopwatch.js';

export interface CommitTarget {
  readonly stream: string;
  readonly runId: string;
  readonly session: DuckSession;
  readonly table: DeltaLog;
  readonly sink: Sink;
  /** The quarantine table, created when first asked for. */
  readonly quarantine: () => Promise<DeltaLog>;
}

export interface BatchTimes {
  /** Milliseconds since the epoch. */
  startedAt: number;
  listMs: number;
  watch: Stopwatch<BatchStep>;
  now: () => number;
}

export interface BatchExtras {
  endOffset: unknown;
  backlogFiles: number;
}

/**
 * @returns the report as it stands in the table, and the commit's version and time
 * @throws engine.fenced (user), engine.commit_conflicts, and what writing throws
 */
export async function commitBatch(
  target: CommitTarget,
  offsets: Offsets,
  outcome: BatchOutcome,
  times: BatchTimes,
  extras: BatchExtras,
  signal: AbortSignal,
): Promise<{ report: BatchReport; version: number; timestamp: number }> {
  const { stream, session, table, sink } = target;
  const { queryId, batchId, plannedAt: batchTimeMs } = offsets;
  const { watch } = times;

  watch.lap('write');
  const stage = () =>
    sink.op === 'append'
      ? stageAppend(session, table, outcome.relation, outcome.sorted)
      : stageMerge(session, table, outcome.relation, sink);
  const staged = await stage();
  faultPoint(`${stream}.after_write`);
  signal.throwIfAborted();

  watch.lap('commit');
  if (outcome.anyQuarantined) {
    faultPoint(`${stream}.before_quarantine`);
    await commitQuarantine(session, await target.quarantine(), { stream, queryId, batchId, batchTimeMs });
    faultPoint(`${stream}.after_quarantine`);
    signal.throwIfAborted();
  }

  const counts = countsOf(outcome);
  let report: BatchReport | undefined;
  const makeReport = () => {
    report = {
      stream,
      queryId,
      runId: target.runId,
      batchId,
      startedAt: times.startedAt,
      workMs: times.now() - times.startedAt,
      endOffset: extras.endOffset,
      counts,
      steps: stepTimes(times),
      backlogFiles: extras.backlogFiles,
      eventTimeLagMs: outcome.tally.newestEventMs === null ? null : times.now() - outcome.tally.newestEventMs,
      model: outcome.model,
      ...(outcome.scoring === undefined ? {} : { scoring: outcome.scoring }),
      shares: outcome.shares,
    };
    return reportText(report);
  };
  faultPoint(`${stream}.before_commit`);
  const version = await commitData(
    table,
    { queryId, batchId, report: makeReport, outputRows: counts.output_rows },
    staged,
    sink.op === 'merge' ? stage : undefined,
  );
  faultPoint(`${stream}.after_commit`);
  return { report: report!, version, timestamp: times.now() };
}

export function countsOf({ inputPosts, tally }: BatchOutcome): BatchCounts {
  return {
    input_posts: inputPosts,
    output_posts: tally.output,
    output_rows: tally.outputRows,
    dropped_posts: tally.dropped,
    quarantined_posts: tally.quarantined,
    superseded_posts: tally.superseded,
  };
}

function stepTimes({ listMs, watch }: BatchTimes): BatchReport['steps'] {
  return {
    list_ms: Math.round(listMs * 1000) / 1000,
    read_ms: watch.of('read'),
    transform_ms: watch.of('transform'),
    score_ms: watch.of('score'),
    write_ms: watch.of('write'),
  };
}
