/** The twitter rule is held against the public twitter-text library, which is the specification's own code. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import twitterText from 'twitter-text';
import { describe, expect, it } from 'vitest';
import {
  type MentionRule,
  mentionRules,
  mentionSpans,
  mentions,
  removeMentions,
} from '../../src/posts/mentions.js';

const tricky = [
  '@ann',
  'hi @ann, and @bob_2!',
  '.@ann said',
  '(@ann)',
  '"@ann"',
  "'@ann's",
  '@ann@bob',
  '@ann @bob',
  '@ann\n@bob',
  '@ann/@bob',
  '@ann/friends',
  '@ann/friends @bob',
  '@ann/7days',
  '@ann/a-@bob',
  '@ann/a-rt@bob',
  '@ann/-@bob',
  `@ann/${'l'.repeat(25)}@bob`,
  `@ann/${'l'.repeat(26)} @bob`,
  `@ann/${'l'.repeat(24)}-@bob`,
  'ann@example.com',
  'mail ann@example.com @bob',
  'ann.smith@bob',
  'ann+@bob',
  'ann-@bob',
  'ann~@bob',
  '!@ann #@ann $@ann %@ann &@ann *@ann',
  '&amp;@ann',
  '@@ann',
  '＠ann',
  '@＠ann',
  'の＠annに',
  'の@annに到着',
  '@annéline',
  '@ann\u0301',
  '@annʻs',
  '@annß',
  '@annж',
  'é@ann',
  'ж@ann',
  '😀@ann😀@bob',
  '\ud83d@ann',
  '@ann\ude00',
  '@ann://x',
  '@http://x.com',
  '@ann:/',
  '@ann:',
  'http://x.com/@ann',
  'https://x.com/@ann/status/1',
  'RT@ann',
  'RT:@ann',
  'rt @ann',
  'rT@ann Rt@bob',
  'aRT@ann',
  '_RT@ann',
  '-RT@ann',
  '.RT@ann',
  '~RT@ann',
  '+RT@ann',
  '!RT@ann',
  '#RT@ann',
  '＠RT@ann',
  '@RT@ann',
  '@ann RT@bob',
  '@ann/lRT@bob',
  '@ann/l-RT@bob',
  '@ann.RT@bob',
  '@ann!RT@bob',
  'éRT@ann',
  'RTRT@ann',
  'RT RT@ann',
  't@ann',
  '@',
  '@ ',
  '@_',
  '@_@',
  '@-',
  '@1',
  `@${'x'.repeat(20)}`,
  `@${'x'.repeat(21)}`,
  `@${'x'.repeat(21)}@ann`,
  `@${'x'.repeat(20)}@ann`,
  `@${'x'.repeat(20)}é`,
  '@ann\u0000@bob',
  '@ann\u200b@bob',
  '@ann\ufeff@bob',
  '@ann\u00a0@bob',
  'a\tRT@b',
  '',
];

const pieces = fc.constantFrom(
  ...[
    '@',
    '＠',
    'RT',
    'rt',
    'rT',
    ':',
    '/',
    '-',
    '_',
    '.',
    '!',
    '#',
    '&',
    '+',
    '~',
    '*',
    ' ',
    '\n',
    '://',
    'http',
  ],
  ...[
    'a',
    'bob',
    '7',
    'é',
    '\u0301',
    'ʻ',
    'ß',
    'ж',
    'の',
    '😀',
    '\ud83d',
    'x'.repeat(19),
    'l'.repeat(24),
    ';',
  ],
);
const pieced = fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join(''));

const unit = fc.oneof(fc.nat(0xffff), fc.integer({ min: 0x20, max: 0x24f }));
const anyUnits = fc.array(unit, { maxLength: 20 }).map((units) => String.fromCharCode(...units));

describe('the twitter rule', () => {
  it.each(tricky)('is twitter-text on %j', (text) => {
    expect(mentions(text, 'twitter')).toEqual(twitterText.extractMentions(text));
  });

  it('is twitter-text on texts made of what matters to it', () => {
    fc.assert(
      fc.property(pieced, (text) => {
        expect(mentions(text, 'twitter')).toEqual(twitterText.extractMentions(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('is twitter-text on any text', () => {
    fc.assert(
      fc.property(anyUnits, fc.nat(), (text, at) => {
        const i = at % (text.length + 1);
        const mentioned = `${text.slice(0, i)}@${text.slice(i)}`;
        expect(mentions(mentioned, 'twitter')).toEqual(twitterText.extractMentions(mentioned));
      }),
      { numRuns: 5_000 },
    );
  });

  // Uses the real tweets of ../shared, which are not part of the project.
  const real = fileURLToPath(new URL('../../../shared/data/sentiment140-100k.ndjson.gz', import.meta.url));
  it.skipIf(!existsSync(real))('is twitter-text on real tweets', () => {
    const lines = gunzipSync(readFileSync(real)).toString().trimEnd().split('\n');
    let found = 0;
    for (const line of lines) {
      const { text } = JSON.parse(line) as { text: string };
      const ours = mentions(text, 'twitter');
      found += ours.length;
      const theirs = twitterText.extractMentions(text);
      // Asserting on each of 100,000 texts would take longer than the work itself.
      if (ours.join() !== theirs.join()) expect(ours, text).toEqual(theirs);
    }
    expect(found).toBeGreaterThan(lines.length / 4);
  });
});

describe('the course rules', () => {
  it.each<[MentionRule, string, string[]]>([
    ['word', 'x@y.com @Ann, @bob!', ['y', 'Ann', 'bob']],
    ['word', '@Ünï @naïve @', ['na']],
    ['word', '@@ann ＠bob', ['ann']],
    ['word', `@${'x'.repeat(30)}`, ['x'.repeat(30)]],
    ['nonspace', 'x@y.com @Ann, @bob!', ['y.com', 'Ann,', 'bob!']],
    ['nonspace', '@Ünï @@ann @ @\u00a0@b\tc', ['Ünï', '@ann', 'b']],
  ])('%s of %j', (rule, text, expected) => {
    expect(mentions(text, rule)).toEqual(expected);
  });

  it('are the regular expressions they are named for', () => {
    const regex = { word: /@\w+/g, nonspace: /@\S+/g };
    fc.assert(
      fc.property(pieced, fc.constantFrom('word' as const, 'nonspace' as const), (text, rule) => {
        expect(mentions(text, rule).map((handle) => `@${handle}`)).toEqual(text.match(regex[rule]) ?? []);
        expect(removeMentions(text, rule)).toBe(text.replace(regex[rule], ''));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('every rule', () => {
  it('gives spans that hold their at-sign and handle, in order and apart', () => {
    fc.assert(
      fc.property(pieced, fc.constantFrom(...mentionRules), (text, rule) => {
        let last = 0;
        for (const { start, end, handle } of mentionSpans(text, rule)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(text.slice(start, end)).toMatch(/^[@＠]/);
          expect(text.slice(start + 1, end)).toBe(handle);
          last = end;
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('removes just its own mentions', () => {
    expect(removeMentions('hi @ann, mail x@y.com', 'twitter')).toBe('hi , mail x@y.com');
    expect(removeMentions('hi @ann, mail x@y.com', 'word')).toBe('hi , mail x.com');
    expect(removeMentions('hi @ann, mail x@y.com', 'nonspace')).toBe('hi  mail x');
    expect(removeMentions('RT @ann: @ann/list', 'twitter')).toBe('RT : @ann/list');
  });
});
