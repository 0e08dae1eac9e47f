/**
 * Dates against oracles that share nothing with the parser: ICU's zone data for what an abbreviation means, the
 * platform's calendar for which days exist, and a table by hand for the rest.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimestamp } from '../../src/posts/parse-timestamp.js';
import { defaultZones, knownZones, zoneTable } from '../../src/posts/zones.js';

/** The instant as ISO text with microseconds, or the reason. */
function read(raw: string | number | bigint | null, zones = defaultZones): string {
  const result = parseTimestamp(raw, zones);
  if ('error' in result) return result.error;
  const ms = Number(result.micros / 1000n) - (result.micros % 1000n < 0n ? 1 : 0);
  const micros = ((result.micros % 1000n) + 1000n) % 1000n;
  return new Date(ms).toISOString().replace('Z', micros === 0n ? 'Z' : `${String(micros).padStart(3, '0')}Z`);
}

const two = (n: number) => String(n).padStart(2, '0');
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The three forms that carry a zone, for the wall-clock time of `wall` (taken as UTC fields). */
function forms(wall: Date, zone: string): string[] {
  const [day, month] = [two(wall.getUTCDate()), monthNames[wall.getUTCMonth()]!];
  const [year, weekday] = [wall.getUTCFullYear(), dayNames[wall.getUTCDay()]];
  const time = wall.toISOString().slice(11, 19);
  return [
    `${weekday} ${month} ${day} ${time} ${zone} ${year}`,
    `${weekday}, ${day} ${month} ${year} ${time} ${zone}`,
    `${wall.toISOString().slice(0, 10)} ${time} ${zone}`,
    `${wall.toISOString().slice(0, 10)}T${time}${zone}`,
  ];
}

