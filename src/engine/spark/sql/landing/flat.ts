/** Records of no known shape: columns by their key, in upper or lower case (`posts/shapes/flat.ts`). */
import type { RecordColumn } from '../../../../posts/shapes/shape.js';
import { quoted } from '../../../../posts/sql/spark-literals.js';
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

/**
 * SQL for the key of the fields `m` under which a flat record has a column; null when it has none. Of two keys that differ in
 * case alone the one in lower case is taken: a VARIANT does not keep the order of the text.
 */
export function flatKey(column: RecordColumn): string {
  const ranks = names[column].map((name, i) => `WHEN ${quoted(name)} THEN ${i}`);
  const rank = `CASE lower(e.key) ${ranks.join(' ')} END + CASE WHEN ${isNull('e.value')} THEN ${names[column].length} ELSE 0 END`;
  const isAddress = `(lower(e.key) <> 'uri' OR (${isString('e.value')} AND startswith(${stringOf('e.value')}, 'at://')))`;
  const known = `lower(e.key) IN (${names[column].map(quoted).join(', ')})`;
  return `array_min(transform(filter(map_entries(m), e -> ${known}${column === 'post_id' ? ` AND ${isAddress}` : ''}),
    e -> named_struct('rank', ${rank}, 'cased', e.key <> lower(e.key), 'key', e.key))).key`;
}
