/** Rows that a model is judged on, and what their labels mean: found from the whole set or given, never guessed. */
import { MurmurError } from '../base/errors.js';
import { type LabelScheme, labelScheme, labelSentiment, type Sentiment } from '../posts/labels.js';

export interface LabelledRow {
  text: string | null;
  /** As the data has it. */
  label: string | null;
  lang: string | null;
}

/** A row with all that it takes to be judged. */
export interface JudgedRow {
  /** Its place among all rows, from 0. */
  at: number;
  text: string;
  actual: Sentiment;
  lang: string | null;
}

export interface LabelledSet {
  /** Where the rows are from, for people. */
  name: string;
  /** All rows, judged or not. */
  rows: number;
  judged: JudgedRow[];
  notJudged: { no_text: number; no_label: number; unknown_label: number };
  scheme: string;
}

/**
 * @param given the user's scheme; without it the scheme is found from all labels
 * @throws operate.ambiguous_labels (user): the same labels mean different things in different data sets
 */
export function schemeOf(
  name: string,
  rows: readonly Pick<LabelledRow, 'label'>[],
  given?: LabelScheme,
): LabelScheme {
  const scheme = given ?? labelScheme(rows.map(({ label }) => label));
  if (!('ambiguous' in scheme)) return scheme;
  throw new MurmurError('operate.ambiguous_labels', `judging by ${name}: ${scheme.reason}`, {
    fault: 'user',
    fix: 'say what the labels mean: --labels 0=negative,1=neutral,2=positive',
  });
}

/** Which of the rows can be judged, and why the others cannot. */
export function labelledSet(name: string, rows: readonly LabelledRow[], scheme: LabelScheme): LabelledSet {
  const set: LabelledSet = {
    ...{ name, rows: rows.length, judged: [], scheme: scheme.name },
    notJudged: { no_text: 0, no_label: 0, unknown_label: 0 },
  };
  for (const [at, { text, label, lang }] of rows.entries()) {
    const actual = labelSentiment(label, scheme);
    if (text === null) set.notJudged.no_text++;
    else if (label === null) set.notJudged.no_label++;
    else if (actual === null) set.notJudged.unknown_label++;
    else set.judged.push({ at, text, actual, lang });
  }
  return set;
}
