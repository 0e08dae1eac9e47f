import { describe, expect, it } from 'vitest';
import { csvLine } from '../../src/cli/rows.js';
import { columns, pairs } from '../../src/cli/text/columns.js';
import { ago, count, plural, rate, size, span } from '../../src/cli/text/numbers.js';
import { paintFor } from '../../src/cli/text/paint.js';
import { cut, oneLine, widthOf } from '../../src/cli/text/width.js';

const plain = (_colour: string, text: string) => text;

describe('the width of a text', () => {
  it.each([
    ['plain', 5],
    ['naïve', 5],
    ['e\u0301', 1],
    ['😩', 2],
    ['👩‍👩‍👧', 2],
    ['👍🏽', 2],
    ['🇫🇷', 2],
    ['❤️', 2],
    ['日本', 4],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['a\u200bb', 2],
    ['✔', 1],
    ['', 0],
  ])('%s is %i cells', (text, cells) => expect(widthOf(text)).toBe(cells));

  it('decides where a text is cut, never inside a character', () => {
    expect(cut('hello', 5)).toBe('hello');
    expect(cut('hello!', 5)).toBe('hell…');
    expect(cut('a👩‍👩‍👧b', 3)).toBe('a…');
    expect(cut('日本語', 5)).toBe('日本…');
    for (let cells = 1; cells < 12; cells++)
      expect(widthOf(cut('日a👍🏽b❤️c日本', cells))).toBeLessThanOrEqual(cells);
  });

  it('a post cannot move the cursor or turn the writing direction', () => {
    expect(oneLine('a\u001b[31mb\nc\r\nd\te\u202ef\u0007')).toBe('a\ufffd[31mb⏎c⏎d e\ufffdf\ufffd');
    expect(oneLine('👩‍👩‍👧 ok')).toBe('👩‍👩‍👧 ok');
    expect(oneLine('lone \ud83d')).toBe('lone \ufffd');
  });
});

describe('columns', () => {
  const head = [{ name: 'n', align: 'right' as const }, { name: 'text' }, { name: 'id', whole: true }];
  const rows = [
    ['1', '😩 short', 'abc'],
    ['1,000', 'a longer text\nwith a line', 'de'],
  ];

  it('stand below each other, whatever is in them', () => {
    expect(columns(head, rows, { paint: plain })).toBe(
      [
        '    n  text                       id',
        '    1  😩 short                   abc',
        '1,000  a longer text⏎with a line  de',
      ].join('\n'),
    );
  });

  it('give way where the line is too short, names last', () => {
    const lines = columns(head, rows, { paint: plain, width: 24 }).split('\n');
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(24);
    expect(lines[2]).toBe('1,000  a longer te…  de');
  });

  it('never become narrower than can be read', () => {
    const [, line] = columns([{ name: 'a' }, { name: 'b' }], [['x'.repeat(50), 'y'.repeat(50)]], {
      paint: plain,
      width: 5,
    }).split('\n');
    expect(line).toBe('xxxxxxx…  yyyyyyy…');
  });

  it('are left out from the right where there is no room even so', () => {
    const wide = Array.from({ length: 6 }, (_, i) => ({ name: `c${i}` }));
    const row = wide.map(({ name }) => name.repeat(10));
    const lines = columns(wide, [row], { paint: plain, width: 34, mayLeaveOut: true }).split('\n');
    expect(lines).toEqual(['c0         c1         c2         …', 'c0c0c0c0…  c1c1c1c1…  c2c2c2c2…  …']);
    const all = columns(wide, [row], { paint: plain, width: 58, mayLeaveOut: true }).split('\n');
    expect(all[1]).toBe('c0c0c0c…  c1c1c1c…  c2c2c2c…  c3c3c3c…  c4c4c4c…  c5c5c5c…');
  });

  it('pairs are aligned too', () => {
    expect(
      pairs(
        [
          ['a', '1'],
          ['long', '2'],
        ],
        plain,
      ),
    ).toBe('a     1\nlong  2');
  });
});

it('numbers are as people read them', () => {
  expect([count(1234567), count(null), count('9007199254740993')]).toEqual([
    '1,234,567',
    '–',
    '9,007,199,254,740,993',
  ]);
  expect([plural(1, 'post'), plural(1000, 'post')]).toEqual(['1 post', '1,000 posts']);
  expect([0, 1023, 1024, 1_300_000, 5e9].map(size)).toEqual([
    '0 B',
    '1,023 B',
    '1 KiB',
    '1.2 MiB',
    '4.7 GiB',
  ]);
  expect([0.42, 350, 1200, 200_000, 7_500_000, 200_000_000].map(span)).toEqual([
    '0.4 ms',
    '350 ms',
    '1.2 s',
    '3 min 20 s',
    '2 h 5 min',
    '2 d 7 h',
  ]);
  expect([ago(1000, 13_900), ago(5000, 1000)]).toEqual(['12 s ago', 'just now']);
  expect([rate(3.19), rate(1234.5)]).toEqual(['3.2', '1,235']);
});

it('colours are for terminals, unless they are unwanted', () => {
  const painted = (stream: { isTTY?: boolean }, env: Record<string, string>) =>
    paintFor(stream, env)('red', 'x') !== 'x';
  expect(painted({ isTTY: true }, {})).toBe(true);
  expect(painted({}, {})).toBe(false);
  expect(painted({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(painted({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
  expect(painted({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(painted({}, { FORCE_COLOR: '1' })).toBe(true);
});

it('CSV quotes what needs it', () => {
  expect(csvLine(['a', 1, null, 'b,c', 'd"e', 'f\ng', [1, 'x'], true])).toBe(
    'a,1,,"b,c","d""e","f\ng","[1,""x""]",true',
  );
});
