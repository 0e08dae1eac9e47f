/** Measures of a model as MLflow's metrics, under the same names whether a run, an evaluation or a comparison found them. */
import type { ClassMeasures } from '../../figures/classification.js';

export interface Measures {
  coverage: number;
  evaluated: number;
  accuracy: number | null;
  macro_precision: number | null;
  macro_recall: number | null;
  macro_f1: number | null;
  precision_positive: number | null;
  recall_positive: number | null;
  f1_positive: number | null;
  per_class: readonly ClassMeasures[];
  roc_auc?: number | null;
  ece?: number | null;
}

/** What is not known has no metric. Those of a class, against the rest, are called `positive.recall`. */
export function metricsOf(measures: Measures): Record<string, number> {
  const { per_class, ...rest } = measures;
  const whole = [
    'coverage',
    'evaluated',
    'accuracy',
    'macro_precision',
    'macro_recall',
    'macro_f1',
    'precision_positive',
    'recall_positive',
    'f1_positive',
    'roc_auc',
    'ece',
  ] as const;
  const entries: [string, number | null | undefined][] = [
    ...whole.map((name): [string, number | null | undefined] => [name, rest[name]]),
    ...per_class.flatMap(({ label, precision, recall, f1, support }): [string, number | null][] => [
      [`${label}.precision`, precision],
      [`${label}.recall`, recall],
      [`${label}.f1`, f1],
      [`${label}.support`, support],
    ]),
  ];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
