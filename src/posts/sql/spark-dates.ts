/**
 * `parse_timestamp` and `timestamp_error` in Spark SQL, by arithmetic on the parts of a date: neither the JVM's zones nor
 * its lenient parsing take part, and nothing can throw. Forms and reasons are those of `parse-timestamp.ts`.
 */
import type { ZoneTable } from '../zones.js';
import { pattern, quoted } from './spark-literals.js';
import { trimSql } from './spark-space.js';

const zone = '([A-Za-z]{1,6}|[+-][0-9]{2}(?::?[0-9]{2})?)';
const time = '([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?';

/** Each form, and its groups in the order year, month, day, hour, minute, second, fraction, zone, weekday. */
const forms: readonly (readonly [regex: string, parts: string])[] = [
  [`\\A([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ]${time}(?: ?${zone})?)?\\z`, '$1|$2|$3|$4|$5|$6|$7|$8|'],
  [
    `\\A([A-Za-z]+) +([A-Za-z]+) +([0-9]{1,2}) +${time}(?: +${zone})? +([0-9]{4})\\z`,
    '$9|$2|$3|$4|$5|$6|$7|$8|$1',
  ],
  [
    `\\A(?:([A-Za-z]+),? +)?([0-9]{1,2}) +([A-Za-z]+) +([0-9]{4}) +${time}(?: +${zone})?\\z`,
    '$4|$3|$2|$5|$6|$7|$8|$9|$1',
  ],
];
const epoch = '\\A(-?)([0-9]{1,17})(?:[.]([0-9]+))?\\z';

const civil =
  'STRUCT<year: INT, month: INT, day: INT, hour: INT, minute: INT, second: INT, micros: INT, zone: STRING, `offset`: INT, weekday: STRING>';
const instant = 'STRUCT<micros: BIGINT, error: STRING>';

/**
 * Statements that create the two functions, and before them those that they are made of: each takes what another one
 * gave, so that a value is computed once.
 */
export function dateFunctions(zones: ZoneTable): string[] {
  const create = (signature: string, returns: string, body: string) =>
    `CREATE OR REPLACE TEMPORARY FUNCTION ${signature} RETURNS ${returns} RETURN ${body}`;
  return [
    create('murmur_date_parts(t STRING)', 'ARRAY<STRING>', partsSql('t')),
    create('murmur_civil_time(p ARRAY<STRING>)', civil, civilSql('p', zones)),
    create('murmur_bounded(m BIGINT)', instant, boundedSql('m')),
    create(`murmur_written(c ${civil})`, instant, writtenSql('c')),
    create('murmur_counted(p ARRAY<STRING>)', instant, `murmur_bounded(${countedSql('p')})`),
    create('murmur_instant(t STRING)', instant, instantSql('t')),
    create(
      'parse_timestamp(d STRING)',
      'TIMESTAMP',
      `timestamp_micros(murmur_instant(${trimSql('d')}).micros)`,
    ),
    create('timestamp_error(d STRING)', 'STRING', `murmur_instant(${trimSql('d')}).error`),
  ];
}

function instantSql(t: string): string {
  return `CASE
    WHEN ${t} IS NULL OR ${t} = '' THEN ${refused("'missing'")}
    WHEN ${t} RLIKE ${pattern(epoch)} THEN murmur_counted(split(regexp_replace(${t}, ${pattern(epoch)}, '$1|$2|$3'), '[|]'))
    ELSE murmur_written(murmur_civil_time(murmur_date_parts(${t}))) END`;
}

/** The parts of a written date as text, '' where one is absent; null for what has none of the forms. */
function partsSql(t: string): string {
  const cases = forms.map(
    ([regex, parts]) =>
      `WHEN ${t} RLIKE ${pattern(regex)} THEN split(regexp_replace(${t}, ${pattern(regex)}, '${parts}'), '[|]')`,
  );
  return `CASE ${cases.join('\n')} END`;
}

function civilSql(p: string, zones: ZoneTable): string {
  const number = (digits: string) => `coalesce(try_cast(${digits} AS INT), 0)`;
  const named = months.map(
    (name, i) => `WHEN ${quoted(name)} THEN ${i + 1} WHEN ${quoted(name.slice(0, 3))} THEN ${i + 1}`,
  );
  const fields: Record<string, string> = {
    year: number(`get(${p}, 0)`),
    month: `CASE lower(get(${p}, 1)) ${named.join(' ')} ELSE ${number(`get(${p}, 1)`)} END`,
    day: number(`get(${p}, 2)`),
    hour: number(`get(${p}, 3)`),
    minute: number(`get(${p}, 4)`),
    second: number(`get(${p}, 5)`),
    micros: number(`rpad(substr(get(${p}, 6), 1, 6), 6, '0')`),
    zone: `upper(get(${p}, 7))`,
    offset: offsetSql(`get(${p}, 7)`, zones),
    weekday: `lower(get(${p}, 8))`,
  };
  const members = Object.entries(fields).map(([name, value]) => `'${name}', ${value}`);
  return `CASE WHEN ${p} IS NOT NULL THEN named_struct(${members.join(',\n')}) END`;
}

