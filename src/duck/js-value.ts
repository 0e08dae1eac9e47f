/**
 * JavaScript values on their way into DuckDB and, for scalar functions, out of it, by Delta type:
 *
 * | type | in | out |
 * |---|---|---|
 * | string | string | string |
 * | long | bigint, safe integer | bigint |
 * | integer, short, byte | integer in range | number |
 * | float, double | number | number |
 * | boolean | boolean | boolean |
 * | timestamp, timestamp_ntz | bigint microseconds, Date | bigint microseconds |
 * | date | `YYYY-MM-DD`, Date | `YYYY-MM-DD` |
 * | decimal(p,s) | text, bigint, integer | text |
 * | binary | Uint8Array | Uint8Array |
 * | array / map / struct | array / Map or object / object | array / Map / object |
 *
 * `null` and `undefined` are SQL null everywhere. A lone surrogate in a string becomes U+FFFD, since DuckDB holds UTF-8.
 */
import type { DuckDBListValue, DuckDBMapValue, DuckDBStructValue, DuckDBValue } from '@duckdb/node-api';
import { MurmurError } from '../base/errors.js';
import type { DataType } from '../schema/column-types.js';
import { decimalParts } from '../schema/column-types.js';
import type { DuckApi } from './native.js';

export type Encode = (value: unknown) => DuckDBValue;
export type Decode = (value: DuckDBValue) => unknown;

const integerRange: Record<string, number> = { integer: 2 ** 31, short: 2 ** 15, byte: 2 ** 7 };
const dayMs = 86_400_000;

/**
 * A function that turns a JavaScript value into DuckDB's form of `type`.
 * @throws (the function) duck.value_mismatch when a value is not of that type
 */
export function encoder(api: DuckApi, type: DataType): Encode {
  const encode = encoderOfPresent(api, type);
  return (value) => (value === null || value === undefined ? null : encode(value));
}

function encoderOfPresent(api: DuckApi, type: DataType): Encode {
  if (typeof type !== 'string') return nestedEncoder(api, type);
  const range = integerRange[type];
  if (range !== undefined) {
    return (v) => (Number.isInteger(v) && Math.abs(v as number) <= range ? (v as number) : mismatch(type, v));
  }
  const decimal = decimalParts(type);
  if (decimal) {
    return (v) => new api.DuckDBDecimalValue(scaled(v, decimal.scale), decimal.precision, decimal.scale);
  }
  switch (type) {
    case 'string':
      return (v) => (typeof v === 'string' ? v : mismatch(type, v));
    case 'long':
      return (v) =>
        typeof v === 'bigint' ? v : Number.isSafeInteger(v) ? BigInt(v as number) : mismatch(type, v);
    case 'boolean':
      return (v) => (typeof v === 'boolean' ? v : mismatch(type, v));
    case 'float':
    case 'double':
      return (v) => (typeof v === 'number' ? v : mismatch(type, v));
    case 'timestamp':
      return (v) => new api.DuckDBTimestampTZValue(microsOf(type, v));
    case 'timestamp_ntz':
      return (v) => new api.DuckDBTimestampValue(microsOf(type, v));
    case 'date':
      return (v) => new api.DuckDBDateValue(daysOf(v));
    case 'binary':
      return (v) => (v instanceof Uint8Array ? new api.DuckDBBlobValue(v) : mismatch(type, v));
    default:
      return (v) => mismatch(type, v);
  }
}

function nestedEncoder(api: DuckApi, type: Exclude<DataType, string>): Encode {
  if (type.type === 'array') {
    const element = encoder(api, type.elementType);
    return (v) => (Array.isArray(v) ? new api.DuckDBListValue(v.map(element)) : mismatch('array', v));
  }
  if (type.type === 'map') {
    const key = encoder(api, type.keyType);
    const item = encoder(api, type.valueType);
    return (v) => {
      if (typeof v !== 'object' || v === null) return mismatch('map', v);
      const entries = v instanceof Map ? [...v] : Object.entries(v);
      return new api.DuckDBMapValue(entries.map(([k, x]) => ({ key: key(k), value: item(x) })));
    };
  }
  const fields = type.fields.map((f) => [f.name, encoder(api, f.type)] as const);
  return (v) => {
    if (typeof v !== 'object' || v === null) return mismatch('struct', v);
    const from = v as Record<string, unknown>;
    return new api.DuckDBStructValue(Object.fromEntries(fields.map(([name, to]) => [name, to(from[name])])));
  };
}

/** The way back, for the arguments of a scalar function. */
export function decoder(type: DataType): Decode {
  const decode = decoderOfPresent(type);
  return (value) => (value === null ? null : decode(value));
}

function decoderOfPresent(type: DataType): Decode {
  if (typeof type === 'string') {
    if (type === 'timestamp' || type === 'timestamp_ntz') return (v) => (v as { micros: bigint }).micros;
    if (type === 'binary') return (v) => (v as { bytes: Uint8Array }).bytes;
    if (type === 'date' || decimalParts(type)) return (v) => String(v);
    return (v) => v;
  }
  if (type.type === 'array') {
    const element = decoder(type.elementType);
    return (v) => (v as DuckDBListValue).items.map(element);
  }
  if (type.type === 'map') {
    const key = decoder(type.keyType);
    const item = decoder(type.valueType);
    return (v) => new Map((v as DuckDBMapValue).entries.map((e) => [key(e.key), item(e.value)]));
  }
  const fields = type.fields.map((f) => [f.name, decoder(f.type)] as const);
  return (v) => {
    const { entries } = v as DuckDBStructValue;
    return Object.fromEntries(fields.map(([name, from]) => [name, from(entries[name] ?? null)]));
  };
}

function microsOf(type: string, value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return BigInt(value.getTime()) * 1000n;
  return mismatch(type, value);
}

function daysOf(value: unknown): number {
  const ms =
    value instanceof Date
      ? value.getTime()
      : typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)
        ? Date.parse(`${value}T00:00:00Z`)
        : Number.NaN;
  return Number.isNaN(ms) ? mismatch('date', value) : Math.floor(ms / dayMs);
}

function scaled(value: unknown, scale: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(value));
  const [, sign, whole, fraction = ''] = match ?? [];
  if (whole === undefined || fraction.length > scale) return mismatch('decimal', value);
  const digits = BigInt(whole + fraction.padEnd(scale, '0'));
  return sign ? -digits : digits;
}

function mismatch(type: string, value: unknown): never {
  const actual = value instanceof Date ? 'Date' : Array.isArray(value) ? 'array' : typeof value;
  throw new MurmurError(
    'duck.value_mismatch',
    `a value of JavaScript type ${actual} for a column of type ${type}`,
    {
      fault: 'internal',
    },
  );
}
