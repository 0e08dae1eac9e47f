/**
 * Accuracy, precision, recall and F1 of a confusion matrix, as scikit-learn defines them (`precision_recall_fscore_support`).
 * A share of nothing is null: a class that was never predicted has no precision, and a number would pretend that it had.
 */
import type { ConfusionMatrix } from './confusion.js';

export interface ClassMeasures {
  label: string;
  /** Rows that are of this class. */
  support: number;
  /** Rows that were said to be. */
  predicted: number;
  precision: number | null;
  recall: number | null;
  f1: number | null;
}

export interface ClassificationMeasures {
  rows: number;
  accuracy: number | null;
  /** Means over the classes that occur; a precision or F1 without a prediction counts as 0. */
  macro_precision: number | null;
  macro_recall: number | null;
  macro_f1: number | null;
  per_class: ClassMeasures[];
}

export function classificationMeasures({ labels, counts }: ConfusionMatrix): ClassificationMeasures {
  const perClass = labels.map((label, i): ClassMeasures => {
    const hits = counts[i]![i]!;
    const support = sum(counts[i]!);
    const predicted = sum(counts.map((row) => row[i]!));
    return { label, support, predicted, ...measures(hits, predicted, support) };
  });
  const rows = sum(perClass.map(({ support }) => support));
  const occurring = perClass.filter(({ support }) => support > 0);
  const mean = (of: 'precision' | 'recall' | 'f1') =>
    share(sum(occurring.map((each) => each[of] ?? 0)), occurring.length);
  return {
    rows,
    accuracy: share(sum(labels.map((_, i) => counts[i]![i]!)), rows),
    macro_precision: mean('precision'),
    macro_recall: mean('recall'),
    macro_f1: mean('f1'),
    per_class: perClass,
  };
}

/**
 * Precision, recall and F1 of one class against another, over the rows that are of one of the two. A row that was said to be of a
 * third class was not said to be positive.
 */
export function binaryMeasures(
  { labels, counts }: ConfusionMatrix,
  positive: string,
  negative: string,
): Pick<ClassMeasures, 'precision' | 'recall' | 'f1'> {
  const [p, n] = [labels.indexOf(positive), labels.indexOf(negative)];
  if (p === -1 || n === -1) return { precision: null, recall: null, f1: null };
  const hits = counts[p]![p]!;
  return measures(hits, hits + counts[n]![p]!, sum(counts[p]!));
}

function measures(
  hits: number,
  predicted: number,
  support: number,
): Pick<ClassMeasures, 'precision' | 'recall' | 'f1'> {
  const f1 = support === 0 ? null : share(2 * hits, predicted + support);
  return { precision: share(hits, predicted), recall: share(hits, support), f1 };
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