/** Abbreviation, a region that used it, and a day on which it did. */
const usedIn: [string, string, string][] = [
  ['UTC', 'Etc/UTC', '2009-04-06'],
  ['GMT', 'Europe/London', '2009-01-06'],
  ['BST', 'Europe/London', '2009-07-06'],
  ['NST', 'America/St_Johns', '2009-01-06'],
  ['NDT', 'America/St_Johns', '2009-07-06'],
  ['AST', 'America/Halifax', '2009-01-06'],
  ['ADT', 'America/Halifax', '2009-07-06'],
  ['EST', 'America/New_York', '2009-01-06'],
  ['EDT', 'America/New_York', '2009-07-06'],
  ['CST', 'America/Chicago', '2009-01-06'],
  ['CDT', 'America/Chicago', '2009-07-06'],
  ['MST', 'America/Denver', '2009-01-06'],
  ['MDT', 'America/Denver', '2009-07-06'],
  ['PST', 'America/Los_Angeles', '2009-01-06'],
  ['PDT', 'America/Los_Angeles', '2009-07-06'],
  ['AKST', 'America/Anchorage', '2009-01-06'],
  ['AKDT', 'America/Anchorage', '2009-07-06'],
  ['HST', 'Pacific/Honolulu', '2009-01-06'],
  ['HDT', 'America/Adak', '2009-07-06'],
  ['SST', 'Pacific/Pago_Pago', '2009-01-06'],
  ['CHST', 'Pacific/Guam', '2009-01-06'],
  ['ART', 'America/Argentina/Buenos_Aires', '2010-07-06'],
  ['BOT', 'America/La_Paz', '2009-01-06'],
  ['BRT', 'America/Sao_Paulo', '2009-07-06'],
  ['BRST', 'America/Sao_Paulo', '2009-01-06'],
  ['CLT', 'America/Santiago', '2009-07-06'],
  ['CLST', 'America/Santiago', '2009-01-06'],
  ['COT', 'America/Bogota', '2009-01-06'],
  ['ECT', 'America/Guayaquil', '2009-01-06'],
  ['PET', 'America/Lima', '2009-01-06'],
  ['PYT', 'America/Asuncion', '2009-07-06'],
  ['UYT', 'America/Montevideo', '2009-07-06'],
  ['VET', 'America/Caracas', '2018-01-06'],
  ['WET', 'Europe/Lisbon', '2009-01-06'],
  ['WEST', 'Europe/Lisbon', '2009-07-06'],
  ['CET', 'Europe/Berlin', '2009-01-06'],
  ['CEST', 'Europe/Berlin', '2009-07-06'],
  ['EET', 'Europe/Helsinki', '2009-01-06'],
  ['EEST', 'Europe/Helsinki', '2009-07-06'],
  ['MSK', 'Europe/Moscow', '2009-01-06'],
  ['MSD', 'Europe/Moscow', '2009-07-06'],
  ['TRT', 'Europe/Istanbul', '2018-01-06'],
  ['WAT', 'Africa/Lagos', '2009-01-06'],
  ['CAT', 'Africa/Harare', '2009-01-06'],
  ['SAST', 'Africa/Johannesburg', '2009-01-06'],
  ['EAT', 'Africa/Nairobi', '2009-01-06'],
  ['IST', 'Asia/Kolkata', '2009-01-06'],
  ['IDT', 'Asia/Jerusalem', '2009-07-06'],
  ['IRST', 'Asia/Tehran', '2009-01-06'],
  ['IRDT', 'Asia/Tehran', '2009-07-06'],
  ['GST', 'Asia/Dubai', '2009-01-06'],
  ['AFT', 'Asia/Kabul', '2009-01-06'],
  ['PKT', 'Asia/Karachi', '2010-01-06'],
  ['UZT', 'Asia/Tashkent', '2009-01-06'],
  ['NPT', 'Asia/Kathmandu', '2009-01-06'],
  ['MMT', 'Asia/Yangon', '2009-01-06'],
  ['ICT', 'Asia/Bangkok', '2009-01-06'],
  ['WIB', 'Asia/Jakarta', '2009-01-06'],
  ['WITA', 'Asia/Makassar', '2009-01-06'],
  ['WIT', 'Asia/Jayapura', '2009-01-06'],
  ['HKT', 'Asia/Hong_Kong', '2009-01-06'],
  ['MYT', 'Asia/Kuala_Lumpur', '2009-01-06'],
  ['PHT', 'Asia/Manila', '2009-01-06'],
  ['SGT', 'Asia/Singapore', '2009-01-06'],
  ['JST', 'Asia/Tokyo', '2009-01-06'],
  ['KST', 'Asia/Seoul', '2009-01-06'],
  ['AWST', 'Australia/Perth', '2010-07-06'],
  ['ACST', 'Australia/Adelaide', '2009-07-06'],
  ['ACDT', 'Australia/Adelaide', '2009-01-06'],
  ['AEST', 'Australia/Sydney', '2009-07-06'],
  ['AEDT', 'Australia/Sydney', '2009-01-06'],
  ['NZST', 'Pacific/Auckland', '2009-07-06'],
  ['NZDT', 'Pacific/Auckland', '2009-01-06'],
];
/** Names without a region of their own in ICU. */
const alike = { Z: 'UTC', UT: 'UTC', MET: 'CET', MEST: 'CEST' };

function wallClock(region: string, instant: Date): Date {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: region,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return new Date(`${parts.format(instant).replace(' ', 'T')}Z`);
}

describe('zones', () => {
  const cases = usedIn.flatMap(([name, region, day]) => {
    const instant = new Date(`${day}T22:19:45Z`);
    const texts = forms(wallClock(region, instant), name);
    return texts.map((text) => [text, instant.toISOString()] as const);
  });

  it.each(cases)('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('are all held against a region that uses them', () => {
    const held = new Set([...usedIn.map(([name]) => name), ...Object.keys(alike)]);
    expect(knownZones.map(([name]) => name).filter((name) => !held.has(name))).toEqual([]);
    expect(knownZones.length).toBeGreaterThanOrEqual(60);
    for (const [name, same] of Object.entries(alike))
      expect(defaultZones.get(name)).toBe(defaultZones.get(same));
  });

  it('are offsets and no regions: PDT is -07:00 in January too, in any case of letters', () => {
    expect(read('Tue Jan 06 22:19:45 PDT 2009')).toBe('2009-01-07T05:19:45.000Z');
    expect(read('tue jan 06 22:19:45 pdt 2009')).toBe('2009-01-07T05:19:45.000Z');
  });

  it('can be read differently, and added to', () => {
    const zones = zoneTable({ CST: '+08:00', ist: '+02:00', XYZ: '-0130' });
    expect(read('Mon Apr 06 12:00:00 CST 2009', zones)).toBe('2009-04-06T04:00:00.000Z');
    expect(read('Mon Apr 06 12:00:00 IST 2009', zones)).toBe('2009-04-06T10:00:00.000Z');
    expect(read('Mon Apr 06 12:00:00 XYZ 2009', zones)).toBe('2009-04-06T13:30:00.000Z');
    expect(read('Mon Apr 06 12:00:00 CST 2009')).toBe('2009-04-06T18:00:00.000Z');
  });

  it.each([
    ['UTC', '+01:00'],
    ['CST', '+19:00'],
    ['CST', '8'],
    ['C', '+08:00'],
  ])('%s: %s is refused with a fix', (name, offset) => {
    expect(() => zoneTable({ [name]: offset })).toThrow(
      expect.objectContaining({ code: 'posts.bad_zone', fault: 'user' }),
    );
  });
});

