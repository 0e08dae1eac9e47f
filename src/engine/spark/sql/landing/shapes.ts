/**
 * Where each column of bronze stands in the shapes of posts: what `posts/shapes` says, as SQL over the places of a record,
 * its fields `m`, and `author_at`.
 */
import type { FieldPath } from '../../../../posts/field-path.js';
import type { RecordColumn } from '../../../../posts/shapes/shape.js';
import { facetMentions } from './facets.js';
import { htmlColumn } from './html.js';
import { authorStep, type Places } from './places.js';
import { at, isNull, isNumber, isObject, isString, items, numberText, stringOf } from './variant.js';

/** Where a column may stand: the first one whose condition is true is taken. */
export interface Candidate {
  /** A VARIANT, an array of them for `mentions`; null when nothing stands there. */
  value: string;
  /** What the column uses up of the record; undefined when its value is made of fields that stay. */
  path?: FieldPath;
  when: string;
}

export interface ShapeSql {
  /** Also the `source` of its posts. */
  name: string;
  recognises: string;
  /** SQL of why a record of this shape is no post and is not meant to be one; null for others. */
  skipped?: string;
  /** SQL of why a record of this shape cannot become one post; null for others. */
  fault?: string;
  columns: Partial<Record<RecordColumn, readonly Candidate[]>>;
  /** Fields that say nothing beyond what the columns say, and when. */
  redundant: readonly { path: FieldPath; when: string }[];
}

/** From the most telling to the least; a record of none of them is flat. */
export function knownShapes(places: Places): ShapeSql[] {
  return [
    jetstream(places),
    x(places, ['data']),
    x(places, []),
    mastodon(places),
    deletion(places),
    twitter(places),
  ];
}

/** Whether `id` is `id_str` as a number, exact or rounded by a parser without big integers. */
export function sameId(id: string, text: string): string {
  const asText = `CASE WHEN ${isString(id)} THEN ${stringOf(id)} ELSE ${numberText(id)} END`;
  return `coalesce(${isString(text)} AND (${asText} = ${stringOf(text)} OR (${isNumber(id)}
    AND try_variant_get(${id}, '$', 'double') = try_cast(${stringOf(text)} AS DOUBLE))), false)`;
}

/** Which of the users that a record brings along is its author, from 0; -1 when none is. */
export function authorAt(): string {
  const author = `CASE WHEN ${isPost(at('v', 'data'))} THEN ${at('v', 'data', 'author_id')} ELSE ${at('v', 'author_id')} END`;
  const users = items(at('v', 'includes', 'users'));
  const isAuthor = `${isObject('u')} AND to_json(${at('u', 'id')}) <=> to_json(${author})`;
  return `CAST(coalesce(array_position(transform(${users}, u -> ${isAuthor}), true) - 1, -1) AS INT)`;
}

const isPost = (value: string) => `(${at(value, 'id')} IS NOT NULL AND ${at(value, 'text')} IS NOT NULL)`;

function jetstream(places: Places): ShapeSql {
  const kind = places.at('kind');
  const did = places.at('did');
  const rkey = places.at('commit', 'rkey');
  const collection = places.at('commit', 'collection');
  const address = `concat('at://', ${stringOf(did)}, '/app.bsky.feed.post/', ${stringOf(rkey)})`;
  return {
    name: 'jetstream',
    recognises: `${did} IS NOT NULL AND ${places.at('time_us')} IS NOT NULL AND ${isString(kind)}`,
    skipped: `CASE WHEN ${stringOf(kind)} <> 'commit' THEN concat(${stringOf(kind)}, ' event')
      WHEN ${isString(rkey)} AND ${isString(did)} AND coalesce(to_json(${collection}) <> '"app.bsky.feed.post"', true)
      THEN 'commit of another collection' END`,
    fault: `CASE WHEN NOT ${isString(rkey)} OR NOT ${isString(did)} THEN 'a commit event without its did or rkey' END`,
    columns: {
      user: standing(places, ['did']),
      post_id: [{ value: `CAST(${address} AS VARIANT)`, path: ['commit', 'rkey'], when: 'true' }],
      seq: standing(places, ['time_us']),
      op: standing(places, ['commit', 'operation']),
      text: standing(places, ['commit', 'record', 'text']),
      date: standing(places, ['commit', 'record', 'createdAt']),
      lang: standing(places, ['commit', 'record', 'langs', '0']),
      mentions: [
        {
          value: facetMentions(
            places.at('commit', 'record', 'text'),
            places.at('commit', 'record', 'facets'),
          ),
          when: isObject(places.at('commit', 'record')),
        },
      ],
    },
    redundant: [['kind'], ['commit', 'collection'], ['commit', 'record', '$type']].map((path) => ({
      path,
      when: 'true',
    })),
  };
}

