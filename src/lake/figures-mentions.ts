import { scanSql } from '../duck/scan.js';
import type { DuckSession } from '../duck/session.js';
import type { TableAt } from './lake-table.js';

export interface MentionRow {
  mention: string;
  positive: number;
  neutral: number;
  negative: number;
}

export interface MentionBoards {
  /** By the sum of the three. */
  talked: MentionRow[];
  positive: MentionRow[];
  negative: MentionRow[];
}

/** Three top lists of `application`, ties by name; posts without a mention are not among them. */
export async function mentionBoards(
  session: DuckSession,
  at: TableAt,
  limit: number,
): Promise<MentionBoards> {
  const columns = ['mention', 'positive', 'neutral', 'negative'];
  const scan = await scanSql(session, at.snapshot, at.table.storage, { columns });
  const rows = `SELECT * FROM (${scan}) WHERE mention IS NOT NULL`;
  const board = (by: string) =>
    session.rows<MentionRow>(`${rows} AND ${by} > 0 ORDER BY ${by} DESC, mention LIMIT ${limit}`);
  return {
    talked: await board('positive + neutral + negative'),
    positive: await board('positive'),
    negative: await board('negative'),
  };
}
