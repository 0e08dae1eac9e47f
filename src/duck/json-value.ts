/**
 * DuckDB values as values that `JSON.stringify` keeps whole:
 *
 * - integers of any width: number up to 2^53 in magnitude, decimal text beyond
 * - DECIMAL: text with its full scale (`"42.00"`); FLOAT and DOUBLE: number, or `"NaN"`, `"Infinity"`, `"-Infinity"`
 * - TIMESTAMPTZ: ISO 8601 in UTC with `Z`; TIMESTAMP: the same without `Z`; DATE: `YYYY-MM-DD`
 * - BLOB: base64; LIST and ARRAY: array; STRUCT: object
 * - MAP: object if its keys are text, else an array of `{ key, value }`
 * - everything else (TIME, INTERVAL, UUID, ENUM, BIT…): the text DuckDB shows
 */
import type { DuckDBValue } from '@duckdb/node-api';
import type { DuckApi } from './native.js';
import { isoFromMicros } from './timestamp-text.js';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Row = Record<string, Json>;

export function jsonValueOf(api: DuckApi): (value: DuckDBValue) => Json {
  function convert(value: DuckDBValue): Json {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
        return fromBigint(value);
      default:
        return value === null || value === undefined ? null : fromObject(value);
    }
  }

  function fromObject(value: Exclude<DuckDBValue, string | boolean | number | bigint | null>): Json {
    if (value instanceof api.DuckDBTimestampTZValue) {
      return value.isFinite ? `${isoFromMicros(value.micros)}Z` : value.toString();
    }
    if (value instanceof api.DuckDBTimestampValue) return isoFromMicros(value.micros);
    if (value instanceof api.DuckDBListValue || value instanceof api.DuckDBArrayValue) {
      return value.items.map(convert);
    }
    if (value instanceof api.DuckDBStructValue) {
      return Object.fromEntries(Object.entries(value.entries).map(([name, v]) => [name, convert(v)]));
    }
    if (value instanceof api.DuckDBMapValue) return fromMap(value.entries);
    if (value instanceof api.DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
    if (value instanceof api.DuckDBVariantValue) return convert(value.value);
    if (value instanceof api.DuckDBUnionValue) return convert(value.value);
    return value.toString();
  }

  function fromMap(entries: readonly { key: DuckDBValue; value: DuckDBValue }[]): Json {
    if (entries.every((e) => typeof e.key === 'string')) {
      return Object.fromEntries(entries.map((e) => [e.key as string, convert(e.value)]));
    }
    return entries.map((e) => ({ key: convert(e.key), value: convert(e.value) }));
  }

  return convert;
}

function fromBigint(value: bigint): number | string {
  return value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value.toString();
}
