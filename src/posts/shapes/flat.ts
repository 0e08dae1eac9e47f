/**
 * A record whose keys are our own column names (`date, user, text, sentiment`), or the few other names that can mean
 * nothing else. Upper and lower case are the same. Any other name is the user's to map.
 */
import { columnValue } from '../column-value.js';
import type { Fields } from '../field-path.js';
import type { Draft, Found, RecordColumn, Shape } from './shape.js';

/** Key to column; of several keys for one column the one named first here is taken, null ones last. */
const names: readonly [string, RecordColumn][] = [
  ['text', 'text'],
  ['full_text', 'text'],
  ['date', 'date'],
  ['created_at', 'date'],
  ['user', 'user'],
  ['sentiment', 'sentiment'],
  ['post_id', 'post_id'],
  ['id_str', 'post_id'],
  ['id', 'post_id'],
  ['uri', 'post_id'],
  ['seq', 'seq'],
  ['lang', 'lang'],
  ['source', 'source'],
  ['mentions', 'mentions'],
  ['op', 'op'],
];
const known = new Map(names.map(([name, column], rank) => [name, { column, rank }]));

export const flat: Shape = {
  name: 'file',
  recognises: () => true,
  read(fields): Draft {
    const columns: Partial<Record<RecordColumn, Found>> = {};
    const ranks: Partial<Record<RecordColumn, number>> = {};
    for (const key of Object.keys(fields)) {
      const entry = known.get(key) ?? known.get(key.toLowerCase());
      const value = fields[key];
      if (entry === undefined || (key.toLowerCase() === 'uri' && !isAtUri(value))) continue;
      const rank = value === null ? entry.rank + names.length : entry.rank;
      if (rank >= (ranks[entry.column] ?? Number.POSITIVE_INFINITY)) continue;
      ranks[entry.column] = rank;
      columns[entry.column] = { value, path: [key] };
    }
    const twin = columns.post_id?.path?.[0] === 'id_str' && sameId(fields);
    return twin ? { columns, redundant: [['id']] } : { columns };
  },
};

/** Whether `id` is `id_str` as a number, exact or rounded by a parser without big integers. */
export function sameId(fields: Fields): boolean {
  const { id, id_str: text } = fields;
  if (id === undefined || typeof text !== 'string') return false;
  return columnValue('post_id', id) === text || (typeof id === 'number' && id === Number(text));
}

function isAtUri(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('at://');
}
