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

/**
 * @param keep most disagreements that are kept to read
 * @param onProgress hears which model scores how far
 */
export async function compare(
  scorers: readonly Scorer[],
  set: LabelledSet,
  keep = 100,
  onProgress: (model: string, done: number, of: number) => void = () => undefined,
): Promise<Comparison> {
  const results: { evaluation: TimedEvaluation; predictions: Prediction[] }[] = [];
  for (const scorer of scorers) {
    results.push(await evaluate(scorer, set, (done, of) => onProgress(scorer.model.id, done, of)));
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
  const better = onlyA > onlyB ? `${nameA} is better than ${nameB}` : `${nameB} is better than ${nameA}`;
  return {
    a: nameA,
    b: nameB,
    agreement: judged.length === 0 ? 1 : agreeing / judged.length,
    only_a_right: onlyA,
    only_b_right: onlyB,
    p,
    method,
    verdict: p < significance ? better : 'the difference may well be chance',
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
