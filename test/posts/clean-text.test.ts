import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText } from '../../src/posts/clean-text.js';
import { mentionRules } from '../../src/posts/mentions.js';
import { wellFormed } from '../../src/posts/well-formed.js';

const piece = fc.constantFrom(
  ...[
    '@ann',
    '@',
    'http://x.y/z',
    'https://',
    'www.',
    'www.x.y',
    '&amp;',
    '&lt',
    '&#0;',
    '&#xDC00;',
    '&#1114112;',
  ],
  ...[' ', '\n', '\t', '\0', '\u00a0', '\ud83d', '\ude00', '😀', 'word', 's', ';', '&'],
);
const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
const rule = fc.constantFrom(...mentionRules);

describe('clean text', () => {
  it('of any text has a UTF-8 form, single blanks, and none at its ends', () => {
    fc.assert(
      fc.property(text, rule, (raw, by) => {
        const clean = cleanText(raw, by);
        expect(Buffer.from(clean).toString()).toBe(clean);
        expect(clean).not.toMatch(/^\s|\s$|\s\s|[^\S ]|\0/);
      }),
      { numRuns: 5_000 },
    );
  });

  it('holds no link that has a host or path', () => {
    fc.assert(
      fc.property(text, rule, (raw, by) => {
        expect(cleanText(raw, by)).not.toMatch(/https?:\/\/\S|www\.\S/);
      }),
      { numRuns: 5_000 },
    );
  });

  it('leaves words, emoji and case alone', () => {
    expect(cleanText('Mississippi  ASSESSES 👩‍👩‍👧 it’s\tfine…', 'twitter')).toBe(
      'Mississippi ASSESSES 👩‍👩‍👧 it’s fine…',
    );
  });

  it('takes a long hostile text in linear time', () => {
    const hostile = `${'&'.repeat(200_000)}${'@'.repeat(200_000)}${'http://'.repeat(50_000)}${' '.repeat(200_000)}x`;
    expect(cleanText(hostile, 'twitter').endsWith('http x')).toBe(true);
  });
});

describe('well-formed text', () => {
  const unit = fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff }));
  const unpaired = fc.array(unit).map((units) => String.fromCharCode(...units));

  it('is the text itself but for lone surrogates', () => {
    fc.assert(
      fc.property(unpaired, (raw) => {
        expect(wellFormed(raw)).toBe(Buffer.from(raw).toString());
      }),
    );
    expect(wellFormed('a\ud83db😀\udc00')).toBe('a\ufffdb😀\ufffd');
  });
});
