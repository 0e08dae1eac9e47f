/**
 * Which files of a snapshot a reader needs. A file is left out only when its statistics prove that no row of it can match;
 * whatever is unknown is read.
 */
import type { DataType } from '../schema/column-types.js';
import { compareUtf8 } from '../storage/utf8-order.js';
import type { AddFile } from './actions.js';
import type { Snapshot } from './snapshot.js';
import { type ParsedStats, parseStats } from './stats.js';

/** Conditions are joined by AND. Values: as in `ColumnStatistics`, but any number for a numeric column. */
export type Condition =
  | { column: string; op: '=' | '<' | '<=' | '>' | '>='; value: string | number | bigint }
  | { column: string; op: 'is null' }
  | { column: string; op: 'is not null' };

/** The live files that may hold a row for which every condition is true. */
export function planScan(
  snapshot: Pick<Snapshot, 'schema' | 'metadata' | 'files'>,
  conditions: readonly Condition[],
): AddFile[] {
  const partitions = new Set(snapshot.metadata.partitionColumns.map((name) => name.toLowerCase()));
  const tests = conditions.flatMap((condition) => {
    const field = snapshot.schema.fields.find(
      ({ name }) => name.toLowerCase() === condition.column.toLowerCase(),
    );
    if (field === undefined || partitions.has(field.name.toLowerCase())) return [];
    return [(stats: ParsedStats) => mayMatch(stats, field.name, field.type, condition)];
  });
  if (tests.length === 0) return [...snapshot.files];
  return snapshot.files.filter((file) => {
    const stats = file.stats === undefined ? undefined : parseStats(file.stats);
    return stats === undefined || tests.every((test) => test(stats));
  });
}

function mayMatch(stats: ParsedStats, name: string, type: DataType, condition: Condition): boolean {
  const nulls = stats.nullCount?.[name];
  if (condition.op === 'is null') return nulls !== 0;
  const allNull = stats.numRecords !== undefined && nulls === stats.numRecords;
  if (allNull) return false;
  if (condition.op === 'is not null') return true;

  const compare = comparison(type, condition.op === '>' || condition.op === '>=');
  if (compare === undefined) return true;
  const { value } = condition;
  // True as well when the bound is unknown or cannot be compared.
  const min = compare(stats.minValues?.[name], value, 'min');
  const max = compare(stats.maxValues?.[name], value, 'max');
  switch (condition.op) {
    case '=':
      return (min === undefined || min <= 0) && (max === undefined || max >= 0);
    case '<':
      return min === undefined || min < 0;
    case '<=':
      return min === undefined || min <= 0;
    case '>':
      return max === undefined || max > 0;
    case '>=':
      return max === undefined || max >= 0;
  }
}

type Compare = (bound: unknown, value: string | number | bigint, end: 'min' | 'max') => number | undefined;

/** How a bound compares with a value of this type; undefined for types that are not skipped by. `mayBeNaN`: NaN would match. */
function comparison(type: DataType, mayBeNaN: boolean): Compare | undefined {
  switch (type) {
    case 'long':
    case 'integer':
    case 'short':
    case 'byte':
      return compareNumbers;
    case 'double':
    case 'float':
      return (bound, value, end) => {
        // NaN is greater than all numbers, and not every writer counts it in; texts of floats are shorter than their value.
        if (typeof bound !== 'number' || (end === 'max' && mayBeNaN)) return undefined;
        return compareNumbers(type === 'float' ? Math.fround(bound) : bound, value);
      };
    case 'date':
      // Only years of four digits sort as text.
      return (bound, value) => (isDate(bound) && isDate(value) ? compareUtf8(bound, value) : undefined);
    case 'string':
      return (bound, value) =>
        typeof bound === 'string' && typeof value === 'string' ? compareUtf8(bound, value) : undefined;
    case 'timestamp':
    case 'timestamp_ntz':
      return compareTimes;
    default:
      return undefined;
  }
}

/** Writers floor maxima to the millisecond, so the true one may be up to 1 ms later. */
function compareTimes(bound: unknown, value: unknown, end: 'min' | 'max'): number | undefined {
  if (typeof bound !== 'string' || typeof value !== 'bigint') return undefined;
  const millis = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(bound) ? bound : `${bound.replace(' ', 'T')}Z`);
  if (Number.isNaN(millis)) return undefined;
  const micros = BigInt(millis) * 1000n + (end === 'max' ? 1000n : 0n);
  return micros < value ? -1 : micros > value ? 1 : 0;
}

function compareNumbers(bound: unknown, value: unknown): number | undefined {
  if (!isNumeric(bound) || !isNumeric(value)) return undefined;
  return bound < value ? -1 : bound > value ? 1 : 0;
}

function isDate(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value));
}
