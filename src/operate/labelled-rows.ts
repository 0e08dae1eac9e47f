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
    fix: `write negative, neutral or positive for each MEANING, and leave out what means nothing: --labels ${templateOf(rows)}`,
  });
}

/** Labels of a set that are worth spelling out. */
const mostSpelled = 10;

/** What stands behind `--labels`, to be filled in. */
function templateOf(rows: readonly Pick<LabelledRow, 'label'>[]): string {
  const labels = [...new Set(rows.flatMap(({ label }) => label?.trim() || []))].sort();
  const pairs = labels.slice(0, mostSpelled).map((label) => `${label}=MEANING`);
  const template = pairs.length === 0 ? 'LABEL=MEANING' : pairs.join(',');
  return /^[\w=,.+-]+$/.test(template) ? template : `'${template}'`;
}

/**
 * The rows as they can be judged by a model.
 * @throws operate.nothing_to_judge (user)
 */
export function judgedSet(name: string, rows: readonly LabelledRow[], scheme: LabelScheme): LabelledSet {
  const set = labelledSet(name, rows, scheme);
  if (set.judged.length > 0) return set;
  const why = Object.entries(set.notJudged).map(([reason, count]) => `${count} ${reason.replace('_', ' ')}`);
  throw new MurmurError(
    'operate.nothing_to_judge',
    `judging by ${name}: no row has a text and a label that means something (${why.join(', ')})`,
    {
      fault: 'user',
      fix: `say which column holds labels with --label, and what they mean: --labels ${templateOf(rows)}`,
    },
  );
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
