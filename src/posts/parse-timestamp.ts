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

const weekday = /^(?:mon|tue|wed|thu|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day)$/i;
const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const monthNumbers = new Map(months.flatMap((name, i) => [name, name.slice(0, 3)].map((n) => [n, i + 1])));

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
    const [, year, month, day, hour, minute, second, fraction, zoneText] = match;
    return civil({ year, month: Number(month), day, hour, minute, second, fraction }, zoneText, zones);
  }
  match = twitter.exec(text);
  if (match !== null) {
    const [, dayName, month, day, hour, minute, second, fraction, zoneText, year] = match;
    return named(dayName, month!, { year, day, hour, minute, second, fraction }, zoneText, zones);
  }
  match = epoch.exec(text);
  if (match !== null) return counted(match[1] === '-', match[2]!, match[3] ?? '');
  match = rfc.exec(text);
  if (match !== null) {
    const [, dayName, day, month, year, hour, minute, second, fraction, zoneText] = match;
    return named(dayName, month!, { year, day, hour, minute, second, fraction }, zoneText, zones);
  }
  return unknownForm;
}

type Digits = string | undefined;
interface Fields {
  year: Digits;
  day: Digits;
  hour: Digits;
  minute: Digits;
  second: Digits;
  fraction: Digits;
}

function named(dayName: Digits, month: string, fields: Fields, zoneText: Digits, zones: ZoneTable): Instant {
  if (dayName !== undefined && !weekday.test(dayName)) return unknownForm;
  return civil({ ...fields, month: monthNumbers.get(month.toLowerCase()) ?? 0 }, zoneText, zones);
}

/** The calendar is judged before the zone, so that one date has one reason. */
function civil(fields: Fields & { month: number }, zoneText: Digits, zones: ZoneTable): Instant {
  const time: CivilTime = {
    year: Number(fields.year),
    month: fields.month,
    day: Number(fields.day),
    hour: Number(fields.hour ?? 0),
    minute: Number(fields.minute ?? 0),
    second: Number(fields.second ?? 0),
    micros: fields.fraction === undefined ? 0 : Number(fields.fraction.slice(0, 6).padEnd(6, '0')),
    offset: 0,
  };
  if (zoneText === undefined) return instantOf(time);
  const first = zoneText.charCodeAt(0);
  const isOffset = first === 0x2b || first === 0x2d;
  const offset = isOffset ? offsetMinutes(zoneText) : zones.get(zoneText.toUpperCase());
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
