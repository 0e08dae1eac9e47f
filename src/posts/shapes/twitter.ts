/**
 * Twitter's v1.1 statuses: `user.screen_name`, `created_at` in Twitter's own form, text in `text`, `full_text` or
 * `extended_tweet.full_text`; and its deletion notices `{"delete":{"status":{"id_str":…},"timestamp_ms":…}}`.
 */
import { type FieldPath, type Fields, isFields, valueAt } from '../field-path.js';
import { sameId } from './flat.js';
import type { Draft, Found, RecordColumn, Shape } from './shape.js';

export const twitter: Shape = {
  name: 'twitter',
  recognises(fields) {
    return (isFields(fields.user) && 'screen_name' in fields.user) || isDeletion(fields);
  },
  read(fields): Draft {
    return isDeletion(fields) ? readDeletion(fields) : readStatus(fields);
  },
};

function isDeletion(fields: Fields): boolean {
  return isFields(fields.delete) && isFields(fields.delete.status);
}

function readStatus(fields: Fields): Draft {
  const columns: Partial<Record<RecordColumn, Found>> = {};
  take(columns, 'text', fields, ['extended_tweet', 'full_text'], ['full_text'], ['text']);
  take(columns, 'user', fields, ['user', 'screen_name']);
  take(columns, 'date', fields, ['created_at'], ['date']);
  take(columns, 'post_id', fields, ['id_str'], ['id']);
  take(columns, 'seq', fields, ['timestamp_ms']);
  take(columns, 'lang', fields, ['lang']);
  take(columns, 'sentiment', fields, ['sentiment']);
  const handles = screenNames(fields);
  if (handles !== undefined) columns.mentions = handles;
  return { columns, redundant: columns.post_id?.path?.[0] === 'id_str' && sameId(fields) ? [['id']] : [] };
}

function readDeletion(fields: Fields): Draft {
  const columns: Partial<Record<RecordColumn, Found>> = {
    op: { value: 'delete', path: undefined },
  };
  take(columns, 'post_id', fields, ['delete', 'status', 'id_str'], ['delete', 'status', 'id']);
  take(columns, 'seq', fields, ['delete', 'timestamp_ms']);
  const twin = sameId((fields.delete as Fields).status as Fields);
  return { columns, redundant: twin ? [['delete', 'status', 'id']] : [] };
}

/** Takes the first of the paths that holds something, else the first that is there at all. */
function take(
  columns: Partial<Record<RecordColumn, Found>>,
  column: RecordColumn,
  fields: Fields,
  ...paths: FieldPath[]
): void {
  for (const path of paths) {
    const value = valueAt(fields, path);
    if (value === undefined || (value === null && columns[column] !== undefined)) continue;
    columns[column] = { value, path };
    if (value !== null) return;
  }
}

/** Twitter's own list of mentions, where the status carries its entities at all. */
function screenNames(fields: Fields): Found | undefined {
  for (const path of [
    ['extended_tweet', 'entities', 'user_mentions'],
    ['entities', 'user_mentions'],
  ]) {
    const list = valueAt(fields, path);
    if (Array.isArray(list)) return { value: list.map((m) => (isFields(m) ? m.screen_name : m)), path };
  }
  return undefined;
}
