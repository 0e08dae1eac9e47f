/** Measures of a model as MLflow's metrics, under the same names whether a run, an evaluation or a comparison found them. */
import { measureNames, type SentimentMeasures } from '../../figures/sentiment-measures.js';

interface Measured extends SentimentMeasures {
  coverage: number;
  evaluated: number;
  roc_auc?: number | null;
  ece: number | null;
}

/** What is not known has no metric. Those of a class, against the rest, are called `positive.recall`. */
export function metricsOf(measured: Measured): Record<string, number> {
  const names = ['coverage', 'evaluated', ...measureNames, 'roc_auc', 'ece'] as const;
  const entries: [string, number | null | undefined][] = [
    ...names.map((name): [string, number | null | undefined] => [name, measured[name]]),
    ...measured.per_class.flatMap(({ label, precision, recall, f1, support }): [string, number | null][] => [
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
