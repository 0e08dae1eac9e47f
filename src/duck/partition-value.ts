/**
 * Partition values in the three places where they stand: as text in the log (PROTOCOL.md, "Partition Value
 * Serialization"), as a typed constant in SQL, and in a directory's name in Hive's escaping.
 */
import { MurmurError } from '../base/errors.js';
import type { DataType, StructField } from '../schema/column-types.js';
import type { Json } from './json-value.js';
import { quoteString } from './sql-text.js';
import { duckType } from './types.js';

export type PartitionValues = Record<string, string | null>;

/** The log's text of a JSON-safe value. The empty text and null are one and the same partition: null. */
export function partitionText(type: DataType, value: Json): string | null {
  if (value === null || value === '') return null;
  if (type === 'double') return javaDouble(Number(value));
  if (type === 'float') return javaDouble(shortestFloat(Number(value)));
  if (type === 'timestamp' || type === 'timestamp_ntz') {
    const [, day, time, fraction = ''] = /^(.*)T([\d:]+)(?:\.(\d+))?Z?$/.exec(String(value)) ?? [];
    const date = javaDate(day!);
    const micros = fraction.padEnd(6, '0');
    return type === 'timestamp' ? `${date}T${time}.${micros}Z` : `${date} ${time}.${micros}`;
  }
  if (type === 'date') return javaDate(String(value));
  return String(value);
}

/** A typed SQL constant. Times without a zone are taken as UTC. */
export function partitionLiteral(type: DataType, text: string | null | undefined): string {
  const isTime = type === 'date' || type === 'timestamp' || type === 'timestamp_ntz';
  // DuckDB takes long years, but not their sign.
  const value = isTime ? text?.replace(/^\+0*/, '') : text;
  const literal = value === null || value === undefined || value === '' ? 'NULL' : quoteString(value);
  // The text stands for its own bytes; a cast would look for escapes in it.
  if (type === 'binary' && literal !== 'NULL') return `encode(${literal})`;
  return `CAST(${literal} AS ${duckType(type)})`;
}

/** Bytes of a folder's name that every file system takes. */
const longestName = 255;

/**
 * `name=value/` for every column, escaped as Hive and Spark name directories; `''` when there are none.
 * @throws duck.partition_value_too_long (user)
 */
export function partitionDirectory(columns: readonly string[], values: PartitionValues): string {
  return columns
    .map((c) => {
      const value = values[c];
      const text = value === null || value === undefined ? '__HIVE_DEFAULT_PARTITION__' : hiveEscape(value);
      const folder = `${hiveEscape(c)}=${text}`;
      if (Buffer.byteLength(folder) > longestName) throw tooLong(c, value ?? '');
      return `${folder}/`;
    })
    .join('');
}

/** @throws duck.partition_type_unsupported (user) for nested and binary columns, which have no text in the log */
export function assertPartitionable(field: StructField): void {
  const ok = typeof field.type === 'string' && field.type !== 'binary' && field.type !== 'void';
  if (!ok) {
    throw new MurmurError(
      'duck.partition_type_unsupported',
      `partitioning by column ${field.name} of type ${typeof field.type === 'string' ? field.type : field.type.type}`,
      { fault: 'user', fix: 'partition by a number, date, time, boolean or string column' },
    );
  }
}

function tooLong(column: string, value: string): MurmurError {
  return new MurmurError(
    'duck.partition_value_too_long',
    `writing rows with a value of ${Buffer.byteLength(value)} bytes in partition column ${column}: no folder can have such a name`,
    { fault: 'user', fix: 'partition by a column of shorter values', context: { column } },
  );
}

function hiveEscape(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among what Hive escapes
  return text.replace(/[\x00-\x1f\x7f"#%'*/:=?\\{[\]^]/g, (c) => {
    return `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

/**
 * A date as Java writes it, whose years have four digits, or more behind a sign (`+10000-01-01`, `-0044-03-15`). Taken are
 * years of ISO texts (`+010000`, `-000044`) and of DuckDB's (`10000`, and `0045-03-15 (BC)`, which has no year 0).
 */
function javaDate(text: string): string {
  const [, sign, digits, day, bc] = /^([+-]?)(\d+)(-\d\d-\d\d)( \(BC\))?$/.exec(text)!;
  const year = bc === undefined ? Number(`${sign}${digits}`) : 1 - Number(digits);
  const padded = String(Math.abs(year)).padStart(4, '0');
  return `${year < 0 ? '-' : year > 9999 ? '+' : ''}${padded}${day}`;
}

/** The double with the fewest digits that still is the same float. */
function shortestFloat(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return shorter;
  }
  return value;
}

/** `Double.toString` of Java: `1.0`, `1.0E10`, `1.5E-5`, `NaN`. */
function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-3 && magnitude < 1e7)) {
    return Number.isInteger(value)
      ? `${Object.is(value, -0) ? '-' : ''}${magnitude === 0 ? 0 : value}.0`
      : String(value);
  }
  const [digits = '', exponent] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}