const months = 'january february march april may june july august september october november december'.split(
  ' ',
);
const weekdays = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');

/** Minutes east of UTC; null for a zone that is not known and for an impossible offset. */
function offsetSql(text: string, zones: ZoneTable): string {
  const known = [...zones].map(([name, minutes]) => `WHEN ${quoted(name)} THEN ${minutes}`);
  const hours = `coalesce(try_cast(substr(${text}, 2, 2) AS INT), 0)`;
  const minutes = `coalesce(try_cast(regexp_extract(${text}, ${pattern('\\A...:?([0-9]{2})\\z')}, 1) AS INT), 0)`;
  const size = `(${hours} * 60 + ${minutes})`;
  return `CASE WHEN ${text} = '' THEN 0
    WHEN NOT ${text} RLIKE ${pattern('\\A[+-]')} THEN CASE upper(${text}) ${known.join(' ')} END
    WHEN ${minutes} < 60 AND ${size} <= 1080 THEN CASE WHEN startswith(${text}, '-') THEN -${size} ELSE ${size} END END`;
}

/** The calendar is judged before the zone, so that one date has one reason. */
function writtenSql(c: string): string {
  const leap = `${c}.year % 4 = 0 AND (${c}.year % 100 <> 0 OR ${c}.year % 400 = 0)`;
  const lastDay = `CASE WHEN ${c}.month = 2 THEN if(${leap}, 29, 28) WHEN ${c}.month IN (4, 6, 9, 11) THEN 30 ELSE 31 END`;
  // Counted from 1 March, so that the leap day is a year's last.
  const y = `if(${c}.month > 2, ${c}.year, ${c}.year - 1)`;
  const days = `(${y} * 365 + ${y} div 4 - ${y} div 100 + ${y} div 400 + (153 * ((${c}.month + 9) % 12) + 2) div 5 + ${c}.day - 719469)`;
  const seconds = `(${days} * 86400L + ${c}.hour * 3600 + (${c}.minute - ${c}.\`offset\`) * 60 + ${c}.second)`;
  const weekday = `${c}.weekday IN ('', ${weekdays.map((name) => `'${name}', '${name.slice(0, 3)}'`).join(', ')})`;
  return `CASE
    WHEN ${c} IS NULL OR NOT (${weekday}) THEN ${refused("'unknown form'")}
    WHEN ${c}.year < 1 THEN ${refused("'out of range'")}
    WHEN ${c}.month NOT BETWEEN 1 AND 12 THEN ${refused("'no such month'")}
    WHEN ${c}.day < 1 OR ${c}.day > ${lastDay} THEN ${refused("'no such day'")}
    WHEN ${c}.hour > 23 OR ${c}.minute > 59 OR ${c}.second > 59 THEN ${refused("'no such time'")}
    WHEN ${c}.\`offset\` IS NULL AND ${c}.zone RLIKE ${pattern('\\A[+-]')} THEN ${refused("'no such offset'")}
    WHEN ${c}.\`offset\` IS NULL THEN ${refused(`concat('unknown zone ', ${c}.zone)`)}
    ELSE murmur_bounded(${seconds} * 1000000L + ${c}.micros) END`;
}

/** Microseconds of an epoch count of at most 17 digits: seconds, milliseconds or microseconds by their number. */
function countedSql(p: string): string {
  const places = `CASE WHEN length(get(${p}, 1)) <= 11 THEN 6 WHEN length(get(${p}, 1)) <= 14 THEN 3 ELSE 0 END`;
  return `try_cast(concat(get(${p}, 0), get(${p}, 1), rpad(substr(get(${p}, 2), 1, ${places}), ${places}, '0')) AS BIGINT)`;
}

/** The years 1 to 9999. */
function boundedSql(m: string): string {
  return `CASE WHEN ${m} >= -62135596800000000L AND ${m} < 253402300800000000L
    THEN named_struct('micros', ${m}, 'error', CAST(NULL AS STRING)) ELSE ${refused("'out of range'")} END`;
}

function refused(reason: string): string {
  return `named_struct('micros', CAST(NULL AS BIGINT), 'error', ${reason})`;
}
