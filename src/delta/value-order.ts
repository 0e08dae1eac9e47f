/**
 * How values compare, type by type, where they stand in the log as text or JSON: as bounds in statistics and as partition
 * values. Undefined always means that nothing is known, so that nothing may be concluded.
 */
import { type DataType, decimalParts, type StructField } from '../schema/column-types.js';
import { compareUtf8 } from '../storage/utf8-order.js';
import { earlierTypes } from './type-widening.js';

/**
 * bigint or number for integers and floats, the exact text for decimals, `YYYY-MM-DD` for dates, microseconds since the epoch
 * as bigint for timestamps, text for strings.
 */
export type Value = string | number | bigint | boolean;

/** Below 0 where the first is less. */
export type Compare = (bound: unknown, value: Value) => number | undefined;

/** How bounds of one end in statistics compare with values of a column; undefined for types that are not skipped by. */
export function boundOrder(field: StructField, end: 'min' | 'max'): Compare | undefined {
  switch (field.type) {
    case 'long':
    case 'integer':
    case 'short':
    case 'byte':
      return compareNumbers;
    case 'double':
    case 'float': {
      const mayBeFloat = field.type === 'float' || earlierTypes(field.metadata).includes('float');
      return (bound, value) => {
        if (typeof bound !== 'number') return undefined;
        // A float's shortest text is not its value, which may lie beyond it.
        const exact = mayBeFloat ? Math.fround(bound) : bound;
        return compareNumbers(end === 'min' ? Math.min(bound, exact) : Math.max(bound, exact), value);
      };
    }
    case 'date':
      return compareDates;
    case 'string':
      return compareTexts;
    case 'timestamp':
    case 'timestamp_ntz':
      return (bound, value) => {
        const micros = typeof bound === 'string' ? microsOf(bound) : undefined;
        // Writers floor maxima to the millisecond, so the true one may be up to 1 ms later.
        if (micros === undefined) return undefined;
        return compareMicros(micros + (end === 'max' ? 1000n : 0n), value);
      };
    default:
      return undefined;
  }
}

/** How partition values, which are texts and exact, compare with values of their type. */
export function partitionOrder(type: DataType): Compare | undefined {
  switch (type) {
    case 'long':
    case 'integer':
    case 'short':
    case 'byte':
      return (text, value) =>
        /^[+-]?\d+$/.test(String(text)) ? compareNumbers(BigInt(String(text)), value) : undefined;
    case 'double':
      return (text, value) => compareNumbers(Number(text), value);
    case 'float':
      return (text, value) => compareNumbers(Math.fround(Number(text)), value);
    case 'boolean':
      return (text, value) => compareTexts(String(text).toLowerCase(), String(value));
    case 'date':
      return compareDates;
    case 'string':
      return compareTexts;
    case 'timestamp':
    case 'timestamp_ntz':
      return (text, value) => {
        const micros = microsOf(String(text));
        return micros === undefined ? undefined : compareMicros(micros, value);
      };
    default:
      return decimalParts(type) ? compareDecimals : undefined;
  }
}

function compareTexts(text: unknown, value: unknown): number | undefined {
  return typeof text === 'string' && typeof value === 'string' ? compareUtf8(text, value) : undefined;
}

/** Only years of four digits sort as text. */
function compareDates(text: unknown, value: unknown): number | undefined {
  const isDate = (date: unknown) => typeof date === 'string' && /^\d{4}-\d\d-\d\d$/.test(date);
  return isDate(text) && isDate(value) ? compareTexts(text, value) : undefined;
}

function compareMicros(micros: bigint, value: unknown): number | undefined {
  return typeof value === 'bigint' ? compareNumbers(micros, value) : undefined;
}

function compareNumbers(a: unknown, b: unknown): number | undefined {
  if (!isNumeric(a) || !isNumeric(b)) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value));
}

function compareDecimals(a: unknown, b: unknown): number | undefined {
  const [x, y] = [decimalDigits(String(a)), decimalDigits(String(b))];
  if (x === undefined || y === undefined) return undefined;
  const scale = Math.max(x.scale, y.scale);
  const scaled = ({ digits, scale: own }: { digits: bigint; scale: number }) =>
    digits * 10n ** BigInt(scale - own);
  return compareNumbers(scaled(x), scaled(y));
}

function decimalDigits(text: string): { digits: bigint; scale: number } | undefined {
  const [, whole, fraction = ''] = /^([+-]?\d+)(?:\.(\d*))?$/.exec(text) ?? [];
  return whole === undefined ? undefined : { digits: BigInt(whole + fraction), scale: fraction.length };
}

const time = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d:\d\d)?$/;

/** Microseconds since the epoch; without a zone it is UTC. */
function microsOf(text: string): bigint | undefined {
  const [, day, clock = '00:00:00', fraction = '', zone = 'Z'] = time.exec(text) ?? [];
  const millis = Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1000n + BigInt(fraction.padEnd(6, '0'));
}
