/**
 * Which columns are recognised in a file, judged by a sample of its records: shown by `source explain`, and the reason
 * to stop when no record has a text, since such a file is a wrong mapping and not bad posts.
 */
import { MurmurError } from '../base/errors.js';
import { type ColumnMapping, mappedColumns } from './canonical.js';
import { columnValue } from './column-value.js';
import { type Fields, isFields, valueAt } from './field-path.js';
import { shapeOf } from './shapes/known.js';

const shownColumns = ['text', 'user', 'date', 'sentiment'] as const;
type ShownColumn = (typeof shownColumns)[number];

export interface FoundColumns {
  /** Shapes met, in the order in which they were met. */
  readonly shapes: readonly string[];
  /** Column to the dotted path at which it was found in the first record that has it, else null. */
  readonly columns: Readonly<Record<ShownColumn, string | null>>;
  /** False when posts were met and none of them had a text column of the right type. */
  readonly hasText: boolean;
  /** Dotted paths of all values met, in order, nested ones down to the second level. */
  readonly seen: readonly string[];
  /** What to add to murmur.yaml when there is no text: the likeliest column, as a guess. */
  readonly suggestion: string;
}

export function findColumns(samples: Iterable<Fields>, mapping: ColumnMapping): FoundColumns {
  const shapes = new Set<string>();
  const columns: Record<ShownColumn, string | null> = { text: null, user: null, date: null, sentiment: null };
  const lengths = new Map<string, number>();
  let posts = 0;
  let textless = 0;
  for (const fields of samples) {
    const shape = shapeOf(fields);
    shapes.add(shape.name);
    collectLeaves(fields, '', lengths);
    const reading = shape.read(fields);
    if (!('columns' in reading)) continue;
    const found = mappedColumns(fields, mapping, reading);
    posts++;
    // A deletion has no text to look for, and a null may be a text elsewhere in the file.
    const text = found.op?.value === 'delete' ? null : found.text?.value;
    if (text !== null && columnValue('text', text) === undefined) textless++;
    for (const column of shownColumns) {
      const { value, path } = found[column] ?? { value: null, path: undefined };
      if (value === null || columnValue(column, value) === undefined) continue;
      columns[column] ??= path?.join('.') ?? null;
    }
  }
  return {
    shapes: [...shapes],
    columns,
    hasText: posts === 0 || textless < posts,
    seen: [...lengths.keys()],
    suggestion: `columns: { text: ${likeliestText(lengths)} }`,
  };
}

/** The error for a file without a text column: names the columns seen and the line to add. */
export function noTextColumn(file: string, found: FoundColumns): MurmurError {
  const shown = found.seen.slice(0, maxShown);
  const more = found.seen.length > maxShown ? `, and ${found.seen.length - maxShown} more` : '';
  return new MurmurError(
    'posts.no_text_column',
    `no text column in ${file}; columns seen: ${shown.join(', ') || 'none'}${more}`,
    {
      fault: 'user',
      fix: `say in murmur.yaml which column holds the text, for example ${found.suggestion}`,
      context: { file, columns: shown.join(', ') },
    },
  );
}

const maxShown = 30;
const telling = /text|tweet|body|content|message|comment|post|review/i;

/** Every value's path with the length of its longest string. */
function collectLeaves(fields: Fields, prefix: string, lengths: Map<string, number>): void {
  for (const key of Object.keys(fields)) {
    const value = valueAt(fields, [key]);
    const path = prefix + key;
    if (prefix === '' && isFields(value)) collectLeaves(value, `${path}.`, lengths);
    else lengths.set(path, Math.max(lengths.get(path) ?? 0, typeof value === 'string' ? value.length : 0));
  }
}

/** A telling name goes before a long text. */
function likeliestText(lengths: ReadonlyMap<string, number>): string {
  const strings = [...lengths].filter(([, length]) => length > 0);
  const named = strings.filter(([path]) => telling.test(path));
  const [best] = (named.length > 0 ? named : strings).sort((a, b) => b[1] - a[1]);
  return best?.[0] ?? 'NAME';
}
