/** The measures by which a model of sentiment is judged, wherever it is: one list of them, one way to compute them. */
import { binaryMeasures, type ClassMeasures, classificationMeasures } from './classification.js';
import type { ConfusionMatrix } from './confusion.js';

/** Shares of 0–1 over all judged rows; null where there is nothing to measure. */
export const measureNames = [
  'accuracy',
  'macro_precision',
  'macro_recall',
  'macro_f1',
  /** Positive against negative, over the rows that are one of the two. */
  'precision_positive',
  'recall_positive',
  'f1_positive',
] as const;

export interface SentimentMeasures extends Record<(typeof measureNames)[number], number | null> {
  /** Each class against the rest. */
  per_class: ClassMeasures[];
}

/** @param confusion with the classes `positive` and `negative`, and any others */
export function sentimentMeasures(confusion: ConfusionMatrix): SentimentMeasures {
  const { rows: _, ...measures } = classificationMeasures(confusion);
  const { precision, recall, f1 } = binaryMeasures(confusion, 'positive', 'negative');
  return { ...measures, precision_positive: precision, recall_positive: recall, f1_positive: f1 };
}
