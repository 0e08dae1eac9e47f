/** The posts that were scored last, without reading the whole of gold. */
import { type AddFile, parseStats, recordsIn } from '../delta/index.js';
import { scanSql } from '../duck/scan.js';
import type { DuckSession } from '../duck/session.js';
import type { TableAt } from './lake-table.js';

export interface ScoredPost {
  post_id: string;
  user: string | null;
  text: string;
  predicted_sentiment: 'negative' | 'neutral' | 'positive';
  /** 0–100. */
  predicted_score: number;
  /** Milliseconds since the epoch. */
  timestamp: number | null;
  scored_at: number;
  model: string;
}

const columns = [
  'post_id',
  'source',
  'user',
  'text',
  'predicted_sentiment',
  'predicted_score',
  'timestamp',
  'scored_at',
  'model',
];

/** Files are read newest first, more of them until no post that is left unread can be newer than those found. */
export async function lastScored(session: DuckSession, at: TableAt, limit: number): Promise<ScoredPost[]> {
  const newestFirst = [...at.snapshot.files].sort((a, b) => newestIn(b) - newestIn(a));
  for (let taken = 0, wanted = limit * 5; ; wanted *= 4) {
    taken = filesHolding(newestFirst, wanted);
    const posts = await newestOf(session, at, newestFirst.slice(0, taken), limit);
    const next = newestFirst[taken];
    if (next === undefined) return posts;
    const oldest = posts[limit - 1]?.scored_at;
    if (oldest !== undefined && newestIn(next) <= oldest) return posts;
  }
}

/**
 * When the file's newest post was scored, in whole milliseconds: by its statistics, else no later than it was written.
 */
function newestIn(file: AddFile): number {
  let newest = known.get(file);
  if (newest === undefined) {
    const max = file.stats === undefined ? undefined : parseStats(file.stats)?.maxValues?.scored_at;
    const parsed = typeof max === 'string' ? Date.parse(max) : Number.NaN;
    newest = Number.isNaN(parsed) ? file.modificationTime : parsed;
    known.set(file, newest);
  }
  return newest;
}
const known = new WeakMap<AddFile, number>();

/** How many of the files it takes to have so many rows. */
function filesHolding(files: readonly AddFile[], rows: number): number {
  let sum = 0;
  const last = files.findIndex((file) => {
    sum += recordsIn(file) ?? 0;
    return sum >= rows;
  });
  return last === -1 ? files.length : last + 1;
}

async function newestOf(
  session: DuckSession,
  { snapshot, table }: TableAt,
  files: readonly AddFile[],
  limit: number,
): Promise<ScoredPost[]> {
  return session.rows<ScoredPost>(
    `SELECT post_id, "user", "text", predicted_sentiment, predicted_score,
       epoch_ms("timestamp") AS "timestamp", epoch_ms(scored_at) AS scored_at, model
     FROM (${await scanSql(session, snapshot, table.storage, { files, columns })})
     QUALIFY row_number() OVER (PARTITION BY source, post_id ORDER BY scored_at DESC) = 1
     ORDER BY scored_at DESC, post_id LIMIT ${limit}`,
  );
}
