/** What a model is worth on labelled rows: one report from predictions, however they came about. */
import { calibration } from '../figures/calibration.js';
import { type ClassMeasures, classificationMeasures } from '../figures/classification.js';
import { type ConfusionMatrix, confusionOf } from '../figures/confusion.js';
import { rocAuc } from '../figures/roc-auc.js';
import { type SentimentMeasures, sentimentMeasures } from '../figures/sentiment-measures.js';
import { sentiments } from '../posts/labels.js';
import type { JudgedRow, LabelledSet } from './labelled-rows.js';

export interface Prediction {
  sentiment: string;
  /** Of the predicted class, 0–1. */
  probability: number;
  /** By class, 0–1; without them there is no ROC curve. */
  probabilities?: Readonly<Record<string, number>>;
}

export interface Evaluation extends SentimentMeasures {
  /** `name/version`. */
  model: string;
  data: string;
  /** How labels were read, like `0/1/2`. */
  labels: string;
  /** All rows, those with a text and a label that means something, and their share. */
  rows: number;
  evaluated: number;
  coverage: number;
  not_evaluated: LabelledSet['notJudged'];
  /** Mean over the classes, each against the rest. */
  roc_auc: number | null;
  /** Expected calibration error, 15 bins. */
  ece: number | null;
  per_class: (ClassMeasures & { roc_auc: number | null })[];
  /** `counts[actual][predicted]`. */
  confusion: ConfusionMatrix;
  slices: Slice[];
}

/** The same measures on a part of the rows. */
export interface Slice {
  by: 'length' | 'mention' | 'link' | 'language';
  slice: string;
  rows: number;
  accuracy: number | null;
  macro_recall: number | null;
  macro_f1: number | null;
}

/** @param predictions one a judged row, in their order */
export function evaluationOf(
  model: string,
  set: LabelledSet,
  predictions: readonly Prediction[],
): Evaluation {
  const { judged } = set;
  const pairs = judged.map(({ actual }, i) => [actual, predictions[i]!.sentiment] as const);
  const confusion = confusionOf(sentiments, pairs);
  const { per_class, ...measures } = sentimentMeasures(confusion);
  const perClass = per_class.map((each) => ({ ...each, roc_auc: aucOf(each.label, judged, predictions) }));
  const areas = perClass.flatMap(({ roc_auc }) => (roc_auc === null ? [] : [roc_auc]));
  return {
    model,
    data: set.name,
    labels: set.scheme,
    rows: set.rows,
    evaluated: judged.length,
    coverage: set.rows === 0 ? 0 : judged.length / set.rows,
    not_evaluated: set.notJudged,
    ...measures,
    roc_auc: areas.length === 0 ? null : areas.reduce((sum, area) => sum + area, 0) / areas.length,
    ece: calibration(
      judged.map(({ actual }, i) => ({
        probability: predictions[i]!.probability,
        isRight: predictions[i]!.sentiment === actual,
      })),
    ).ece,
    per_class: perClass,
    confusion,
    slices: slicesOf(judged, predictions),
  };
}

function aucOf(
  label: string,
  judged: readonly JudgedRow[],
  predictions: readonly Prediction[],
): number | null {
  const scored = judged.flatMap(({ actual }, i) => {
    const score = predictions[i]!.probabilities?.[label];
    return score === undefined ? [] : [{ score, isPositive: actual === label }];
  });
  return rocAuc(scored);
}

/** Each row belongs to one slice of each kind. */
const slicers: Readonly<Record<Slice['by'], (row: JudgedRow) => string | null>> = {
  length: ({ text }) => lengthSlice([...text].length),
  mention: ({ text }) => (/@\w/.test(text) ? 'with a mention' : 'without'),
  link: ({ text }) => (/https?:\/\/|www\./i.test(text) ? 'with a link' : 'without'),
  language: ({ lang }) => lang,
};

function lengthSlice(characters: number): string {
  if (characters <= 40) return '1 to 40 characters';
  if (characters <= 80) return '41 to 80 characters';
  return characters <= 140 ? '81 to 140 characters' : 'over 140 characters';
}

function slicesOf(judged: readonly JudgedRow[], predictions: readonly Prediction[]): Slice[] {
  return (Object.keys(slicers) as Slice['by'][]).flatMap((by) => {
    const parts = new Map<string, [string, string][]>();
    judged.forEach((row, i) => {
      const slice = slicers[by](row);
      if (slice === null) return;
      const part = parts.get(slice) ?? [];
      part.push([row.actual, predictions[i]!.sentiment]);
      parts.set(slice, part);
    });
    return [...parts]
      .sort(([a], [b]) => a.localeCompare(b, 'en'))
      .map(([slice, pairs]) => {
        const { rows, accuracy, macro_recall, macro_f1 } = classificationMeasures(
          confusionOf(sentiments, pairs),
        );
        return { by, slice, rows, accuracy, macro_recall, macro_f1 };
      });
  });
}
