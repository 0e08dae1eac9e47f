/**
 * X's API v2: one post a record, in the stream's envelope `{data, includes, matching_rules}` or unwrapped. An edited post
 * keeps the id of its first version and is an `update`; ids grow with time and are the order.
 */
import { type FieldPath, type Fields, isFields, valueAt } from '../field-path.js';
import type { Draft, Found, RecordColumn, Shape, ShapeReading } from './shape.js';

export const x: Shape = {
  name: 'x',
  recognises(fields) {
    return isPost(fields.data) || isList(fields) || ('author_id' in fields && isPost(fields));
  },
  read(fields): ShapeReading {
    if (isList(fields)) return { fault: '"data" holds a list of posts; one post a record is expected' };
    const inside: FieldPath = isPost(fields.data) ? ['data'] : [];
    const post = valueAt(fields, inside) as Fields;
    const columns: Partial<Record<RecordColumn, Found>> = { user: authorOf(fields, inside) };
    const copy = (column: RecordColumn, key: string) => {
      if (post[key] !== undefined) columns[column] = { value: post[key], path: [...inside, key] };
    };
    copy('text', 'text');
    copy('date', 'created_at');
    copy('lang', 'lang');
    copy('post_id', 'id');
    columns.seq = { value: post.id, path: undefined };
    if (fields.sentiment !== undefined) columns.sentiment = { value: fields.sentiment, path: ['sentiment'] };

    const versions = post.edit_history_tweet_ids;
    const edited = Array.isArray(versions) && versions.length > 1;
    if (edited) {
      columns.post_id = { value: versions[0], path: undefined };
      columns.op = { value: 'update', path: undefined };
    }
    const mentioned = valueAt(post, ['entities', 'mentions']);
    if (isFields(post.entities)) {
      const handles = Array.isArray(mentioned) ? mentioned.map((m) => (isFields(m) ? m.username : m)) : [];
      columns.mentions = { value: handles, path: [...inside, 'entities', 'mentions'] };
    }
    return { columns, redundant: edited ? [] : [[...inside, 'edit_history_tweet_ids']] } satisfies Draft;
  },
};

function isPost(value: unknown): boolean {
  return isFields(value) && 'id' in value && 'text' in value;
}

function isList(fields: Fields): boolean {
  return (
    Array.isArray(fields.data) && fields.data.length > 0 && isPost(fields.data[0]) && !('text' in fields)
  );
}

/** The handle, where the record brings its author along; else the author's id. */
function authorOf(fields: Fields, inside: FieldPath): Found {
  const id = valueAt(fields, [...inside, 'author_id']);
  const users = valueAt(fields, ['includes', 'users']);
  const at = Array.isArray(users) ? users.findIndex((user) => isFields(user) && user.id === id) : -1;
  if (at < 0) return { value: id ?? null, path: [...inside, 'author_id'] };
  const path = ['includes', 'users', String(at), 'username'];
  return { value: valueAt(fields, path), path };
}
