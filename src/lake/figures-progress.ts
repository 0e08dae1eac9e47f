import { scanSql } from '../duck/scan.js';
import type { DuckSession } from '../duck/session.js';
import { bucketWidth } from '../figures/bucket-width.js';
import type { TableAt } from './lake-table.js';

/** Batches of one stream whose commits fall into one bucket, added up. */
export interface BatchSum {
  stream: string;
  /** Start of the bucket, milliseconds since the epoch. */
  at: number;
  batches: number;
  input_posts: number;
  output_rows: number;
  duration_ms: number;
}

const recentMs = 10 * 60_000;

/** By the second for the ten minutes before the newest batch, by a round width with at most 600 buckets before that. */
export async function progressSums(session: DuckSession, { snapshot, table }: TableAt): Promise<BatchSum[]> {
  const columns = ['stream', 'started_at', 'duration_ms', 'input_posts', 'output_rows'];
  const rows = `SELECT *, epoch_ms(started_at) + duration_ms::BIGINT AS moment
    FROM (${await scanSql(session, snapshot, table.storage, { columns })})`;
  const [span] = await session.rows<{ first: number | null; last: number | null }>(
    `SELECT min(moment) AS first, max(moment) AS last FROM (${rows})`,
  );
  if (span === undefined || span.first === null || span.last === null) return [];
  const recent = span.last - recentMs;
  const width = bucketWidth(span.first, span.last, 600);
  return session.rows<BatchSum>(
    `SELECT stream, floor(moment / step)::BIGINT * step AS "at", count(*) AS batches, sum(input_posts)::BIGINT AS input_posts,
       sum(output_rows)::BIGINT AS output_rows, sum(duration_ms) AS duration_ms
     FROM (SELECT *, CASE WHEN moment > ${recent} THEN 1000 ELSE ${width} END AS step FROM (${rows}))
     GROUP BY ALL ORDER BY "at", stream`,
  );
}