/** X's API v2; its posts stand in an envelope (`inside`) or by themselves. */
function x(places: Places, inside: readonly string[]): ShapeSql {
  const here = (...path: string[]) => places.at(...inside, ...path);
  const isHere = `${here('id')} IS NOT NULL AND ${here('text')} IS NOT NULL`;
  const isListed = `(${places.at('data', '0', 'id')} IS NOT NULL AND ${places.at('data', '0', 'text')} IS NOT NULL
    AND ${items(places.at('data'))} IS NOT NULL AND ${places.at('text')} IS NULL)`;
  const edits = items(here('edit_history_tweet_ids'));
  const edited = `coalesce(size(${edits}) > 1, false)`;
  const author = ['includes', 'users', authorStep, 'username'];
  return {
    name: 'x',
    recognises:
      inside.length > 0 ? isHere : `${isListed} OR (${here('author_id')} IS NOT NULL AND ${isHere})`,
    fault: `CASE WHEN ${isListed} THEN '"data" holds a list of posts; one post a record is expected' END`,
    columns: {
      user: [
        { value: places.at(...author), path: author, when: 'author_at >= 0' },
        { value: here('author_id'), path: [...inside, 'author_id'], when: 'true' },
      ],
      text: standing(places, [...inside, 'text']),
      date: standing(places, [...inside, 'created_at']),
      lang: standing(places, [...inside, 'lang']),
      post_id: [{ value: `get(${edits}, 0)`, when: edited }, ...standing(places, [...inside, 'id'])],
      seq: [{ value: here('id'), when: 'true' }],
      sentiment: standing(places, ['sentiment']),
      op: [{ value: "CAST('update' AS VARIANT)", when: edited }],
      mentions: [
        {
          value: `coalesce(${handles(here('entities', 'mentions'), 'username')}, CAST(array() AS ARRAY<VARIANT>))`,
          path: [...inside, 'entities', 'mentions'],
          when: isObject(here('entities')),
        },
      ],
    },
    redundant: [{ path: [...inside, 'edit_history_tweet_ids'], when: `NOT ${edited}` }],
  };
}

function mastodon(places: Places): ShapeSql {
  const content = places.at('content');
  const mentions = places.at('mentions');
  return {
    name: 'mastodon',
    recognises: `${isObject(places.at('account'))} AND ${content} IS NOT NULL`,
    columns: {
      text: [
        {
          value: `CASE WHEN ${isString(content)} THEN CAST(${htmlColumn} AS VARIANT) ELSE ${content} END`,
          path: ['content'],
          when: 'true',
        },
      ],
      user: standing(places, ['account', 'acct']),
      date: holding(places, ['created_at']),
      post_id: holding(places, ['id']),
      lang: holding(places, ['language']),
      sentiment: holding(places, ['sentiment']),
      mentions: [
        { value: handles(mentions, 'acct'), path: ['mentions'], when: `${items(mentions)} IS NOT NULL` },
      ],
    },
    redundant: [],
  };
}

function deletion(places: Places): ShapeSql {
  const [id, text] = [['delete', 'status', 'id'] as const, ['delete', 'status', 'id_str'] as const];
  return {
    name: 'twitter',
    recognises: isObject(places.at('delete', 'status')),
    columns: {
      op: [{ value: "CAST('delete' AS VARIANT)", when: 'true' }],
      post_id: holding(places, text, id),
      seq: standing(places, ['delete', 'timestamp_ms']),
    },
    redundant: [{ path: id, when: sameId(places.at(...id), places.at(...text)) }],
  };
}

function twitter(places: Places): ShapeSql {
  const listed = (...path: string[]): Candidate => ({
    value: handles(places.at(...path), 'screen_name'),
    path,
    when: `${items(places.at(...path))} IS NOT NULL`,
  });
  const twin = `${isString(places.at('id_str'))} AND ${sameId(places.at('id'), places.at('id_str'))}`;
  return {
    name: 'twitter',
    recognises: `${places.at('user', 'screen_name')} IS NOT NULL`,
    columns: {
      text: holding(places, ['extended_tweet', 'full_text'], ['full_text'], ['text']),
      user: holding(places, ['user', 'screen_name']),
      date: holding(places, ['created_at'], ['date']),
      post_id: holding(places, ['id_str'], ['id']),
      seq: holding(places, ['timestamp_ms']),
      lang: holding(places, ['lang']),
      sentiment: holding(places, ['sentiment']),
      mentions: [listed('extended_tweet', 'entities', 'user_mentions'), listed('entities', 'user_mentions')],
    },
    redundant: [{ path: ['id'], when: twin }],
  };
}

/** The first of the paths at which anything stands. */
function standing(places: Places, ...paths: (readonly string[])[]): Candidate[] {
  return paths.map((path) => {
    const value = places.at(...path);
    return { value, path, when: `${value} IS NOT NULL` };
  });
}

/** The first of the paths that holds more than a null. */
function holding(places: Places, ...paths: (readonly string[])[]): Candidate[] {
  return paths.map((path) => {
    const value = places.at(...path);
    return { value, path, when: `(${value} IS NOT NULL AND NOT ${isNull(value)})` };
  });
}

/** The handles of a list of objects that name them, or of a plain list. */
function handles(list: string, key: string): string {
  return `transform(${items(list)}, h -> CASE WHEN ${isObject('h')} THEN ${at('h', key)} ELSE h END)`;
}
