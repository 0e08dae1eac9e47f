/** The streams of a lake on which nothing runs: what the tables remember of them. */
import type { Lake } from '../lake/lake.js';
import type { BatchProgress, StreamStatus } from './messages.js';

/** The newest row of `progress` of each stream. */
export async function newestProgress(lake: Lake): Promise<Map<string, BatchProgress>> {
  const { rows } = await lake.sql(
    `SELECT * REPLACE (epoch_ms(started_at) AS started_at) FROM progress
     WHERE (stream, progress.started_at) IN (SELECT (stream, max(started_at)) FROM progress GROUP BY stream)`,
  );
  return new Map((rows as unknown as BatchProgress[]).map((row) => [row.stream, row]));
}

/** @param commit what the stream's own table says, as `lake.figures.lastCommits()` gives it */
export function restingStatus(
  commit: { stream: string; batchId: number | null; tableVersion: number | null },
  progress: BatchProgress | undefined,
): StreamStatus {
  return {
    name: commit.stream,
    state: 'stopped',
    message: 'not running',
    batchId: commit.batchId,
    tableVersion: commit.tableVersion,
    backlogFiles: 0,
    changedFiles: [],
    totals: {
      batches: 0,
      input_posts: 0,
      output_posts: 0,
      output_rows: 0,
      dropped_posts: 0,
      quarantined_posts: 0,
      superseded_posts: 0,
    },
    lastProgress: progress ?? null,
    error: null,
  };
}
