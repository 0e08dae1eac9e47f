/**
 * What the labels of a data set mean. The same number means different things in different data sets (2 is neutral in
 * Sentiment140 and positive in SemEval), so a scheme is found from all labels that occur, or given by the user; where
 * the known schemes disagree nothing is guessed.
 */

export const sentiments = ['negative', 'neutral', 'positive'] as const;
export type Sentiment = (typeof sentiments)[number];

export interface LabelScheme {
  /** For people: `words`, `0/2/4`, `given`. */
  readonly name: string;
  /** Normal form of a label to what it means; labels that are not in it mean nothing. */
  readonly meaning: ReadonlyMap<string, Sentiment>;
}

/** Metrics are refused on such labels; `reason` is a sentence with the labels seen. */
export interface AmbiguousLabels {
  readonly ambiguous: true;
  readonly reason: string;
}

const words: readonly [string, Sentiment][] = [
  ['negative', 'negative'],
  ['neg', 'negative'],
  ['neutral', 'neutral'],
  ['neu', 'neutral'],
  ['positive', 'positive'],
  ['pos', 'positive'],
];

/** Schemes of numbered labels; a set of labels belongs to each scheme that holds them all. */
const numbered: readonly Readonly<Record<string, Sentiment>>[] = [
  { '0': 'negative', '2': 'neutral', '4': 'positive' },
  { '0': 'negative', '1': 'neutral', '2': 'positive' },
  { '-1': 'negative', '0': 'neutral', '1': 'positive' },
  { '0': 'negative', '1': 'positive' },
  { '1': 'negative', '2': 'positive' },
  { label_0: 'negative', label_1: 'neutral', label_2: 'positive' },
  { label_0: 'negative', label_1: 'positive' },
];

/**
 * How labels are read where the whole set cannot be known, as in a stream: words, Sentiment140's 0/2/4, and
 * `LABEL_0` to `LABEL_2` as three-class models write them.
 */
export const defaultScheme: LabelScheme = {
  name: '0/2/4',
  meaning: new Map([...words, ...Object.entries(numbered[0]!), ...Object.entries(numbered[5]!)]),
};

/**
 * The form in which labels are compared: trimmed, lower case, whole numbers without sign `+` and decimals. Case is judged
 * letter by letter, as not every SQL knows the two letters whose lower case depends on more than themselves.
 */
export function normalLabel(label: string): string {
  return label
    .replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
    .replaceAll('Σ', 'σ')
    .replaceAll('İ', 'i')
    .toLowerCase()
    .replace(/^\+?(-?[0-9]+)(?:\.0+)?$/, '$1');
}

/** The user's own map, over the words, which keep their meaning unless the map says otherwise. */
export function givenScheme(map: Readonly<Record<string, Sentiment>>): LabelScheme {
  const given = Object.entries(map).map(([label, meaning]) => [normalLabel(label), meaning] as const);
  return { name: 'given', meaning: new Map([...words, ...given]) };
}

/** The scheme of a whole set of labels; null and blank ones are no labels. */
export function labelScheme(values: Iterable<string | null>): LabelScheme | AmbiguousLabels {
  const labels = new Set<string>();
  for (const value of values) if (value !== null) labels.add(normalLabel(value));
  labels.delete('');
  if (labels.size === 0) return { ambiguous: true, reason: 'there are no labels' };

  const spoken = new Map(words);
  const numbers = [...labels].filter((label) => !spoken.has(label)).sort();
  if (numbers.length === 0) return { name: 'words', meaning: spoken };

  const seen = `labels ${numbers.join(', ')}`;
  const candidates = numbered.filter((scheme) => numbers.every((label) => Object.hasOwn(scheme, label)));
  if (candidates.length === 0) return { ambiguous: true, reason: `${seen}: no known scheme holds them` };
  const [first, ...others] = candidates as [Record<string, Sentiment>, ...Record<string, Sentiment>[]];
  for (const label of numbers) {
    const other = others.find((scheme) => scheme[label] !== first[label]);
    if (other === undefined) continue;
    const reason = `${seen}: ${label} is ${first[label]} in ${schemeName(first)} and ${other[label]} in ${schemeName(other)}`;
    return { ambiguous: true, reason };
  }
  return { name: schemeName(first), meaning: new Map([...words, ...Object.entries(first)]) };
}

/** What a label means, or null. */
export function labelSentiment(label: string | null, scheme: LabelScheme): Sentiment | null {
  return label === null ? null : (scheme.meaning.get(normalLabel(label)) ?? null);
}

/** 0 negative, 1 positive; the id of neutral is the user's choice, and null unless chosen. */
export function sentimentId(sentiment: Sentiment, neutralId: number | null): number | null {
  if (sentiment === 'neutral') return neutralId;
  return sentiment === 'negative' ? 0 : 1;
}

/** `label_id`: the id of what a label means; null for what means nothing. */
export function labelId(label: string | null, scheme: LabelScheme, neutralId: number | null): number | null {
  const sentiment = labelSentiment(label, scheme);
  return sentiment === null ? null : sentimentId(sentiment, neutralId);
}

function schemeName(scheme: Readonly<Record<string, Sentiment>>): string {
  const ordered = sentiments.flatMap((s) => Object.keys(scheme).filter((label) => scheme[label] === s));
  return ordered.join('/').toUpperCase();
}
