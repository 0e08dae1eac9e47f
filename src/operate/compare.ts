/** Models side by side on the same rows: their measures, whether they differ by more than chance, and where they disagree. */
import { mcnemar } from '../figures/mcnemar.js';
import type { Scorer } from '../scoring/scorer.js';
import { evaluate, type TimedEvaluation } from './evaluate.js';
import type { Prediction } from './evaluation.js';
import type { LabelledSet } from './labelled-rows.js';

export interface Comparison {
  data: string;
  rows: number;
  evaluated: number;
  models: TimedEvaluation[];
  pairs: PairComparison[];
  /** Rows on which not all models agree, those first on which the wrong ones are surest. */
  disagreements: Disagreement[];
}

export interface PairComparison {
  a: string;
  b: string;
  /** Share of rows on which both say the same. */
  agreement: number;
  only_a_right: number;
  only_b_right: number;
  /** Of McNemar's test: the chance of such a difference between equally good models. */
  p: number;
  method: 'exact' | 'chi-square';
  /** One sentence. */
  verdict: string;
}

export interface Disagreement {
  text: string;
  actual: string;
  /** By model. */
  predictions: Record<string, { sentiment: string; probability: number }>;
}

/** Above it a difference may well be chance. */
const significance = 0.05;

/** A model to compare, as the user wrote it. */
export interface Contestant {
  written: string;
  scorer: Scorer;
}

/**
 * @param contestants are called by their ids; where two bundles have the same one, by what the user wrote
 * @param keep most disagreements that are kept to read
 * @param onProgress hears which model scores how far
 */
export async function compare(
  contestants: readonly Contestant[],
  set: LabelledSet,
  keep = 100,
  onProgress: (model: string, done: number, of: number) => void = () => undefined,
): Promise<Comparison> {
  const isAnothersToo = ({ written, scorer: { model } }: Contestant) =>
    contestants.some((other) => other.written !== written && other.scorer.model.id === model.id);
  const results: Result[] = [];
  for (const contestant of contestants) {
    const { written, scorer } = contestant;
    const model = isAnothersToo(contestant) ? written : scorer.model.id;
    const { evaluation, predictions } = await evaluate(scorer, set, (done, of) =>
      onProgress(model, done, of),
    );
    results.push({ evaluation: { ...evaluation, model }, predictions });
  }
  return {
    data: set.name,
    rows: set.rows,
    evaluated: set.judged.length,
    models: results.map(({ evaluation }) => evaluation),
    pairs: results.flatMap((a, i) => results.slice(i + 1).map((b) => pairOf(set, a, b))),
    disagreements: disagreementsOf(set, results, keep),
  };
}

type Result = { evaluation: TimedEvaluation; predictions: readonly Prediction[] };

function pairOf({ judged }: LabelledSet, a: Result, b: Result): PairComparison {
  let [agreeing, onlyA, onlyB] = [0, 0, 0];
  judged.forEach(({ actual }, i) => {
    const [said, other] = [a.predictions[i]!.sentiment, b.predictions[i]!.sentiment];
    if (said === other) agreeing++;
    else if (said === actual) onlyA++;
    else if (other === actual) onlyB++;
  });
  const { p, method } = mcnemar(onlyA, onlyB);
  const [nameA, nameB] = [a.evaluation.model, b.evaluation.model];
  const agreement = judged.length === 0 ? 1 : agreeing / judged.length;
  return {
    a: nameA,
    b: nameB,
    agreement,
    only_a_right: onlyA,
    only_b_right: onlyB,
    p,
    method,
    verdict:
      agreement === 1
        ? `${nameA} and ${nameB} say the same of every row`
        : p >= significance
          ? `the difference of ${nameA} and ${nameB} may well be chance`
          : onlyA > onlyB
            ? `${nameA} is better than ${nameB}`
            : `${nameB} is better than ${nameA}`,
  };
}

function disagreementsOf({ judged }: LabelledSet, results: readonly Result[], keep: number): Disagreement[] {
  const found = judged.flatMap((row, i) => {
    const said = results.map(({ predictions }) => predictions[i]!);
    if (said.every(({ sentiment }) => sentiment === said[0]!.sentiment)) return [];
    const wrong = said.filter(({ sentiment }) => sentiment !== row.actual);
    return [{ row, said, surest: Math.max(...wrong.map(({ probability }) => probability)) }];
  });
  found.sort((a, b) => b.surest - a.surest || a.row.at - b.row.at);
  return found.slice(0, keep).map(({ row, said }) => ({
    text: row.text,
    actual: row.actual,
    predictions: Object.fromEntries(
      said.map(({ sentiment, probability }, i) => [results[i]!.evaluation.model, { sentiment, probability }]),
    ),
  }));
}
