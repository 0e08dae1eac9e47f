/** Plain rows as an Arrow IPC stream that Spark reads: the values of arrow-rows.ts, the other way. Buffers are laid out here, exactly. */
import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  makeData,
  Null,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import {
  bits,
  bytesBuffers,
  days,
  decimalWords,
  integer,
  invalid,
  long,
  microseconds,
  noBytes,
  offsets,
  textBytes,
  validity,
} from './arrow-values.js';

/** A type in the words of Spark's own JSON schemas (which are Delta's). */
export type SparkType =
  | 'string'
  | 'long'
  | 'integer'
  | 'short'
  | 'byte'
  | 'float'
  | 'double'
  | 'boolean'
  | 'binary'
  | 'date'
  | 'timestamp'
  | 'timestamp_ntz'
  | 'void'
  | `decimal(${number},${number})`
  | { type: 'array'; elementType: SparkType; containsNull: boolean }
  | { type: 'map'; keyType: SparkType; valueType: SparkType; valueContainsNull: boolean }
  | { type: 'struct'; fields: readonly SparkField[] };

export interface SparkField {
  name: string;
  type: SparkType;
  nullable: boolean;
}

/** One column's buffers; the length is that of the values. */
interface Column {
  type: DataType;
  data: Data;
}

/**
 * @param rows a field that is missing is null
 * @returns one complete IPC stream of one batch, also for no rows
 * @throws spark.value_invalid (user) when a value does not fit its column
 */
export function writeArrow(
  columns: readonly SparkField[],
  rows: readonly Readonly<Record<string, unknown>>[],
): Uint8Array {
  const built = columns.map((column) =>
    build(
      column.type,
      rows.map((row) => row[column.name]),
      column.name,
      column.nullable,
    ),
  );
  const fields = columns.map((column, i) => new Field(column.name, built[i]!.type, column.nullable));
  const data = makeData({
    type: new Struct(fields),
    length: rows.length,
    nullCount: 0,
    children: built.map((c) => c.data),
  });
  return RecordBatchStreamWriter.writeAll([new RecordBatch(new Schema(fields), data)]).toUint8Array(true);
}

function build(type: SparkType, values: readonly unknown[], path: string, nullable: boolean): Column {
  const { nullBitmap, nullCount } = validity(values);
  if (nullCount > 0 && !nullable) throw invalid(path, 'a value: the column takes no null');
  const common = { length: values.length, nullCount, nullBitmap };
  const each = <T>(read: (value: unknown) => T | undefined, zero: T, wanted: string): T[] =>
    values.map((value) => {
      if (value === null || value === undefined) return zero;
      const out = read(value);
      if (out === undefined) throw invalid(path, wanted);
      return out;
    });
  const column = <T extends DataType>(made: T, buffers: object): Column => ({
    type: made,
    data: makeData({ type: made, ...common, ...buffers } as Parameters<typeof makeData>[0]) as Data,
  });

  if (typeof type === 'object') return nested(type, values, path, column);
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) {
    const made = new Decimal(Number(scale), Number(precision), 128);
    const wanted = `digits of at most ${precision}, ${scale} behind the point`;
    const words = each((v) => decimalWords(v, Number(precision), Number(scale)), [0, 0, 0, 0], wanted);
    return column(made, { data: Uint32Array.from(words.flat()) });
  }
  const ints = (width: number) => each((v) => integer(v, width), 0, `an integer of ${width} bits`);
  const floats = () => each((v) => (typeof v === 'number' ? v : undefined), 0, 'a number');
  const micros = () => ({
    data: BigInt64Array.from(each(microseconds, 0n, 'microseconds as a bigint')),
  });
  switch (type) {
    case 'string':
      return column(new Utf8(), bytesBuffers(each(textBytes, noBytes, 'well-formed text')));
    case 'binary':
      return column(
        new Binary(),
        bytesBuffers(each((v) => (v instanceof Uint8Array ? v : undefined), noBytes, 'a Uint8Array')),
      );
    case 'boolean':
      return column(new Bool(), {
        data: bits(each((v) => (typeof v === 'boolean' ? v : undefined), false, 'a boolean')),
      });
    case 'byte':
      return column(new Int8(), { data: Int8Array.from(ints(8)) });
    case 'short':
      return column(new Int16(), { data: Int16Array.from(ints(16)) });
    case 'integer':
      return column(new Int32(), { data: Int32Array.from(ints(32)) });
    case 'long':
      return column(new Int64(), { data: BigInt64Array.from(each(long, 0n, 'an integer of 64 bits')) });
    case 'float':
      return column(new Float32(), { data: Float32Array.from(floats()) });
    case 'double':
      return column(new Float64(), { data: Float64Array.from(floats()) });
    case 'date':
      return column(new DateDay(), { data: Int32Array.from(each(days, 0, 'a date as 2024-01-31')) });
    case 'timestamp':
      return column(new TimestampMicrosecond('UTC'), micros());
    case 'timestamp_ntz':
      return column(new TimestampMicrosecond(), micros());
    case 'void':
      each(() => undefined, null, 'null');
      return column(new Null(), {});
    default:
      throw invalid(path, `a type that can be sent, not ${type}`);
  }
}

function nested(
  type: Extract<SparkType, object>,
  values: readonly unknown[],
  path: string,
  column: (type: DataType, buffers: object) => Column,
): Column {
  if (type.type === 'struct') {
    const records = values.map((value) => {
      if (value === null || value === undefined) return {};
      if (typeof value !== 'object') throw invalid(path, 'an object');
      return value as Record<string, unknown>;
    });
    // Below a null struct every field is null, whatever its own rule.
    const children = type.fields.map((f) => {
      const below = records.map((record) => record[f.name]);
      const whole = values.every((value) => value !== null && value !== undefined);
      return build(f.type, below, `${path}.${f.name}`, f.nullable || !whole);
    });
    const fields = type.fields.map((f, i) => new Field(f.name, children[i]!.type, true));
    return column(new Struct(fields), { children: children.map((c) => c.data) });
  }
  if (type.type === 'array') {
    const lists = values.map((value): readonly unknown[] => {
      if (value === null || value === undefined) return [];
      if (!Array.isArray(value)) throw invalid(path, 'an array');
      return value;
    });
    const child = build(type.elementType, lists.flat(), `${path}[]`, type.containsNull);
    return column(new List(new Field('element', child.type, type.containsNull)), {
      valueOffsets: offsets(lists.map((l) => l.length)),
      child: child.data,
    });
  }
  const maps = values.map((value): [unknown, unknown][] => {
    if (value === null || value === undefined) return [];
    if (!(value instanceof Map)) throw invalid(path, 'a Map');
    return [...value];
  });
  const entries = maps.flat();
  const key = build(
    type.keyType,
    entries.map(([k]) => k),
    `${path}{}`,
    false,
  );
  const value = build(
    type.valueType,
    entries.map(([, v]) => v),
    `${path}{}`,
    type.valueContainsNull,
  );
  const entry = new Struct<{ key: DataType; value: DataType }>([
    new Field('key', key.type, false),
    new Field('value', value.type, type.valueContainsNull),
  ]);
  const child = makeData({
    type: entry,
    length: entries.length,
    nullCount: 0,
    children: [key.data, value.data],
  });
  return column(new Map_(new Field('entries', entry, false)), {
    valueOffsets: offsets(maps.map((m) => m.length)),
    child,
  });
}
