/** Judges a model by labelled rows: those of a file, or those that a lake has scored. */
import { performance } from 'node:perf_hooks';
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
 * @throws lake.no_such_table, operate.ambiguous_labels (user), duck.sql_error (user) when columns of gold are missing
 */
export async function evaluateTable(
  lake: Lake,
  table: string,
  version: number | undefined,
  scheme: LabelScheme | undefined,
): Promise<TimedEvaluation[]> {
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
 * @throws lake.no_such_table, operate.ambiguous_labels (user), duck.sql_error (user) when columns are missing
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
  const at = version === undefined ? '' : ` VERSION AS OF ${version}`;
  const { rows } = await lake.sql(
    `SELECT any_value(text) AS text, any_value(sentiment) AS label, any_value(lang) AS lang${more}
     FROM "${table.replaceAll('"', '""')}"${at} GROUP BY source, post_id`,
  );
  return rows as unknown as T[];
}

function predictionOf({ model }: Scorer, { sentiment, score, probabilities }: Score): Prediction {
  return {
    sentiment,
    probability: score / 100,
    probabilities: Object.fromEntries(model.labels.map((label, i) => [label, probabilities[i]!])),
  };
}
