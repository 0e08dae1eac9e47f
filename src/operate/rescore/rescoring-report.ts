/** What another model changed: rows that were scored by both, side by side, from the tables that hold them. */
import type { ConfusionMatrix } from '../../figures/confusion.js';
import { confusionOf } from '../../figures/confusion.js';
import type { ModelQuality, Quality } from '../../lake/figures-quality.js';
import { quality } from '../../lake/figures-quality.js';
import type { Lake } from '../../lake/lake.js';
import type { LakeSpec } from '../../pipeline/spec.js';
import { givenScheme, sentiments } from '../../posts/labels.js';
import type { Rescored } from './rescore.js';

export interface RescoringReport extends Rescored {
  /** The table whose scores were compared, with its version. */
  against: { table: string; version: number } | null;
  /** Posts in both, each once; those that both say the same of, and their share. */
  posts: number;
  agreed: number;
  agreement: number | null;
  /** `counts[old][new]`. */
  changes: ConfusionMatrix | null;
  slices: { by: string; slice: string; posts: number; changed: number }[];
  /** Those first whose shift times posts is largest; counts are of rows, as in `application`. */
  mentions: MentionShift[];
  /** Posts of which the two say different things, those first of which the new one is surest. */
  examples: ChangedPost[];
  /** By the labels that posts bring along; null where they bring none that mean something. */
  measured: { old: MeasuredModel[]; new: MeasuredModel[] } | null;
}

export interface MentionShift {
  mention: string;
  posts: number;
  old: { negative: number; neutral: number; positive: number };
  new: { negative: number; neutral: number; positive: number };
  /** Of (positive − negative) / posts. */
  shift: number;
}

export interface ChangedPost {
  post_id: string;
  text: string;
  old: string;
  old_score: number;
  new: string;
  new_score: number;
}

export type MeasuredModel = Pick<
  ModelQuality,
  'model' | 'evaluated' | 'coverage' | 'accuracy' | 'macro_recall' | 'macro_f1' | 'f1_positive'
>;

export async function rescoringReport(
  { lake, spec }: { lake: Lake; spec: LakeSpec },
  rescored: Rescored,
  keep = { mentions: 20, examples: 50 },
): Promise<RescoringReport> {
  const gold = (await lake.tableNames()).includes('gold')
    ? (await lake.table('gold').at())?.snapshot
    : undefined;
  const version = rescored.from === 'gold' ? rescored.version : gold?.version;
  const nothing = {
    posts: 0,
    agreed: 0,
    agreement: null,
    changes: null,
    slices: [],
    mentions: [],
    examples: [],
  };
  if (version === undefined) return { ...rescored, against: null, ...nothing, measured: null };
  const tables = new Tables(lake, `"gold" VERSION AS OF ${version}`, `"${rescored.into}"`);
  const pairs = await tables.pairs();
  const posts = pairs.reduce((sum, pair) => sum + pair.posts, 0);
  const agreed = pairs.reduce((sum, pair) => sum + (pair.old === pair.new ? pair.posts : 0), 0);
  const changes = confusionOf(sentiments, []);
  for (const pair of pairs) {
    const row = changes.counts[(sentiments as readonly string[]).indexOf(pair.old)];
    const at = (sentiments as readonly string[]).indexOf(pair.new);
    if (row !== undefined && at >= 0) row[at]! += pair.posts;
  }
  return {
    ...rescored,
    against: { table: 'gold', version },
    posts,
    agreed,
    agreement: posts === 0 ? null : agreed / posts,
    changes,
    slices: await tables.slices(),
    mentions: await tables.mentions(keep.mentions),
    examples: await tables.examples(keep.examples),
    measured: await measured(lake, spec, rescored.into, version),
  };
}

class Tables {
  constructor(
    readonly lake: Lake,
    readonly old: string,
    readonly fresh: string,
  ) {}

  pairs(): Promise<{ old: string; new: string; posts: number }[]> {
    return this.#rows(`SELECT old, new, count(*) AS posts FROM both_scored GROUP BY ALL ORDER BY ALL`);
  }

