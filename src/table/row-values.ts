/**
 * Rows as JavaScript has them, on their way into a table: values are checked against the column's type and brought into the
 * one form that DuckDB's appender takes. What does not fit is refused with the column's name, never bent.
 */
import { MurmurError } from '../base/errors.js';
import type { DataType, StructType } from '../schema/column-types.js';

/** One row: values by column name, names ignoring case. Absent and `undefined` are null. */
export type InputRow = Readonly<Record<string, unknown>>;

type Convert = (value: unknown, path: string) => unknown;

/**
 * A function from a row to its values in the order of the schema's fields.
 * @throws (the function) table.value_mismatch (user), table.column_unknown (user)
 */
export function rowEncoder(schema: StructType): (row: InputRow) => unknown[] {
  const encode = structEncoder(schema);
  return (row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw mismatch('', 'row', row);
    return encode(row, '');
  };
}

function structEncoder({ fields }: StructType): (value: object, path: string) => unknown[] {
  const columns = fields.map(({ name, type }) => ({ name, convert: nullable(type) }));
  const indexes = new Map(columns.map(({ name }, i) => [name.toLowerCase(), i]));
  return (value, path) => {
    const values: unknown[] = new Array(columns.length).fill(null);
    for (const [key, item] of Object.entries(value)) {
      const index = indexes.get(key.toLowerCase());
      if (index === undefined) throw unknownColumn(path + key);
      const { name, convert } = columns[index]!;
      values[index] = convert(item, path + name);
    }
    return values;
  };
}

function nullable(type: DataType): Convert {
  const convert = converter(type);
  return (value, path) => (value === null || value === undefined ? null : convert(value, path));
}

function converter(type: DataType): Convert {
  if (typeof type !== 'string') return nested(type);
  const simple = converters[type];
  if (simple !== undefined) return (value, path) => simple(value) ?? refuse(type, value, path);
  const [, precision, scale] = /^decimal\((\d+),\s*(\d+)\)$/.exec(type) ?? [];
  return (value, path) =>
    (precision === undefined ? undefined : decimalText(value, Number(precision), Number(scale))) ??
    refuse(type, value, path);
}

function nested(type: Exclude<DataType, string>): Convert {
  if (type.type === 'array') {
    const element = nullable(type.elementType);
    return (value, path) =>
      Array.isArray(value) ? value.map((v) => element(v, `${path}.element`)) : refuse('array', value, path);
  }
  if (type.type === 'map') {
    const key = nullable(type.keyType);
    const item = nullable(type.valueType);
    return (value, path) => {
      const entries = mapEntries(value) ?? refuse('map', value, path);
      return new Map(entries.map(([k, v]) => [key(k, `${path}.key`), item(v, `${path}.value`)]));
    };
  }
  const encode = structEncoder(type);
  const names = type.fields.map(({ name }) => name);
  return (value, path) => {
    if (!isPlainObject(value)) return refuse('struct', value, path);
    const values = encode(value, `${path}.`);
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  };
}

/** Undefined for what is not of the type. */
const converters: Readonly<Record<string, (value: unknown) => unknown>> = {
  string: (v) => (typeof v === 'string' ? v : undefined),
  boolean: (v) => (typeof v === 'boolean' ? v : undefined),
  binary: (v) => (v instanceof Uint8Array ? v : undefined),
  long: (v) => integer(v, 2n ** 63n),
  integer: (v) => smallInteger(v, 2n ** 31n),
  short: (v) => smallInteger(v, 2n ** 15n),
  byte: (v) => smallInteger(v, 2n ** 7n),
  float: floating,
  double: floating,
  date: dateText,
  timestamp: (v) => micros(v, /(?:Z|[+-]\d\d:\d\d)$/),
  timestamp_ntz: (v) => micros(v, /^/),
};

function integer(value: unknown, limit: bigint): bigint | undefined {
  const exact =
    typeof value === 'bigint' || Number.isSafeInteger(value) || /^-?\d{1,19}$/.test(textOf(value))
      ? BigInt(value as bigint | number | string)
      : undefined;
  return exact !== undefined && exact >= -limit && exact < limit ? exact : undefined;
}

function smallInteger(value: unknown, limit: bigint): number | undefined {
  const exact = integer(value, limit);
  return exact === undefined ? undefined : Number(exact);
}

function floating(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

function decimalText(value: unknown, precision: number, scale: number): string | undefined {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : textOf(value);
  const [, whole, fraction = ''] = /^-?0*(\d*?)(?:\.(\d+?)0*)?$/.exec(text) ?? [];
  if (text === '' || whole === undefined) return undefined;
  return whole.length <= precision - scale && fraction.length <= scale ? trimmed(text, scale) : undefined;
}

/** No more digits behind the point than the type has: the rest are zeros. */
function trimmed(text: string, scale: number): string {
  const [whole = '', fraction = ''] = text.split('.');
  return fraction.length <= scale ? text : scale === 0 ? whole : `${whole}.${fraction.slice(0, scale)}`;
}

function dateText(value: unknown): string | undefined {
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? undefined : value.toISOString().slice(0, -14);
  const text = textOf(value);
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : undefined;
}

/** Microseconds since the epoch. A text without a zone is UTC, where the pattern lets it through. */
function micros(value: unknown, zone: RegExp): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? undefined : BigInt(value.getTime()) * 1000n;
  }
  const text = textOf(value);
  if (!zone.test(text)) return undefined;
  const [, time, fraction = '', offset] =
    /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const seconds = time === undefined ? Number.NaN : Date.parse(`${time.replace(' ', 'T')}${offset ?? 'Z'}`);
  return Number.isNaN(seconds) ? undefined : BigInt(seconds) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** From a Map, a list of `{ key, value }`, or an object whose keys are text. */
export function mapEntries(value: unknown): [unknown, unknown][] | undefined {
  if (value instanceof Map) return [...value];
  if (Array.isArray(value)) return value.map(({ key, value: item }) => [key, item]);
  return isPlainObject(value) ? Object.entries(value) : undefined;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Map) &&
    !(value instanceof Uint8Array)
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function refuse(type: string, value: unknown, path: string): never {
  throw mismatch(path, type, value);
}

function mismatch(path: string, type: string, value: unknown): MurmurError {
  const is = value instanceof Date ? 'Date' : Array.isArray(value) ? 'array' : typeof value;
  const where = path === '' ? 'a row' : `column ${path} of type ${type}`;
  return new MurmurError('table.value_mismatch', `writing rows: ${where} got a ${is} that does not fit`, {
    fault: 'user',
    fix: 'give each column values of its type; see the table in the documentation of `RowsInput`',
    context: { column: path, type },
  });
}

export function unknownColumn(path: string): MurmurError {
  return new MurmurError('table.column_unknown', `writing rows: the table has no column ${path}`, {
    fault: 'user',
    fix: 'leave it out, or write with mergeSchema: true to add it',
    context: { column: path },
  });
}
