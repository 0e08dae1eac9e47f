/**
 * Texts, dates and labels that are hard to read alike: every boundary of mentions, entities whole and broken, white space
 * of all kinds, dates in every form and nearly in one. Drawn from a seed, so that a failure can be had again.
 */
import { entityNames } from '../../src/posts/sql/entity-names.js';
import { knownZones } from '../../src/posts/zones.js';

export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number below `n`. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  chance(share: number): boolean {
    return this.below(1_000_000) < share * 1_000_000;
  }
}

const spaces =
  ' |  |\t|\n|\r\n|\v|\f|\0|\x1c|\x1f|\x85|\u00a0|\u1680|\u180e|\u2000|\u200a|\u200b|\u2028|\u2029|\u202f|\u205f|\u2060|\u3000|\ufeff'.split(
    '|',
  );
const before =
  '|!|#|$|%|&|*|@|\uff20|.|-|+|~|_|/|(|"|a|Z|9|é|の|😀|\u0301|RT|rt|xRT|_rT|.RT|-RT|~RT|+RT|😀RT|のrt'.split(
    '|',
  );
const after =
  '||||é|\u0301|\u00d7|\u00d8|\u024f|\u0250|\u02bb|\u1eff|\u1f00|@|\uff20|@b|://|:/|:|/|/a|/A-_9|/9|/_|/é|!|.|-|の|😀|\u{10fffd}'.split(
    '|',
  );
const handles =
  'a|ann|Ann_9|_|0|twenty_characters_20|twenty_one_characters|www|http|RT|xRT|a-b|é|naïve|Ann'.split('|');
const links =
  'http://t.co/a?b=1&amp;c|https://|http://|https://x.y/@ann|http:/x|httpx://z|www.|www.a.b|wwww.c|HTTP://X|ahttp://q|http://http://a|www.www.@b'.split(
    '|',
  );
const strange =
  '\u{10fffd}|\u{100000}|\u{1003ff}|\u{100400}|\u{1007ff}|\u{100800}|\u{10fffe}|\u{10ffff}|\u{e000}|\ufffd|\uffff|👩‍👩‍👧|e\u0301\u0327|İ|ẞ|Σ|ﬀ|\u200d|\\|\'|"|`|$\x7bx}|$1|\\1|\\n|%s|{}|[|]|\x01|\x02|\x7f|\x80'.split(
    '|',
  );

export function nastyText(d: Draw): string {
  const parts: string[] = [];
  for (let n = 1 + d.below(9); n > 0; n--) {
    const kind = d.below(10);
    if (kind < 3) parts.push(mention(d));
    else if (kind < 6) parts.push(entity(d));
    else if (kind === 6) parts.push(d.one(links));
    else if (kind === 7) parts.push(d.one(spaces));
    else if (kind === 8) parts.push(d.one(strange));
    else parts.push(d.one(['so good', 'miss you', 'x', 'no way!', '1 < 2 & 3', '']));
    if (d.chance(0.4)) parts.push(d.one(spaces));
  }
  return parts.join('');
}

function mention(d: Draw): string {
  const sign = d.chance(0.9) ? '@' : '\uff20';
  return d.one(before) + sign + d.one(handles) + d.one(after);
}

function entity(d: Draw): string {
  const end = d.one([';', ';', ';', '', 'x', ';;', '=', ' ']);
  switch (d.below(5)) {
    case 0:
      return `&${d.one(entityNames)}${end}`;
    case 1:
      return `&${d.one(['amp', 'lt', 'gt', 'quot', 'nbsp', 'not', 'sup1', 'para', 'AMP', 'apos', 'hearts', 'noti', 'xyz', ''])}${end}`;
    case 2:
      return numeric(d, code(d)) + end;
    // Halves of one character, side by side or apart.
    case 3:
      return `${numeric(d, 0xd800 + d.below(0x400))};${d.one(['', '', '', ' ', '@ann', 'x', '&amp;'])}${numeric(d, 0xdc00 + d.below(0x400))};`;
    default:
      return d.one([
        '&#;',
        '&#x;',
        '&#',
        '&',
        '&&amp;',
        '&;',
        '&#xg;',
        '&#12a;',
        '&# 65;',
        '&#-65;',
        '&#99999999999999999999;',
        '&#x110000;',
        '&#x10ffff;',
        '&#x10fffe;',
        '&#x00000000041;',
        '&#0000065;',
      ]);
  }
}