  slices(): Promise<RescoringReport['slices']> {
    const of = (by: string, slice: string) =>
      `SELECT '${by}' AS "by", ${slice} AS slice, count(*) AS posts, count_if(old <> new) AS changed FROM both_scored GROUP BY ALL`;
    const length = `CASE WHEN length("text") <= 40 THEN '1 to 40 characters' WHEN length("text") <= 80 THEN '41 to 80 characters'
      WHEN length("text") <= 140 THEN '81 to 140 characters' ELSE 'over 140 characters' END`;
    const parts = [
      of('length', length),
      of('mention', `if(regexp_matches("text", '@\\w'), 'with a mention', 'without')`),
      of('link', `if(regexp_matches("text", '(?i)https?://|www\\.'), 'with a link', 'without')`),
      `SELECT * FROM (${of('language', 'lang')}) WHERE slice IS NOT NULL`,
    ];
    return this.#rows(`SELECT * FROM (${parts.join(' UNION ALL ')}) ORDER BY "by", slice`);
  }

  async mentions(limit: number): Promise<MentionShift[]> {
    const counts = (table: string) =>
      `SELECT mention, count(*) AS posts, ${sentiments
        .map((name) => `count_if(predicted_sentiment = '${name}') AS ${name}`)
        .join(', ')} FROM ${table} WHERE mention IS NOT NULL GROUP BY mention`;
    const list = (side: string) => `{${sentiments.map((name) => `'${name}': ${side}.${name}`).join(', ')}}`;
    const { rows } = await this.lake.sql(
      `WITH o AS (${counts(this.old)}), n AS (${counts(this.fresh)})
       SELECT n.mention, n.posts, ${list('o')} AS old, ${list('n')} AS new,
         ((n.positive - n.negative) / n.posts - (o.positive - o.negative) / o.posts)::DOUBLE AS shift
       FROM n JOIN o USING (mention)
       WHERE shift <> 0 ORDER BY abs(shift) * n.posts DESC, n.mention LIMIT ${limit}`,
    );
    return rows as unknown as MentionShift[];
  }

  examples(limit: number): Promise<ChangedPost[]> {
    return this.#rows(
      `SELECT post_id, "text", old, old_score, new, new_score FROM both_scored WHERE old <> new
       ORDER BY new_score DESC, post_id LIMIT ${limit}`,
    );
  }

  async #rows<T>(sql: string): Promise<T[]> {
    const once = (table: string) =>
      `SELECT source, post_id, any_value("text") AS "text", any_value(lang) AS lang,
         any_value(predicted_sentiment) AS said, any_value(predicted_score) AS score
       FROM ${table} GROUP BY source, post_id`;
    const { rows } = await this.lake.sql(
      `WITH o AS (${once(this.old)}), n AS (${once(this.fresh)}),
         both_scored AS (SELECT n.post_id, n."text", n.lang, o.said AS old, o.score AS old_score, n.said AS new, n.score AS new_score
           FROM n JOIN o ON n.post_id = o.post_id AND n.source IS NOT DISTINCT FROM o.source)
       ${sql}`,
    );
    return rows as unknown as T[];
  }
}

async function measured(
  lake: Lake,
  { labels }: LakeSpec,
  into: string,
  version: number,
): Promise<RescoringReport['measured']> {
  const scheme = labels === undefined ? undefined : givenScheme(labels);
  const of = async (table: string, when: { version?: number }): Promise<Quality | undefined> => {
    const at = await lake.table(table).at(when);
    return at && lake.table(table).access.withSession((session) => quality(session, at, scheme));
  };
  const [before, after] = [await of('gold', { version }), await of(into, {})];
  if (before === undefined || after === undefined || after.refused !== null) return null;
  return { old: before.models.map(brief), new: after.models.map(brief) };
}

function brief(q: ModelQuality): MeasuredModel {
  const { model, evaluated, coverage, accuracy, macro_recall, macro_f1, f1_positive } = q;
  return { model, evaluated, coverage, accuracy, macro_recall, macro_f1, f1_positive };
}