describe('numeric offsets', () => {
  const wall = new Date('2009-04-06T22:19:45Z');
  const cases = [-1080, -720, -570, -210, -60, -1, 0, 1, 60, 330, 345, 765, 840, 1080].flatMap((minutes) => {
    const sign = minutes < 0 ? '-' : '+';
    const [hours, rest] = [two(Math.floor(Math.abs(minutes) / 60)), two(Math.abs(minutes) % 60)];
    const texts = [
      `${sign}${hours}:${rest}`,
      `${sign}${hours}${rest}`,
      ...(rest === '00' ? [`${sign}${hours}`] : []),
    ];
    const expected = new Date(wall.getTime() - minutes * 60_000).toISOString();
    return texts.flatMap((offset) => forms(wall, offset).map((text) => [text, expected] as const));
  });

  it.each(cases)('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe('by hand', () => {
  it.each<[string | number | null, string]>([
    // Twitter v1
    ['Mon Apr 06 22:19:45 PDT 2009', '2009-04-07T05:19:45.000Z'],
    ['Mon Apr  6 22:19:45 PDT 2009', '2009-04-07T05:19:45.000Z'],
    ['Mon Apr 6 22:19:45 PDT 2009', '2009-04-07T05:19:45.000Z'],
    ['  Mon Apr 06 22:19:45 +0000 2009\n', '2009-04-06T22:19:45.000Z'],
    ['Mon Apr 06 22:19:45 2009', '2009-04-06T22:19:45.000Z'],
    ['Monday April 06 22:19:45 UTC 2009', '2009-04-06T22:19:45.000Z'],
    ['Sun Apr 06 22:19:45 UTC 2009', '2009-04-06T22:19:45.000Z'],
    ['Thu Dec 31 23:59:59 PST 2009', '2010-01-01T07:59:59.000Z'],
    ['Fri Jan 01 00:00:00 CEST 2010', '2009-12-31T22:00:00.000Z'],
    ['Foo Apr 06 22:19:45 PDT 2009', 'unknown form'],
    ['Mon Foo 06 22:19:45 PDT 2009', 'no such month'],
    ['Mon Apr 31 22:19:45 PDT 2009', 'no such day'],
    ['Mon Apr 00 22:19:45 PDT 2009', 'no such day'],
    ['Sun Feb 29 22:19:45 PST 2009', 'no such day'],
    ['Fri Feb 29 22:19:45 PST 2008', '2008-03-01T06:19:45.000Z'],
    ['Mon Apr 06 24:00:00 PDT 2009', 'no such time'],
    ['Mon Apr 06 22:60:00 PDT 2009', 'no such time'],
    ['Wed Dec 31 23:59:60 UTC 2008', 'no such time'],
    ['Mon Apr 06 22:19:45 QQQ 2009', 'unknown zone QQQ'],
    ['Mon Apr 06 22:19:45 qqq 2009', 'unknown zone QQQ'],
    ['Mon Apr 31 22:19:45 QQQ 2009', 'no such day'],
    ['Mon Apr 06 22:19:45 +1900 2009', 'no such offset'],
    ['Mon Apr 06 22:19:45 +0060 2009', 'no such offset'],
    ['Mon Apr 06 22:19:45 PDT 09', 'unknown form'],
    ['Mon Apr 06 22:19:45 PDT', 'unknown form'],
    ['Mon Apr 06 10:19:45 PM PDT 2009', 'unknown form'],
    ['Mon Apr 06 2009 22:19:45 GMT-0700 (PDT)', 'unknown form'],
    // ISO 8601
    ['2009-04-06', '2009-04-06T00:00:00.000Z'],
    ['2009-04-06T22:19', '2009-04-06T22:19:00.000Z'],
    ['2009-04-06T22:19Z', '2009-04-06T22:19:00.000Z'],
    ['2009-04-06 22:19:45', '2009-04-06T22:19:45.000Z'],
    ['2009-04-06t22:19:45z', '2009-04-06T22:19:45.000Z'],
    ['2009-04-06 22:19:45 UTC', '2009-04-06T22:19:45.000Z'],
    ['2009-04-06T22:19:45.1Z', '2009-04-06T22:19:45.100Z'],
    ['2009-04-06T22:19:45,25Z', '2009-04-06T22:19:45.250Z'],
    ['2009-04-06T22:19:45.123456Z', '2009-04-06T22:19:45.123456Z'],
    ['2009-04-06T22:19:45.123456999Z', '2009-04-06T22:19:45.123456Z'],
    ['2009-04-06T22:19:45.999999999+05:45', '2009-04-06T16:34:45.999999Z'],
    ['2009-04-06T22:19:45.0000001Z', '2009-04-06T22:19:45.000Z'],
    ['2009-04-06T22:19:45.1234567890Z', 'unknown form'],
    ['2009-04-06T22:19:45.Z', 'unknown form'],
    ['2009-04-06T22', 'unknown form'],
    ['2009-04-06T', 'unknown form'],
    ['2009-04-06Z', 'unknown form'],
    ['2009-4-6', 'unknown form'],
    ['2009-04', 'unknown form'],
    ['2009-W15-1', 'unknown form'],
    ['2009-096', 'unknown form'],
    ['20090406T221945Z', 'unknown form'],
    ['2009/04/06', 'unknown form'],
    ['06/04/2009', 'unknown form'],
    ['+002009-04-06T22:19:45Z', 'unknown form'],
    ['2009-00-06', 'no such month'],
    ['2009-13-06', 'no such month'],
    ['2009-04-31', 'no such day'],
    ['2009-04-00', 'no such day'],
    ['2009-02-29', 'no such day'],
    ['1900-02-29', 'no such day'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['2100-02-29', 'no such day'],
    ['2400-02-29', '2400-02-29T00:00:00.000Z'],
    ['2009-04-06T24:00:00Z', 'no such time'],
    ['2009-04-06T22:19:60Z', 'no such time'],
    ['2009-04-06T22:60Z', 'no such time'],
    ['2009-04-06T22:19:45+24:00', 'no such offset'],
    ['2009-04-06T22:19:45+05:60', 'no such offset'],
    ['2009-04-06T22:19:45QQ', 'unknown zone QQ'],
    ['2009-04-06T22:19:45 Europe/Berlin', 'unknown form'],
    ['2009-04-06T22:19:45+02:00[Europe/Berlin]', 'unknown form'],
    // the bounds of the years, also across an offset
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00+00:01', 'out of range'],
    ['0001-01-01T00:00:00-00:01', '0001-01-01T00:01:00.000Z'],
    ['0000-12-31T23:59:59Z', 'out of range'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
    ['9999-12-31T23:59:59-00:01', 'out of range'],
    ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999999Z'],
    // RFC 2822
    ['Mon, 06 Apr 2009 22:19:45 +0000', '2009-04-06T22:19:45.000Z'],
    ['Mon, 6 Apr 2009 22:19:45 -0700', '2009-04-07T05:19:45.000Z'],
    ['06 Apr 2009 22:19 EST', '2009-04-07T03:19:00.000Z'],
    ['Mon, 06 Apr 2009 22:19:45', '2009-04-06T22:19:45.000Z'],
    ['Mon, 06 Apr 09 22:19:45 GMT', 'unknown form'],
    ['Mon, 31 Apr 2009 22:19:45 GMT', 'no such day'],
    ['Moo, 06 Apr 2009 22:19:45 GMT', 'unknown form'],
    // epoch counts
    ['0', '1970-01-01T00:00:00.000Z'],
    ['-0', '1970-01-01T00:00:00.000Z'],
    ['1239081585', '2009-04-07T05:19:45.000Z'],
    [1239081585, '2009-04-07T05:19:45.000Z'],
    ['1239081585.5', '2009-04-07T05:19:45.500Z'],
    [1239081585.25, '2009-04-07T05:19:45.250Z'],
    ['1239081585.1234567', '2009-04-07T05:19:45.123456Z'],
    ['1239081585.', 'unknown form'],
    ['.5', 'unknown form'],
    ['99999999999', '5138-11-16T09:46:39.000Z'],
    ['100000000000', '1973-03-03T09:46:40.000Z'],
    ['1239081585123', '2009-04-07T05:19:45.123Z'],
    ['1239081585123.456789', '2009-04-07T05:19:45.123456Z'],
    ['12390815851234', '2362-08-26T05:17:31.234Z'],
    ['99999999999999', '5138-11-16T09:46:39.999Z'],
    ['100000000000000', '1973-03-03T09:46:40.000Z'],
    ['1239081585123456', '2009-04-07T05:19:45.123456Z'],
    ['1239081585123456.9', '2009-04-07T05:19:45.123456Z'],
    ['99999999999999999', '5138-11-16T09:46:39.999999Z'],
    ['123908158512345678', 'unknown form'],
    ['-1', '1969-12-31T23:59:59.000Z'],
    ['-1.5', '1969-12-31T23:59:58.500Z'],
    ['-62135596800', '0001-01-01T00:00:00.000Z'],
    ['-62135596801', 'out of range'],
    ['+1239081585', 'unknown form'],
    ['1.239e9', 'unknown form'],
    ['1,239,081,585', 'unknown form'],
    ['20090406', '1970-08-21T12:40:06.000Z'],
    [Number.NaN, 'unknown form'],
    [Number.POSITIVE_INFINITY, 'unknown form'],
    // nothing and nonsense
    [null, 'missing'],
    ['', 'missing'],
    [' \t\n', 'missing'],
    ['yesterday', 'unknown form'],
    ['null', 'unknown form'],
    ['NaT', 'unknown form'],
    ['２００９-04-06', 'unknown form'],
    ['2009-04-06\u0000', 'unknown form'],
    ['2009-04-06T22:19:45Z\n2009-04-06', 'unknown form'],
  ])('%j is %s', (raw, expected) => {
    expect(read(raw)).toBe(expected);
  });
});

it('reads a bigint as an epoch count', () => {
  expect(read(1239081585123n)).toBe('2009-04-07T05:19:45.123Z');
});

describe('every day', () => {
  it('from a leap year to a century that is none exists or not as the calendar says', () => {
    for (const year of [1, 4, 99, 100, 400, 1582, 1600, 1900, 1970, 2000, 2008, 2009, 2100, 9999]) {
      for (let month = 1; month <= 12; month++) {
        for (let day = 1; day <= 32; day++) {
          const date = new Date(0);
          date.setUTCFullYear(year, month - 1, day);
          const exists = date.getUTCDate() === day;
          const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
          expect(read(text)).toBe(exists ? `${text}T00:00:00.000Z` : 'no such day');
        }
      }
    }
  });
});

describe('any', () => {
  const instants = fc
    .date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true })
    .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
  const offsets = fc.integer({ min: -1080, max: 1080 });

  it('instant comes back from any form and any offset', () => {
    fc.assert(
      fc.property(instants, offsets, (instant, minutes) => {
        const wall = new Date(instant.getTime() + minutes * 60_000);
        const [sign, size] = [minutes < 0 ? '-' : '+', Math.abs(minutes)];
        const zone = `${sign}${two(Math.floor(size / 60))}${two(size % 60)}`;
        // The word forms write years as they are, so they are used for four digits only.
        const texts = wall.getUTCFullYear() >= 1000 ? forms(wall, zone) : forms(wall, zone).slice(2);
        for (const text of texts) expect(read(text)).toBe(instant.toISOString());
      }),
      { numRuns: 2_000 },
    );
  });

  it('text has an instant or a reason, and never throws', () => {
    const reason =
      /^(missing|unknown form|unknown zone [A-Z]{1,6}|no such (month|day|time|offset)|out of range)$/;
    const piece = fc.constantFrom(
      'Mon',
      'Apr',
      '06',
      '22:19:45',
      'PDT',
      '2009',
      '-',
      'T',
      ' ',
      '31',
      '+0700',
      ',',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((p) => p.join('')),
        ),
        (text) => {
          const result = parseTimestamp(text);
          if ('error' in result) expect(result.error).toMatch(reason);
          else expect(typeof result.micros).toBe('bigint');
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