function code(d: Draw): number {
  switch (d.below(6)) {
    case 0:
      return d.below(0x100);
    case 1:
      return d.below(0x10000);
    case 2:
      return 0x10000 + d.below(0x100000);
    case 3:
      return 0x100000 + d.below(0x900);
    case 4:
      return 0xd7f0 + d.below(0x820);
    default:
      return d.one([0, 9, 10, 13, 32, 38, 64, 65, 0xa0, 0xfeff, 0xfffe, 0xffff, 0x10fffd, 0x1f600, 0x2028]);
  }
}

function numeric(d: Draw, n: number): string {
  if (d.chance(0.5)) return `&#${d.one(['', '', '0', '000'])}${n}`;
  const hex = n.toString(16);
  return `&#${d.one(['x', 'X'])}${d.one(['', '', '0', '000'])}${d.chance(0.5) ? hex : hex.toUpperCase()}`;
}

const weekdays = ['Mon', 'tue', 'Wednesday', 'friday', 'SUN', 'Mo', 'Montag', 'Xxx'];
const months = [
  'Jan',
  'feb',
  'MAR',
  'April',
  'may',
  'Sept',
  'Sep',
  'October',
  'December',
  'Dec',
  'Mai',
  'Abc',
];
const zones = [
  ...knownZones.map(([name]) => name),
  ...'XYZ pdt Utc z A ABCDEF ABCDEFG +0000 -0730 +05:30 +18:00 -18:00 +18:01 +19 -05 +0560 +5 +123 -00:00 +14 İST'.split(
    ' ',
  ),
];

export function nastyDate(d: Draw): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const year = d.chance(0.8)
    ? String(1900 + d.below(200))
    : d.one(['0000', '0001', '0004', '1900', '2000', '2100', '9999', '10000', '09', '1']);
  const day = d.chance(0.7) ? 1 + d.below(28) : d.below(34);
  const month = d.chance(0.85) ? 1 + d.below(12) : d.below(15);
  const clock = d.chance(0.9)
    ? `${two(d.below(24))}:${two(d.below(60))}${d.chance(0.8) ? `:${two(d.below(60))}${fraction(d)}` : ''}`
    : d.one(['24:00:00', '23:60:00', '23:59:60', '1:00', '10', '10:1:1', '99:99:99']);
  const gap = d.chance(0.9) ? ' ' : d.one(['', '  ', '\t', '\u00a0']);
  const zone = d.chance(0.8) ? gap + d.one(zones) : '';
  const shortDay = d.chance(0.8) ? two(day) : String(day);
  const forms = [
    () => `${year}-${two(month)}-${two(day)}`,
    () =>
      `${year}-${two(month)}-${two(day)}${d.one(['T', 't', ' ', ' ', 'T', '  '])}${clock}${d.chance(0.5) ? zone : zone.trim()}`,
    () => `${d.one(weekdays)}${gap}${d.one(months)} ${shortDay} ${clock}${zone} ${year}`,
    () =>
      `${d.chance(0.8) ? d.one(weekdays) + d.one([',', '', ', ']) + gap : ''}${shortDay} ${d.one(months)} ${year} ${clock}${zone}`,
    () =>
      d.one(['', '', '-', '+']) +
      digits(d, 1 + d.below(19)) +
      d.one(['', '', '.5', '.123456789', '.', '.1234567', ',5']),
    () =>
      d.one([
        '',
        ' ',
        '\u3000',
        'now',
        'null',
        'today',
        '2009',
        '2009-04',
        '20090406',
        '2009-04-06T',
        'T10:00',
        '1e9',
        '٢٠٠٩-٠٤-٠٦',
        '2009-W15-1',
        '04/06/2009',
        "2009-04-06'",
        '2009|04|06',
        '1.2.3',
      ]),
  ];
  const date = d.one(forms)();
  return d.chance(0.15) ? d.one(spaces) + date + d.one(spaces) : date;
}

function fraction(d: Draw): string {
  return d.chance(0.5) ? '' : d.one(['.', ',']) + digits(d, 1 + d.below(11));
}

function digits(d: Draw, n: number): string {
  return Array.from({ length: n }, () => d.below(10)).join('');
}

const labels = [
  ...'0 1 2 3 4 -1 -0 00 04 4.0 4.00 4. .0 4.5 +4 ++4 +-1 -+1 1e0 NEG neg Neu POS pos positive NEGATIVE neutral label_0 LABEL_2 Label_1 LABEL_3 ４ ٤ İ ẞ ΟΔΟΣ straße STRASSE null true'.split(
    ' ',
  ),
  "it's ok",
  'back\\slash',
  '$\x7bx}',
  '',
];

export function nastyLabel(d: Draw): string {
  const pad = () => (d.chance(0.7) ? '' : d.one([' ', '\t', '\r\n', '\n', '\u00a0', '\v', '\0']));
  return pad() + d.one(labels) + pad();
}
