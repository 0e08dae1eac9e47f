/** Judges a model by labelled rows: those of a file, or those that a lake has scored. */
import { performance } from 'node:perf_hooks';
import { MurmurError } from '../base/errors.js';
import type { Lake } from '../lake/lake.js';
import type { LabelScheme } from '../posts/labels.js';
import type { Score, Scorer } from '../scoring/scorer.js';
import { type Evaluation, evaluationOf, type Prediction } from './evaluation.js';
import { judgedSet, type LabelledRow, type LabelledSet, labelledSet, schemeOf } from './labelled-rows.js';

export interface TimedEvaluation extends Evaluation {
  /** What scoring took; null where the rows had been scored before. */
  seconds: number | null;
}

interface ScoredRow extends LabelledRow {
  predicted: string;
  score: number;
  model: string;
}

/** Rows that are scored between two words to `onProgress`. */
const chunkRows = 512;

/** Scores every judged row. @throws as `Scorer.score` */
export async function evaluate(
  scorer: Scorer,
  set: LabelledSet,
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<{ evaluation: TimedEvaluation; predictions: Prediction[] }> {
  await scorer.ready();
  const began = performance.now();
  const predictions: Prediction[] = [];
  for (let at = 0; at < set.judged.length; at += chunkRows) {
    const scores = await scorer.score(set.judged.slice(at, at + chunkRows).map(({ text }) => text));
    predictions.push(...scores.map((score) => predictionOf(scorer, score)));
    onProgress(predictions.length, set.judged.length);
  }
  const seconds = (performance.now() - began) / 1000;
  return { evaluation: { ...evaluationOf(scorer.model.id, set, predictions), seconds }, predictions };
}

/**
 * Judges what stands in a table like gold, each post once: one evaluation for each model that scored some of it.
 * @throws lake.no_such_table, operate.table_unfit, operate.ambiguous_labels (user)
 */
export async function evaluateTable(
  lake: Lake,
  table: string,
  version: number | undefined,
  scheme: LabelScheme | undefined,
): Promise<TimedEvaluation[]> {
  await refuseWithout(['predicted_sentiment', 'predicted_score', 'model'], lake, table, version, {
    what: 'it holds no scores',
    fix: `name a model that scores it now: murmur model evaluate bundled --table ${table}`,
  });
  const scored = await postsOf<ScoredRow>(
    lake,
    table,
    version,
    `, any_value(predicted_sentiment) AS predicted, any_value(predicted_score) AS score, any_value(model) AS model`,
  );
  // What labels mean is found from the whole table, whoever scored it.
  const labels = schemeOf(table, scored, scheme);
  const models = [...new Set(scored.map(({ model }) => model))].sort();
  return models.map((model) => {
    const ofModel = scored.filter((row) => row.model === model);
    const set = labelledSet(table, ofModel, labels);
    const predictions = set.judged.map(({ at: place }) => {
      const { predicted, score } = ofModel[place]!;
      return { sentiment: predicted, probability: score / 100 };
    });
    return { ...evaluationOf(model, set, predictions), seconds: null };
  });
}

/**
 * The posts of a table like gold, silver or bronze with their labels, each once, to be scored by a model.
 * @throws lake.no_such_table, operate.table_unfit, operate.ambiguous_labels, operate.nothing_to_judge (user)
 */
export async function labelledPosts(
  lake: Lake,
  table: string,
  version: number | undefined,
  scheme: LabelScheme | undefined,
): Promise<LabelledSet> {
  const posts = await postsOf<LabelledRow>(lake, table, version, '');
  return judgedSet(table, posts, schemeOf(table, posts, scheme));
}

/** @param more further columns of each post */
async function postsOf<T extends LabelledRow>(
  lake: Lake,
  table: string,
  version: number | undefined,
  more: string,
): Promise<T[]> {
  await refuseWithout(['text', 'sentiment', 'lang', 'source', 'post_id'], lake, table, version, {
    what: 'it holds no posts with labels',
    fix: 'judge by bronze, silver, gold, or a table that "murmur model rescore" made',
  });
  const at = version === undefined ? '' : ` VERSION AS OF ${version}`;
  const { rows } = await lake.sql(
    `SELECT any_value(text) AS text, any_value(sentiment) AS label, any_value(lang) AS lang${more}
     FROM "${table.replaceAll('"', '""')}"${at} GROUP BY source, post_id`,
  );
  return rows as unknown as T[];
}

/** @throws operate.table_unfit (user) where the table lacks one of the columns */
async function refuseWithout(
  needed: readonly string[],
  lake: Lake,
  table: string,
  version: number | undefined,
  { what, fix }: { what: string; fix: string },
): Promise<void> {
  const at = await (await lake.namedTable(table)).at(version === undefined ? {} : { version });
  const present = new Set(at?.snapshot.schema.fields.map(({ name }) => name));
  const lacking = needed.filter((name) => !present.has(name));
  if (at === undefined || lacking.length === 0) return;
  throw new MurmurError(
    'operate.table_unfit',
    `judging by ${table}: ${what} (no column ${lacking.join(', ')})`,
    {
      fault: 'user',
      fix,
      context: { table },
    },
  );
}

function predictionOf({ model }: Scorer, { sentiment, score, probabilities }: Score): Prediction {
  return {
    sentiment,
    probability: score / 100,
    probabilities: Object.fromEntries(model.labels.map((label, i) => [label, probabilities[i]!])),
  };
}
