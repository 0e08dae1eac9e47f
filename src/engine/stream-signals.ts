/** Rows of the progress table as what they say of each stream. */
import { type StreamName, streamNames } from '../posts/tables.js';
import type { BatchProgress } from './engine.js';
import type { BatchLimits, StreamSignal } from './signals.js';

/** Of a row of progress. */
export type MeasuredBatch = Pick<
  BatchProgress,
  | 'stream'
  | 'started_at'
  | 'input_posts'
  | 'duration_ms'
  | 'read_ms'
  | 'transform_ms'
  | 'score_ms'
  | 'backlog_files'
>;

/** Those that SQL takes as they are; beside them it gives `started_at`, in milliseconds. */
export const measuredColumns = [
  'stream',
  'input_posts',
  'duration_ms',
  'read_ms',
  'transform_ms',
  'score_ms',
  'backlog_files',
] as const satisfies readonly (keyof MeasuredBatch)[];

/** A row of SQL; engines give whole numbers of 64 bits in forms of their own. */
export function measuredBatch(row: Readonly<Record<string, unknown>>): MeasuredBatch {
  const numbers = ['started_at', ...measuredColumns.slice(1)].map((name) => [name, Number(row[name])]);
  return { stream: row.stream, ...Object.fromEntries(numbers) } as MeasuredBatch;
}

/** Batches of a stream that are looked at. */
const newest = 200;
/** A batch that begins so soon after another one found its work waiting. Milliseconds. */
const atOnceMs = 1_000;
/** A batch with this share of what it may take is full. */
const fullShare = 0.9;

export interface StreamLimits {
  limits: BatchLimits;
  usual: BatchLimits;
}

/**
 * @param batches newest first, of all streams
 * @param o.counts the engine tells reading, transforming and scoring from the rest of a batch's time, and counts what waits; where it
 *   does not, a batch that began at once after another says that something waited
 */
export function streamSignals(
  batches: readonly MeasuredBatch[],
  o: { limitsOf(stream: StreamName): StreamLimits; counts: boolean },
): StreamSignal[] {
  return streamNames.flatMap((stream) => {
    const own = batches.filter((batch) => batch.stream === stream).slice(0, newest);
    if (own.length === 0) return [];
    const { limits, usual } = o.limitsOf(stream);
    const sum = (of: (batch: MeasuredBatch) => number) => own.reduce((total, batch) => total + of(batch), 0);
    const full = limits.posts === undefined ? Number.POSITIVE_INFINITY : limits.posts * fullShare;
    const signal: StreamSignal = {
      stream,
      batches: own.length,
      posts: sum((batch) => batch.input_posts),
      durationMs: sum((batch) => batch.duration_ms),
      workMs: o.counts ? sum((batch) => batch.read_ms + batch.transform_ms + batch.score_ms) : undefined,
      scoreMs: sum((batch) => batch.score_ms),
      full: own.filter(({ input_posts }) => input_posts >= full).length,
      waiting: own.filter(({ backlog_files }, i) => backlog_files > 0 || (!o.counts && wasPressed(own, i)))
        .length,
      backlog: { first: own.at(-1)!.backlog_files, last: own[0]!.backlog_files },
      limits,
      usual,
    };
    return [signal];
  });
}

/** @param batches newest first */
function wasPressed(batches: readonly MeasuredBatch[], i: number): boolean {
  const { started_at, duration_ms } = batches[i]!;
  const next = batches[i - 1];
  return next !== undefined && next.started_at - (started_at + duration_ms) < atOnceMs;
}
