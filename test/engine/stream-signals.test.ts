/** What rows of the progress table say of a stream. */
import { expect, it } from 'vitest';
import { type MeasuredBatch, measuredBatch, streamSignals } from '../../src/engine/stream-signals.js';

const limits = { posts: 100, files: 10 };
const o = { limitsOf: () => ({ limits, usual: limits }), counts: true };

function batch(started_at: number, changes: Partial<MeasuredBatch> = {}): MeasuredBatch {
  const times = { duration_ms: 500, read_ms: 100, transform_ms: 50, score_ms: 25 };
  return { stream: 'gold', started_at, input_posts: 10, backlog_files: 0, ...times, ...changes };
}

it('adds up the batches of each stream, in the order of the streams', () => {
  const [silver, gold] = streamSignals(
    [
      batch(9_000, { backlog_files: 1 }),
      batch(5_000, { stream: 'silver' }),
      batch(4_000, { input_posts: 90, backlog_files: 7 }),
      batch(1_000, { input_posts: 89, backlog_files: 8 }),
    ],
    o,
  );
  expect(silver).toMatchObject({ stream: 'silver', batches: 1, full: 0 });
  expect(gold).toMatchObject({
    batches: 3,
    posts: 189,
    durationMs: 1_500,
    workMs: 525,
    scoreMs: 75,
    full: 1,
    waiting: 3,
    backlog: { first: 8, last: 1 },
  });
});

it('takes a batch that began at once for a sign of waiting, where nobody counts what waits', () => {
  const batches = [batch(10_000), batch(3_000), batch(2_400), batch(1_800)];
  expect(streamSignals(batches, { ...o, counts: false })[0]).toMatchObject({ waiting: 2, workMs: undefined });
  expect(streamSignals(batches, o)[0]).toMatchObject({ waiting: 0, workMs: 700 });
});

it('reads numbers in whatever form an engine gives them', () => {
  const row = {
    stream: 'gold',
    started_at: 5n,
    input_posts: '10',
    duration_ms: 1.5,
    read_ms: 0,
    transform_ms: 0,
  };
  expect(measuredBatch({ ...row, score_ms: 0, backlog_files: 3n })).toEqual({
    ...row,
    started_at: 5,
    input_posts: 10,
    score_ms: 0,
    backlog_files: 3,
  });
});
