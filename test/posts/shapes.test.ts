/** The wires' own shapes (all posts made up): columns found, mentions as the source gives them, the rest rescued. */
import { describe, expect, it } from 'vitest';
import { canonicalPost } from '../../src/posts/canonical.js';
import { htmlToText } from '../../src/posts/shapes/html-text.js';
import { bronze } from '../../src/posts/tables.js';

function read(fields: Record<string, unknown>): Record<string, unknown> {
  const outcome = canonicalPost({ source_file: 'f', position: 1, fields }, {}, 0n);
  if (!('row' in outcome)) return outcome;
  const row = Object.fromEntries(bronze.fields.map(({ name }, i) => [name, outcome.row[i]]));
  const { source_file: _, processing_time: __, _rescued_data: rescued, ...rest } = row;
  return { ...rest, rescued: rescued === null ? null : JSON.parse(rescued as string) };
}

describe('Twitter v1', () => {
  const status = {
    created_at: 'Mon Apr 06 22:19:45 +0000 2009',
    id: Number('1467810369000000001'),
    id_str: '1467810369000000001',
    text: 'hello @bob_dog &amp; co',
    source: '<a href="https://example.com">App</a>',
    user: { id_str: '7', screen_name: 'ann' },
    entities: { hashtags: [], user_mentions: [{ screen_name: 'bob_dog', id: 3, indices: [6, 14] }] },
    lang: 'en',
    timestamp_ms: '1239056385000',
    coordinates: null,
  };

  it('is read whole', () => {
    expect(read(status)).toEqual({
      date: 'Mon Apr 06 22:19:45 +0000 2009',
      user: 'ann',
      text: 'hello @bob_dog &amp; co',
      sentiment: null,
      post_id: '1467810369000000001',
      seq: 1239056385000n,
      lang: 'en',
      source: 'twitter',
      mentions: ['bob_dog'],
      op: 'create',
      rescued: {
        source: '<a href="https://example.com">App</a>',
        user: { id_str: '7' },
        entities: { hashtags: [] },
      },
    });
  });

  it('without entities leaves mentions to the rule; with empty ones it has none', () => {
    const { entities: _, ...bare } = status;
    expect(read(bare).mentions).toBeNull();
    expect(read({ ...status, entities: { user_mentions: [] } }).mentions).toEqual([]);
  });

  it('prefers the full text of a long status', () => {
    const long = {
      ...status,
      text: 'cut…',
      extended_tweet: { full_text: 'the whole text', entities: { user_mentions: [] } },
    };
    expect(read(long)).toMatchObject({ text: 'the whole text', mentions: [] });
    expect(read({ ...status, full_text: 'all of it' })).toMatchObject({ text: 'all of it' });
  });

  it('keeps an id that contradicts id_str', () => {
    expect(read({ ...status, id: 5 }).rescued).toMatchObject({ id: 5 });
    expect(read(status).rescued).not.toHaveProperty('id');
  });

  it('says what was deleted', () => {
    const notice = {
      delete: { status: { id: 12, id_str: '12', user_id_str: '7' }, timestamp_ms: '1239056385001' },
    };
    expect(read(notice)).toMatchObject({
      op: 'delete',
      post_id: '12',
      seq: 1239056385001n,
      text: null,
      source: 'twitter',
      rescued: { delete: { status: { user_id_str: '7' } } },
    });
  });
});

describe('X v2', () => {
  const data = {
    id: '1700000000000000001',
    text: 'hello @Bob_dog',
    created_at: '2026-05-28T20:26:40.000Z',
    author_id: '7',
    lang: 'en',
    edit_history_tweet_ids: ['1700000000000000001'],
    entities: { mentions: [{ start: 6, end: 14, username: 'Bob_dog', id: '8' }] },
  };
  const includes = {
    users: [
      { id: '9', username: 'eve' },
      { id: '7', username: 'ann' },
    ],
  };

  it('is read from the envelope of the stream', () => {
    expect(read({ data, includes, matching_rules: [{ id: '1', tag: 't' }] })).toEqual({
      date: '2026-05-28T20:26:40.000Z',
      user: 'ann',
      text: 'hello @Bob_dog',
      sentiment: null,
      post_id: '1700000000000000001',
      seq: 1700000000000000001n,
      lang: 'en',
      source: 'x',
      mentions: ['Bob_dog'],
      op: 'create',
      rescued: {
        data: { author_id: '7' },
        includes: { users: [{ id: '9', username: 'eve' }, { id: '7' }] },
        matching_rules: [{ id: '1', tag: 't' }],
      },
    });
  });

  it('is read unwrapped, with the author by id', () => {
    expect(read(data)).toMatchObject({ user: '7', text: 'hello @Bob_dog', source: 'x', rescued: null });
  });

  it('leaves mentions to the rule where entities were not asked for', () => {
    const { entities: _, ...bare } = data;
    expect(read({ data: bare }).mentions).toBeNull();
    expect(read({ data: { ...bare, entities: { urls: [] } } }).mentions).toEqual([]);
  });

  it('keeps the first id of an edited post and orders by the last', () => {
    const edited = {
      ...data,
      id: '1700000000000000009',
      edit_history_tweet_ids: [data.id, '1700000000000000009'],
    };
    expect(read({ data: edited, includes })).toMatchObject({
      post_id: data.id,
      seq: 1700000000000000009n,
      op: 'update',
    });
  });

  it('refuses a page of posts in one record, with a reason', () => {
    expect(read({ data: [data, data], meta: {} })).toMatchObject({
      fault: { rule: 'bad_record', reason: expect.stringContaining('list of posts') },
    });
  });
});

