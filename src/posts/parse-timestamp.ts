/**
 * `parse_timestamp` and `timestamp_error`: the dates that posts carry. Five forms are read, whole and nothing else; white
 * space around them is ignored:
 *
 * | form | example |
 * |---|---|
 * | Twitter v1 | `Mon Apr 06 22:19:45 PDT 2009`, `Mon Apr 06 22:19:45 +0000 2009` |
 * | ISO 8601 | `2009-04-06T22:19:45.123456789Z`, `2009-04-06 22:19 +05:30`, `2009-04-06` |
 * | RFC 2822 | `Mon, 06 Apr 2009 22:19:45 -0700` |
 * | epoch | `1239081585`, `1239081585.25`, `1239081585123`, `-86400` |
 *
 * A zone is an abbreviation of the zone table or an offset; none means UTC. A date alone is its first moment in UTC.
 * Digits beyond microseconds are cut off. Epoch counts: up to 11 digits are seconds, 12 to 14 milliseconds, 15 to 17
 * microseconds, with or without a fraction. The weekday must be a weekday's name but is not held against the date: it
 * says nothing that the date does not, and sources are known to write it in another zone.
 */
import { boundedInstant, type CivilTime, type Instant, instantOf } from './civil-time.js';
import { defaultZones, offsetMinutes, type ZoneTable } from './zones.js';

const zone = '([A-Za-z]{1,6}|[+-]\\d{2}(?::?\\d{2})?)';
const time = '(\\d{2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?';

const twitter = new RegExp(`^([A-Za-z]+) +([A-Za-z]+) +(\\d{1,2}) +${time}(?: +${zone})? +(\\d{4})$`);
const iso = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})(?:[Tt ]${time}(?: ?${zone})?)?$`);
const rfc = new RegExp(`^(?:([A-Za-z]+),? +)?(\\d{1,2}) +([A-Za-z]+) +(\\d{4}) +${time}(?: +${zone})?$`);
const epoch = /^(-?)(\d{1,17})(?:\.(\d+))?$/;

const weekdays = namesOf('Monday Tuesday Wednesday Thursday Friday Saturday Sunday');
const months = namesOf(
  'January February March April May June July August September October November December',
);

const missing: Instant = { error: 'missing' };
const unknownForm: Instant = { error: 'unknown form' };

/**
 * A date as it came to microseconds since the epoch, or to a short reason that keeps its wording: `missing` (null or
 * blank), `unknown form`, `unknown zone XYZ`, `no such month`, `no such day`, `no such time`, `no such offset`,
 * `out of range` (outside the years 1 to 9999). Numbers are read as epoch counts. Never throws.
 */
export function parseTimestamp(
  raw: string | number | bigint | null | undefined,
  zones: ZoneTable = defaultZones,
): Instant {
  if (raw === null || raw === undefined) return missing;
  const text = typeof raw === 'string' ? raw.trim() : String(raw);
  if (text === '') return missing;

  let match = iso.exec(text);
  if (match !== null) {
    const [, year, month, day] = match;
    return instantOfWritten({ year, month: Number(month), day, clock: match.slice(4, 9) }, zones);
  }
  match = twitter.exec(text);
  if (match !== null) {
    const [, weekday, month, day] = match;
    const written = { year: match[9], month: monthNumber(month!), day, clock: match.slice(4, 9) };
    return isWeekday(weekday!) ? instantOfWritten(written, zones) : unknownForm;
  }
  match = epoch.exec(text);
  if (match !== null) return counted(match[1] === '-', match[2]!, match[3] ?? '');
  match = rfc.exec(text);
  if (match !== null) {
    const [, weekday, day, month, year] = match;
    const written = { year, month: monthNumber(month!), day, clock: match.slice(5, 10) };
    return weekday === undefined || isWeekday(weekday) ? instantOfWritten(written, zones) : unknownForm;
  }
  return unknownForm;
}

interface Written {
  year: string | undefined;
  /** 0 for a name that is no month's. */
  month: number;
  day: string | undefined;
  /** Hour, minute, second, fraction and zone, as far as they are there. */
  clock: (string | undefined)[];
}

/** The calendar is judged before the zone, so that one date has one reason. */
function instantOfWritten({ year, month, day, clock }: Written, zones: ZoneTable): Instant {
  const [hour, minute, second, fraction, zoneText] = clock;
  const time: CivilTime = {
    year: Number(year),
    month,
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    micros: fraction === undefined ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0')),
    offset: 0,
  };
  if (zoneText === undefined) return instantOf(time);
  const isOffset = zoneText.startsWith('+') || zoneText.startsWith('-');
  const offset = isOffset
    ? offsetMinutes(zoneText)
    : (zones.get(zoneText) ?? zones.get(zoneText.toUpperCase()));
  if (offset !== undefined) {
    time.offset = offset;
    return instantOf(time);
  }
  const local = instantOf(time);
  if ('error' in local) return local;
  return { error: isOffset ? 'no such offset' : `unknown zone ${zoneText.toUpperCase()}` };
}

function counted(negative: boolean, digits: string, fraction: string): Instant {
  const places = digits.length <= 11 ? 6 : digits.length <= 14 ? 3 : 0;
  const micros = BigInt(digits + fraction.slice(0, places).padEnd(places, '0'));
  return boundedInstant(negative ? -micros : micros);
}

/** English names to their number from 1: in full and by three letters, as they are written and in lower case. */
function namesOf(names: string): Map<string, number> {
  return new Map(
    names.split(' ').flatMap((name, i) => {
      const forms = [name, name.slice(0, 3)];
      return [...forms, ...forms.map((form) => form.toLowerCase())].map((form) => [form, i + 1] as const);
    }),
  );
}

// The usual spelling is tried first: changing case costs more than all the rest of a date.
function monthNumber(name: string): number {
  return months.get(name) ?? months.get(name.toLowerCase()) ?? 0;
}

function isWeekday(name: string): boolean {
  return weekdays.has(name) || weekdays.has(name.toLowerCase());
}
