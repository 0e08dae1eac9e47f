/** Records of no known shape: columns by their key, in upper or lower case (`posts/shapes/flat.ts`). */
import type { RecordColumn } from '../../../../posts/shapes/shape.js';
import { quoted } from '../../../../posts/sql/spark-literals.js';
import type { Places } from './places.js';
import { isNull, isString, stringOf } from './variant.js';

/** Of several keys for one column the one named first is taken, null ones last. */
const names: Readonly<Record<RecordColumn, readonly string[]>> = {
  text: ['text', 'full_text'],
  date: ['date', 'created_at'],
  user: ['user'],
  sentiment: ['sentiment'],
  post_id: ['post_id', 'id_str', 'id', 'uri'],
  seq: ['seq'],
  lang: ['lang'],
  source: ['source'],
  mentions: ['mentions'],
  op: ['op'],
};

/** SQL of whether a key of the fields `m` is one of these names in another case, which is looked for but rarely. */
export const isCased = `exists(map_keys(m), k -> k <> lower(k) AND lower(k) IN (${[...new Set(Object.values(names).flat())].map(quoted).join(', ')}))`;

/**
 * SQL for the key under which a flat record has a column; null when it has none. Of two keys that differ in case alone the
 * one in lower case is taken: a VARIANT does not keep the order of the text.
 * @param cased SQL of whether keys may be in another case
 */
export function flatKey(column: RecordColumn, places: Places, cased: string): string {
  const stands = (name: string) =>
    name === 'uri' ? isAddress(places.at(name)) : `${places.at(name)} IS NOT NULL`;
  const cases = [
    ...names[column].map(
      (name) => `WHEN ${stands(name)} AND NOT ${isNull(places.at(name))} THEN ${quoted(name)}`,
    ),
    ...names[column].map((name) => `WHEN ${stands(name)} THEN ${quoted(name)}`),
  ];
  return `CASE WHEN ${cased} THEN ${casedKey(column)} ${cases.join('\n')} END`;
}

function casedKey(column: RecordColumn): string {
  const ranks = names[column].map((name, i) => `WHEN ${quoted(name)} THEN ${i}`);
  const rank = `CASE lower(e.key) ${ranks.join(' ')} END + CASE WHEN ${isNull('e.value')} THEN ${names[column].length} ELSE 0 END`;
  const known = `lower(e.key) IN (${names[column].map(quoted).join(', ')})`;
  const wanted =
    column === 'post_id' ? `${known} AND (lower(e.key) <> 'uri' OR ${isAddress('e.value')})` : known;
  return `array_min(transform(filter(map_entries(m), e -> ${wanted}),
    e -> named_struct('rank', ${rank}, 'cased', e.key <> lower(e.key), 'key', e.key))).key`;
}

function isAddress(value: string): string {
  return `(${isString(value)} AND startswith(${stringOf(value)}, 'at://'))`;
}
