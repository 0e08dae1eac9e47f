/**
 * The `score` node: each distinct text of the batch goes to the scorer once, and the answers are joined back to the rows.
 * A text that kills the scorer is found by halving and its posts are quarantined; all others keep their scores.
 */
import { isMurmurError } from '../../base/errors.js';
import { quoteIdent, quoteString } from '../../duck/sql-text.js';
import { column, struct } from '../../schema/column-types.js';
import type { Score, Scorer } from '../../scoring/scorer.js';
import type { ScoringReport } from '../engine.js';
import { ordColumn, partColumn } from './compile.js';
import type { EmbeddedContext, ScoredPost } from './context.js';
import { timestampSql } from './expression-sql.js';
import { originsSql } from './judge-rows.js';
import type { Relation, Workspace } from './workspace.js';

const scoresTable = 'batch_scores';
const scoresSchema = struct(
  column('ord', 'long'),
  column('part', 'long'),
  column('score', 'double'),
  column('sentiment', 'string'),
);

export interface ScoreRequest {
  relation: Relation;
  /** The column to score; a null is scored like an empty text, so that every row has a prediction. */
  text: string;
  origins: readonly string[];
  scorer: Scorer;
  batchId: number;
  /** Looks at the scores of each post. */
  observe: EmbeddedContext['observe'];
  /** Becomes scored_at. */
  batchTimeMs: number;
  signal: AbortSignal;
}

export interface ScoredTexts {
  /** The relation's rows with the four score columns added, without those whose text could not be scored; good until the next batch. */
  select: string;
  scoring: ScoringReport | undefined;
}

interface TextRow {
  ord: number;
  part: number | string;
  text: string;
  source: string | null;
  post_id: string | null;
}

/** @throws as `Scorer.score` */
export async function scoreTexts(space: Workspace, o: ScoreRequest): Promise<ScoredTexts> {
  const { session } = space;
  const { name, columns } = o.relation;
  const identity = ['source', 'post_id'].map((c) => (columns.includes(c) ? c : `NULL AS ${c}`)).join(', ');
  const rows = await session.rows<TextRow>(
    `SELECT ${ordColumn} AS ord, ${partColumn} AS part, coalesce(${quoteIdent(o.text)}, '') AS text, ${identity} FROM ${name}`,
  );
  const texts = [...new Set(rows.map(({ text }) => text))];
  const answers = await scoreAll(o.scorer, texts, o.signal);
  const scores = new Map(texts.map((text, i) => [text, answers[i]]));
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${scoresTable} (ord BIGINT, part BIGINT, score DOUBLE, sentiment VARCHAR)`,
  );
  await session.append(
    scoresTable,
    scoresSchema,
    rows.flatMap(({ ord, part, text }) => {
      const score = scores.get(text);
      return score ? [[BigInt(ord), BigInt(part), score.score, score.sentiment]] : [];
    }),
  );
  if (answers.includes(undefined)) await quarantineUnscored(space, o);
  const { id, digest } = o.scorer.model;
  const scoring = await o.observe?.(
    { batchId: o.batchId, model: { id, digest }, posts: postsOf(rows, scores) },
    o.signal,
  );
  const visible = [ordColumn, partColumn, ...columns.map(quoteIdent)].map((c) => `r.${c}`).join(', ');
  const select = `SELECT ${visible},
       s.score AS predicted_score, s.sentiment AS predicted_sentiment, ${quoteString(id)} AS model,
       ${timestampSql(o.batchTimeMs)} AS scored_at
     FROM ${name} r JOIN ${scoresTable} s ON ${sameRow}`;
  return { select, scoring };
}

/** Rows of one post have one number and one text. */
function postsOf(rows: readonly TextRow[], scores: ReadonlyMap<string, Score | undefined>): ScoredPost[] {
  const posts = new Map<number, ScoredPost>();
  for (const { ord, text, source, post_id: postId } of rows) {
    const score = scores.get(text);
    if (score)
      posts.set(Number(ord), { source, postId, text, sentiment: score.sentiment, score: score.score });
  }
  return [...posts.values()];
}

const sameRow = `s.ord = r.${ordColumn} AND s.part = r.${partColumn}`;

/** A text that kills no sound scorer. */
const harmless = 'hello';

/** Scores all; undefined where a text kills the scorer even when it is alone. */
async function scoreAll(
  scorer: Scorer,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<(Score | undefined)[]> {
  if (texts.length === 0) return [];
  try {
    return await scorer.score(texts, signal);
  } catch (e) {
    if (!isMurmurError(e, 'scoring.crashed') || signal.aborted) throw e;
    if (texts.length === 1) {
      // A scorer that dies of anything is broken itself: then no text is to blame.
      await scorer.score([harmless], signal);
      return [undefined];
    }
    const middle = texts.length >> 1;
    return [
      ...(await scoreAll(scorer, texts.slice(0, middle), signal)),
      ...(await scoreAll(scorer, texts.slice(middle), signal)),
    ];
  }
}

async function quarantineUnscored(space: Workspace, o: ScoreRequest): Promise<void> {
  const { name, columns } = o.relation;
  const row = columns.map((c) => `${quoteIdent(c)} := r.${quoteIdent(c)}`).join(', ');
  await space.quarantine(
    `SELECT r.${ordColumn}, 'scorer_crash', 'the scorer died of this text twice',
       ${columns.includes('post_id') ? 'r.post_id' : 'NULL'}, to_json(struct_pack(${row}))::VARCHAR, i.source_file, i.position
     FROM ${name} r LEFT JOIN (${originsSql(o.origins)}) i USING (${ordColumn})
     WHERE NOT EXISTS (SELECT 1 FROM ${scoresTable} s WHERE ${sameRow})`,
  );
}
