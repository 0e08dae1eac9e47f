/**
 * Lines of a landing place that are hard to read alike: posts of every shape with members missing, null, doubled or of the
 * wrong type, numbers that no double holds, and lines that are no posts at all. Drawn from a seed.
 */
import { type Draw, nastyDate, nastyLabel, nastyText } from './nasty-texts.js';

type Json = Record<string, unknown>;

/** A number as it is written, which `JSON.stringify` would not write. */
class Digits {
  constructor(readonly text: string) {}
}

export function nastyLine(d: Draw): string {
  if (d.chance(0.08)) return d.one(brokenLines);
  const shape = d.one([flat, flat, status, status, deletion, xPost, xPost, toot, commit, commit]);
  let line = written(spoiled(d, shape(d)));
  if (d.chance(0.02)) line = line.slice(0, d.below(line.length));
  if (d.chance(0.02)) line = line.replace(/^\{/, `{"text":"first",`);
  if (d.chance(0.05))
    line = `${d.one([' ', '\t', '\v', '\ufeff'])}${line}${d.one(['\r', ' ', ' x', '{}', ',{}', '\\u0000'])}`;
  return line;
}

const brokenLines = [
  ...[
    '',
    ' ',
    '\t\v\f\r',
    '\u00a0',
    '{}',
    '[]',
    'null',
    'true',
    '1',
    '-1.5e3',
    '"text"',
    '[{"text":"x"}]',
    '{"text":"x"',
    '{"text":"x"},',
    '{"text":01}',
  ],
  ...[
    '{"text":"x"} {"text":"y"}',
    '{"text":"x"}}',
    "{'text':'x'}",
    '{"text":"\\ud800"}',
    '{"text":"\\udc00\\ud800"}',
    '{"text":"\\ud83d\\ude00 \\\\ud800"}',
  ],
  ...[
    '{"text":"\\u0000"}',
    '{"text":"\\\\u0000"}',
    '{"text":"a\tb"}',
    '{"text":"\\x41"}',
    '{"text":NaN}',
    '{"text":"x",}',
    '{text:1}',
    '// no',
    'a,b,c',
    '{"text":"\x01"}',
  ],
  '{"text":"a\0b"}',
  '{"text":"x"}],["end of the record"',
  `{"text":"deep","x":${'['.repeat(90)}1${']'.repeat(90)}}`,
  `{"text":"${'long '.repeat(600)}"}`,
];

const anything = (d: Draw): unknown =>
  d.one<unknown>([
    null,
    true,
    false,
    0,
    -1,
    12,
    1.5,
    1e-7,
    12345678.25,
    123456789012345.6,
    0.000001,
    1e21,
    1.5e300,
    new Digits('12345678901234567890'),
    new Digits('9007199254740993'),
    new Digits('-9007199254740992'),
    new Digits('1.0'),
    new Digits('1e3'),
    new Digits('-0'),
    new Digits('1239081585.123456789'),
    '',
    'x',
    ' 7 ',
    '7',
    [],
    {},
    [null],
    ['a'],
    [1, 'a'],
    { a: null },
    { text: 'inner', id: 1 },
    [{ a: 1 }, null, 'b'],
  ]);

/** Some members missing, null, of another type, and some that nobody asked for. */
function spoiled(d: Draw, record: Json): Json {
  for (const key of Object.keys(record)) {
    if (d.chance(0.05)) delete record[key];
    else if (d.chance(0.06)) record[key] = anything(d);
    else if (isObject(record[key]) && d.chance(0.5)) record[key] = spoiled(d, record[key] as Json);
  }
  const extra = d.one(extras);
  // Of two keys that differ in case alone the engines take different ones.
  const isTwin = Object.hasOwn(record, extra.toLowerCase()) && !Object.hasOwn(record, extra);
  if (d.chance(0.2) && !isTwin) record[extra] = anything(d);
  return record;
}

const extras = 'Text LANG id uri op seq mentions source a.b __proto__x full_text data geo tweet'.split(' ');

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits);
}

const idOf = (d: Draw) => String(1_000_000_000_000_000_000n + BigInt(d.below(1_000_000_000)));
const numberOf = (text: string) => new Digits(text);
const handle = (d: Draw) => d.one(['ann', '@Bob', '\uff20carl', ' dora ', '', '@', 'ünal', '😀']);

function flat(d: Draw): Json {
  const id = d.chance(0.5) ? idOf(d) : String(d.below(1000));
  return {
    ...(d.chance(0.7) ? { date: nastyDate(d) } : { created_at: d.below(2_000_000_000) }),
    user: d.one<unknown>(['ann', 12, numberOf(idOf(d))]),
    text: nastyText(d),
    sentiment: d.one<unknown>([nastyLabel(d), 4, 0.5, true, numberOf('4.0')]),
    ...(d.chance(0.5) ? { id_str: id, id: numberOf(id) } : { post_id: id }),
    ...(d.chance(0.3)
      ? {
          seq: d.one<unknown>([
            d.below(100),
            '12',
            '-3',
            '9223372036854775807',
            '9223372036854775808',
            '1.5',
            numberOf(idOf(d)),
          ]),
        }
      : {}),
    ...(d.chance(0.3) ? { mentions: [handle(d), handle(d)] } : {}),
    ...(d.chance(0.3) ? { uri: d.one(['at://did:x/y/z', 'https://x']) } : {}),
    ...(d.chance(0.3) ? { op: d.one(['create', 'update', 'delete', 'insert']) } : {}),
    ...(d.chance(0.3) ? { author: { name: 'mapped', tags: ['a', null, 'b'], n: null } } : {}),
  };
}

