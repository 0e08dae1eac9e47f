/**
 * What the classes of a foreign model mean. Names that say it are read; names that only count (`LABEL_0`) are taken in the
 * order that trainers use, and marked as assumed; every other name must be explained by the user.
 */
import { MurmurError } from '../../base/errors.js';

export const sentimentLabels = ['negative', 'neutral', 'positive'] as const;
export type SentimentLabel = (typeof sentimentLabels)[number];

export interface LabelMap {
  /** What each output of the model means, in its order. */
  classes: SentimentLabel[];
  /** The same, each once. */
  labels: SentimentLabel[];
  /** Whether the order of names that only count decided. */
  assumed: boolean;
}

const known: Readonly<Record<SentimentLabel, readonly string[]>> = {
  negative: ['negative', 'neg', 'very negative', 'extremely negative', '1 star', '2 stars'],
  neutral: ['neutral', 'neu', '3 stars'],
  positive: ['positive', 'pos', 'very positive', 'extremely positive', '4 stars', '5 stars'],
};
const meanings = new Map(
  sentimentLabels.flatMap((label) => known[label].map((name) => [name, label] as const)),
);

/** Of models whose labels only count: three classes, or two. */
const counted: Readonly<Record<number, readonly SentimentLabel[]>> = {
  2: ['negative', 'positive'],
  3: ['negative', 'neutral', 'positive'],
};

/**
 * @param names of the outputs, in their order
 * @param given the user's word: `POS=positive,NEG=negative`, or the meanings alone in the order of the outputs
 * @throws scoring.labels_unknown (user)
 */
export function labelMap(names: readonly string[], given?: string): LabelMap {
  if (given !== undefined) return mapOf(names, explained(names, given), false);
  const spoken = names.map((name) => meanings.get(normal(name)));
  if (spoken.every((meaning) => meaning !== undefined)) return mapOf(names, spoken, false);
  const order = counted[names.length];
  if (
    order !== undefined &&
    names.every((name, i) => /^(label ?)?(\d+)$/.exec(normal(name))?.[2] === `${i}`)
  ) {
    return mapOf(names, order, true);
  }
  const unknown = names.filter((_, i) => spoken[i] === undefined);
  throw refused(names, `nothing known of ${unknown.map((name) => JSON.stringify(name)).join(', ')}`);
}

function explained(names: readonly string[], given: string): SentimentLabel[] {
  const parts = given.split(',').map((part) => part.trim());
  if (!given.includes('=')) {
    if (parts.length === names.length) return parts.map((part) => meaningOf(names, part));
    throw refused(names, `${parts.length} meanings for ${names.length} classes`);
  }
  const byName = new Map(
    parts.map((part) => {
      const at = part.lastIndexOf('=');
      return [normal(part.slice(0, Math.max(0, at))), meaningOf(names, part.slice(at + 1).trim())];
    }),
  );
  const foreign = [...byName.keys()].find((name) => !names.some((own) => normal(own) === name));
  if (foreign !== undefined) throw refused(names, `the model has no class ${JSON.stringify(foreign)}`);
  return names.map((name) => {
    const meaning = byName.get(normal(name)) ?? meanings.get(normal(name));
    if (meaning !== undefined) return meaning;
    throw refused(names, `nothing said of ${JSON.stringify(name)}`);
  });
}

function meaningOf(names: readonly string[], text: string): SentimentLabel {
  const label = sentimentLabels.find((each) => each === text);
  if (label !== undefined) return label;
  throw refused(names, `${JSON.stringify(text)} is none of ${sentimentLabels.join(', ')}`);
}

function mapOf(names: readonly string[], classes: readonly SentimentLabel[], assumed: boolean): LabelMap {
  const labels = [...new Set(classes)];
  for (const label of ['negative', 'positive'] as const) {
    if (!labels.includes(label)) throw refused(names, `no class means ${label}`);
  }
  return { classes: [...classes], labels, assumed };
}

function normal(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
}

function refused(names: readonly string[], what: string): MurmurError {
  return new MurmurError('scoring.labels_unknown', `what the classes ${names.join(', ')} mean: ${what}`, {
    fault: 'user',
    fix: `say it: --labels ${names.map((name) => `${JSON.stringify(name).slice(1, -1)}=…`).join(',')}, each negative, neutral or positive`,
  });
}