describe('Mastodon', () => {
  const status = {
    id: '110',
    created_at: '2026-05-28T20:26:40.000Z',
    content:
      '<p>hi <span class="h-card"><a href="https://x.test/@bob" class="u-url mention">@<span>bob</span></a></span> &amp; all<br />see <a href="https://example.com/a/long"><span class="invisible">https://</span><span class="ellipsis">example.com/a/</span><span class="invisible">long</span></a></p><p>1 &lt; 2</p>',
    account: { id: '5', acct: 'ann@x.test', username: 'ann' },
    mentions: [{ id: '6', username: 'bob', acct: 'bob@x.test' }],
    language: 'en',
    edited_at: null,
    reblog: null,
  };

  it('is read with its HTML as text', () => {
    expect(read(status)).toEqual({
      date: '2026-05-28T20:26:40.000Z',
      user: 'ann@x.test',
      text: 'hi @bob & all\nsee https://example.com/a/long\n\n1 < 2',
      sentiment: null,
      post_id: '110',
      seq: null,
      lang: 'en',
      source: 'mastodon',
      mentions: ['bob@x.test'],
      op: 'create',
      rescued: { account: { id: '5', username: 'ann' } },
    });
  });

  it.each([
    ['<p>a</p><p>b</p>', 'a\n\nb'],
    ['<p>a<br>b<br/>c</p>', 'a\nb\nc'],
    ['<P CLASS="x>y">a</P>', 'y">a'],
    ['a &lt;b&gt; c', 'a <b> c'],
    ['1 < 2 <3', '1 < 2 <3'],
    ['', ''],
  ])('HTML %j is the text %j', (html, text) => {
    expect(htmlToText(html)).toBe(text);
  });
});

describe('Jetstream', () => {
  const text = '😀 hey @bob.test and @eve.test, naïve';
  const facet = (handle: string, type = 'mention') => {
    const byteStart = Buffer.from(text.slice(0, text.indexOf(handle))).length;
    return {
      index: { byteStart, byteEnd: byteStart + Buffer.from(handle).length },
      features: [{ $type: `app.bsky.richtext.facet#${type}`, did: 'did:plc:bbb' }],
    };
  };
  const event = (operation: string, record?: Record<string, unknown>) => ({
    did: 'did:plc:aaa',
    time_us: 1780000000000001,
    kind: 'commit',
    commit: { rev: '3lrev', operation, collection: 'app.bsky.feed.post', rkey: '3lkey', cid: 'bafy', record },
  });
  const record = {
    $type: 'app.bsky.feed.post',
    text,
    createdAt: '2026-05-28T20:26:40.000Z',
    langs: ['en'],
    facets: [facet('@eve.test'), facet('@bob.test'), facet('naïve', 'tag')],
  };

  it('is read with handles cut from the bytes of the text', () => {
    const { rescued, ...row } = read(event('create', record));
    expect(row).toEqual({
      date: '2026-05-28T20:26:40.000Z',
      user: 'did:plc:aaa',
      text,
      sentiment: null,
      post_id: 'at://did:plc:aaa/app.bsky.feed.post/3lkey',
      seq: 1780000000000001n,
      lang: 'en',
      source: 'jetstream',
      mentions: ['bob.test', 'eve.test'],
      op: 'create',
    });
    expect(rescued).toEqual({ commit: { rev: '3lrev', cid: 'bafy', record: { facets: record.facets } } });
  });

  it('has updates and deletes', () => {
    expect(read(event('update', record))).toMatchObject({ op: 'update', text });
    expect(read(event('delete'))).toMatchObject({
      op: 'delete',
      text: null,
      mentions: null,
      post_id: 'at://did:plc:aaa/app.bsky.feed.post/3lkey',
    });
  });

  it('ignores facets that lie outside the text, and has no mentions without facets', () => {
    const outside = { index: { byteStart: 0, byteEnd: 9999 }, features: facet('@bob.test').features };
    expect(read(event('create', { ...record, facets: [outside, 'x', {}, null] })).mentions).toEqual([]);
    const { facets: _, ...bare } = record;
    expect(read(event('create', bare)).mentions).toEqual([]);
  });

  it('skips what is no post', () => {
    const account = { did: 'did:plc:aaa', time_us: 1, kind: 'account', account: { active: false } };
    expect(read(account)).toEqual({ skipped: 'account event' });
    const like = event('create', {});
    expect(read({ ...like, did: 5 })).toMatchObject({ fault: { rule: 'bad_record' } });
    expect(read({ ...like, commit: { ...like.commit, collection: 'app.bsky.feed.like' } })).toEqual({
      skipped: 'commit of another collection',
    });
  });
});