function status(d: Draw): Json {
  const id = idOf(d);
  const entities = {
    user_mentions: [{ screen_name: handle(d), id: 1 }, { screen_name: handle(d) }],
    urls: [],
  };
  return {
    created_at: nastyDate(d),
    id: numberOf(d.chance(0.5) ? id : String(Number(id))),
    id_str: id,
    [d.one(['text', 'full_text'])]: nastyText(d),
    user: { screen_name: handle(d), id: 3, description: null },
    lang: 'en',
    timestamp_ms: '1239081585123',
    ...(d.chance(0.7) ? { entities } : {}),
    ...(d.chance(0.3)
      ? { extended_tweet: { full_text: nastyText(d), entities, display_text_range: [0, 12] } }
      : {}),
    ...(d.chance(0.2) ? { sentiment: 'positive' } : {}),
  };
}

function deletion(d: Draw): Json {
  const id = idOf(d);
  return {
    delete: {
      status: { id: numberOf(id), id_str: id, user_id: 3, user_id_str: '3' },
      timestamp_ms: '1239081585123',
    },
  };
}

function xPost(d: Draw): Json {
  const id = idOf(d);
  const author = d.one(['2244', '7']);
  const post = {
    id,
    text: nastyText(d),
    author_id: author,
    created_at: '2021-03-04T05:06:07.000Z',
    lang: 'en',
    edit_history_tweet_ids: d.chance(0.3) ? [idOf(d), id] : [id],
    ...(d.chance(0.5) ? { entities: { mentions: [{ username: handle(d), start: 0 }], urls: [] } } : {}),
    ...(d.chance(0.2) ? { entities: { urls: [{ url: 'x' }] } } : {}),
  };
  if (d.chance(0.3)) return post;
  return {
    data: d.chance(0.1) ? [post] : post,
    ...(d.chance(0.7)
      ? {
          includes: {
            users: [null, { id: '7', username: 'seven', name: 'S' }, { id: '2244', username: 'dev' }],
            media: [],
          },
        }
      : {}),
    matching_rules: [{ id: '1', tag: null }],
    ...(d.chance(0.2) ? { sentiment: 0 } : {}),
  };
}

function toot(d: Draw): Json {
  const html = d.one([
    (text: string) => `<p>${text}</p>`,
    (text: string) =>
      `<p>a<br>${text}<br />b</p> \n<p class="x">&lt;b&gt; &#xD83D;&#xDE00; <a href="y">@<span>ann</span></a></p>`,
    (text: string) => `<P>${text}</P><BRx><p-x> 1 < 2 <3 <brk>`,
  ])(nastyText(d));
  return {
    id: idOf(d),
    created_at: '2023-01-02T03:04:05.678Z',
    content: html,
    account: { acct: 'ann@example.social', id: '1', bot: null },
    language: d.one<unknown>(['en', null]),
    mentions: [{ acct: handle(d), url: 'x' }],
    reblog: null,
  };
}

function commit(d: Draw): Json {
  const text = d.one(['hi @ann.bsky.social!', '😀 @ann é @bob', '@a', '']);
  const facet = () => {
    const start = d.below(8);
    return {
      index: { byteStart: start, byteEnd: start + d.below(14) - 1 },
      features: [
        { $type: `app.bsky.richtext.facet#${d.one(['mention', 'mention', 'link'])}`, did: 'did:plc:b' },
      ],
    };
  };
  return {
    did: 'did:plc:a',
    time_us: numberOf(String(1_700_000_000_000_000 + d.below(1000))),
    kind: d.one(['commit', 'commit', 'commit', 'commit', 'identity', 'account']),
    commit: {
      rev: '3k',
      operation: d.one(['create', 'create', 'update', 'delete']),
      collection: d.one([
        'app.bsky.feed.post',
        'app.bsky.feed.post',
        'app.bsky.feed.post',
        'app.bsky.feed.like',
      ]),
      rkey: `3k${d.below(1000)}`,
      record: {
        $type: 'app.bsky.feed.post',
        text,
        createdAt: '2023-01-02T03:04:05.678Z',
        ...(d.chance(0.8) ? { langs: ['en', null, 'de'] } : {}),
        ...(d.chance(0.8) ? { facets: [facet(), facet(), facet()] } : {}),
      },
    },
  };
}

/** JSON with the digits of numbers as they are given, and now and then with escapes for what needs none. */
function written(value: unknown): string {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${written(item)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}
