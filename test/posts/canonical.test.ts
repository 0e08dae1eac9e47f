import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ColumnMapping, canonicalPost } from '../../src/posts/canonical.js';
import { bronze } from '../../src/posts/tables.js';

const names = bronze.fields.map((field) => field.name);

/** The bronze row as an object, without the nulls and what every row has. */
function post(fields: Record<string, unknown>, mapping: ColumnMapping = {}) {
  const outcome = canonicalPost({ source_file: 'a/b.ndjson', position: 7, fields }, mapping, 1_000_000n);
  if (!('row' in outcome)) return outcome;
  expect(outcome.row).toHaveLength(names.length);
  const entries = outcome.row.map((value, i) => [names[i]!, value] as const);
  const {
    source_file,
    processing_time,
    _rescued_data: rescued,
    ...rest
  } = Object.fromEntries(entries.filter(([, v]) => v !== null));
  expect(source_file).toBe('a/b.ndjson');
  expect(processing_time).toBe(1_000_000n);
  return rescued === undefined ? rest : { ...rest, rescued: JSON.parse(rescued as string) };
}

/** printf 'a/b.ndjson\n7' | sha256sum | cut -c1-32 */
const seventhLine = '07eeacc36faff8556abf0b2f2f38f725';

describe('a flat record', () => {
  it('of the course data needs no mapping', () => {
    expect(post({ date: 'Mon Apr 06 22:19:45 PDT 2009', user: 'ann', text: 'hi', sentiment: '4' })).toEqual({
      date: 'Mon Apr 06 22:19:45 PDT 2009',
      user: 'ann',
      text: 'hi',
      sentiment: '4',
      post_id: seventhLine,
      source: 'file',
      op: 'create',
    });
  });

  it('is known in any case of its names', () => {
    expect(post({ Text: 'hi', USER: 'ann', Created_At: '2009-04-06', Id: 5 })).toMatchObject({
      text: 'hi',
      user: 'ann',
      date: '2009-04-06',
      post_id: '5',
    });
  });

  it('keeps labels, dates and ids as they came', () => {
    expect(post({ text: 'hi', sentiment: 4, date: 1239081585, user: 12, id: 9n })).toMatchObject({
      sentiment: '4',
      date: '1239081585',
      user: '12',
      post_id: '9',
    });
    expect(post({ text: 'hi', sentiment: true, date: new Date(0) })).toMatchObject({
      sentiment: 'true',
      date: '1970-01-01T00:00:00.000Z',
    });
  });

  it('takes its id from post_id, id_str, id or an AT URI, in this order', () => {
    const id = (fields: Record<string, unknown>) =>
      (post({ text: 'hi', ...fields }) as { post_id: string }).post_id;
    expect(id({ uri: 'at://did:plc:a/app.bsky.feed.post/3k', id: 3, id_str: '2', post_id: '1' })).toBe('1');
    expect(id({ uri: 'at://did:plc:a/app.bsky.feed.post/3k', id: 3, id_str: '2' })).toBe('2');
    expect(id({ uri: 'at://did:plc:a/app.bsky.feed.post/3k', id: 3 })).toBe('3');
    expect(id({ uri: 'at://did:plc:a/app.bsky.feed.post/3k' })).toBe('at://did:plc:a/app.bsky.feed.post/3k');
    expect(id({ uri: 'https://example.com/1' })).toBe(seventhLine);
  });

  it('keeps every digit of an id beyond 2^53', () => {
    expect(post({ text: 'hi', id: '1467810369000000001' })).toMatchObject({ post_id: '1467810369000000001' });
    expect(post({ text: 'hi', id: 1467810369000000001n })).toMatchObject({ post_id: '1467810369000000001' });
  });

  it('may bring order, operation, language, source and mentions', () => {
    expect(
      post({
        text: 'hi',
        seq: '12',
        op: 'update',
        lang: 'en',
        source: 'forum',
        mentions: ['@Ann', 'bob', ''],
      }),
    ).toMatchObject({ seq: 12n, op: 'update', lang: 'en', source: 'forum', mentions: ['Ann', 'bob'] });
  });

  it('rescues what it does not know', () => {
    expect(post({ text: 'hi', colour: 'red', nested: { a: [1, null] }, nothing: null })).toMatchObject({
      rescued: { colour: 'red', nested: { a: [1, null] } },
    });
  });

  it('rescues values of the wrong type and leaves their columns null', () => {
    const wrong = {
      text: 42,
      user: { x: 1 },
      date: [1],
      sentiment: {},
      lang: 7,
      source: false,
      mentions: 'ann',
      op: 'upsert',
      seq: 1.5,
      id: ['a'],
    };
    expect(post(wrong)).toEqual({ post_id: seventhLine, source: 'file', op: 'create', rescued: wrong });
    expect(post({ text: 'hi', mentions: ['ann', 3] })).toMatchObject({ rescued: { mentions: ['ann', 3] } });
    expect(post({ text: 'hi', seq: '9223372036854775808' })).toMatchObject({
      rescued: { seq: '9223372036854775808' },
    });
  });

  it('rescues big integers without loss', () => {
    const fields = { text: 'hi', views: 12345678901234567890n };
    const outcome = canonicalPost({ source_file: 'f', position: 1, fields }, {}, 0n);
    expect('row' in outcome && outcome.row.at(-1)).toBe('{"views":12345678901234567890}');
  });

  it('rescues what pretends to be something else, and what is nested without end', () => {
    const text = '{"text":"hi","a":{"toJSON":"x","toString":1},"__proto__":{"b":1}}';
    const odd = canonicalPost({ source_file: 'f', position: 1, fields: JSON.parse(text) }, {}, 0n);
    expect('row' in odd && odd.row.at(-1)).toBe('{"a":{"toJSON":"x","toString":1},"__proto__":{"b":1}}');

    const deep = JSON.parse(`{"text":"hi","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(post(deep)).toMatchObject({ text: 'hi', rescued: { deep: expect.anything() } });
  });

  it('without a text has a null text, for the expectation to judge', () => {
    expect(post({ user: 'ann' })).toEqual({
      user: 'ann',
      post_id: seventhLine,
      source: 'file',
      op: 'create',
    });
  });

  it('has well-formed strings only', () => {
    expect(post({ text: 'a\ud83d', user: '\udc00', date: '\ud800', mentions: ['\ud800'] })).toMatchObject({
      text: 'a\ufffd',
      user: '\ufffd',
      date: '\ufffd',
      mentions: ['\ufffd'],
    });
  });
});

describe("the user's mapping", () => {
  it('goes before the shape, by dotted path, list index or a name that holds dots', () => {
    const fields = { tweet: 'hi', author: { name: 'ann' }, 'when.at': '2009-04-06', tags: [{ l: '4' }] };
    expect(
      post(fields, { text: 'tweet', user: 'author.name', date: 'when.at', sentiment: 'tags.0.l' }),
    ).toEqual({
      text: 'hi',
      user: 'ann',
      date: '2009-04-06',
      sentiment: '4',
      post_id: seventhLine,
      source: 'file',
      op: 'create',
    });
  });

  it('leaves a column to the shape where a record lacks the path', () => {
    expect(post({ text: 'typed on the page' }, { text: 'tweet' })).toMatchObject({
      text: 'typed on the page',
    });
  });

  it('rescues the column that it pushed aside', () => {
    expect(post({ tweet: 'a', text: 'b' }, { text: 'tweet' })).toMatchObject({
      text: 'a',
      rescued: { text: 'b' },
    });
  });

  it('works on known shapes too', () => {
    const fields = {
      created_at: 'x',
      user: { screen_name: 'ann', name: 'Ann' },
      text: 'hi',
      label: { gold: 'pos' },
    };
    expect(post(fields, { user: 'user.name', sentiment: 'label.gold' })).toMatchObject({
      user: 'Ann',
      sentiment: 'pos',
      source: 'twitter',
      rescued: { user: { screen_name: 'ann' } },
    });
  });
});

describe('any record', () => {
  it('has a row of the right types, or a reason, and never throws', () => {
    const key = fc.constantFrom(
      ...[
        'text',
        'user',
        'date',
        'id',
        'id_str',
        'data',
        'content',
        'account',
        'did',
        'kind',
        'commit',
        'time_us',
      ],
      ...[
        'screen_name',
        'entities',
        'mentions',
        'delete',
        'status',
        'author_id',
        'includes',
        'record',
        'facets',
        'x',
      ],
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(null, 1, 1.5, true, 'text', '12', 'commit', 'app.bsky.feed.post'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 6 }),
      ),
    }));
    const record = fc.dictionary(key, value, { maxKeys: 8 });
    const types = ['string', 'string', 'string', 'string', 'string', 'bigint', 'string', 'bigint'];
    fc.assert(
      fc.property(record, (fields) => {
        const before = JSON.stringify(fields);
        const outcome = canonicalPost({ source_file: 'f', position: 1, fields }, { text: 'data.text' }, 0n);
        expect(JSON.stringify(fields)).toBe(before);
        if (!('row' in outcome)) return;
        for (const [i, type] of types.entries())
          expect(outcome.row[i] === null || typeof outcome.row[i]).toBeOneOf([true, type]);
        const mentions = outcome.row[names.indexOf('mentions')];
        expect(mentions === null || Array.isArray(mentions)).toBe(true);
        expect(outcome.row[names.indexOf('op')]).toBeOneOf(['create', 'update', 'delete']);
      }),
      { numRuns: 3_000 },
    );
  });
});
