/**
 * Arrow as Spark sends it, as plain rows. Read from Arrow's own buffers, since its JavaScript getters round timestamps
 * to milliseconds and wrap nested values.
 *
 * | Spark | here |
 * |---|---|
 * | boolean, string | boolean, string |
 * | byte, short, integer, float, double | number |
 * | long, day-time interval (µs), time (ns) | bigint |
 * | decimal | string, `-12.50` |
 * | date | string, `2024-01-31` |
 * | timestamp, timestamp_ntz | bigint, microseconds since the epoch |
 * | binary | Uint8Array |
 * | array, map, struct | array, Map, object |
 */
import { type Data, DataType, type Decimal, makeVector, RecordBatchReader, TimeUnit } from 'apache-arrow';
import { MurmurError } from '../../../base/errors.js';

export type SparkValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly SparkValue[]
  | Map<SparkValue, SparkValue>
  | { readonly [field: string]: SparkValue };

export type SparkRow = Record<string, SparkValue>;

type Read = (index: number) => SparkValue;

/**
 * @param data a complete Arrow IPC stream
 * @throws spark.columns_repeat (user), spark.type_unsupported (user)
 */
export function readRows(data: Uint8Array): SparkRow[] {
  const rows: SparkRow[] = [];
  for (const batch of RecordBatchReader.from(data)) {
    const names = batch.schema.fields.map(({ name }) => name);
    const repeated = names.find((name, i) => names.indexOf(name) !== i);
    if (repeated !== undefined) {
      throw new MurmurError('spark.columns_repeat', `reading rows: two columns are named ${repeated}`, {
        fault: 'user',
        fix: 'give each column a name of its own with AS',
      });
    }
    const columns = batch.data.children.map((child, i) => ({
      name: names[i]!,
      read: reader(child, names[i]!),
    }));
    for (let i = 0; i < batch.numRows; i++)
      rows.push(Object.fromEntries(columns.map(({ name, read }) => [name, read(i)])));
  }
  return rows;
}

function reader(data: Data, path: string): Read {
  const read = valueReader(data, path);
  return data.nullCount === 0 ? read : (i) => (data.getValid(i) ? read(i) : null);
}

function valueReader(data: Data, path: string): Read {
  const { type, values, valueOffsets: offsets } = data;
  if (DataType.isNull(type)) return () => null;
  if (DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND) return (i) => values[i];
  if (DataType.isDuration(type) && type.unit === TimeUnit.MICROSECOND) return (i) => values[i];
  if (DataType.isTime(type) && type.bitWidth === 64) return (i) => values[i];
  if (DataType.isDate(type) && values instanceof Int32Array) return (i) => dateText(values[i]!);
  if (DataType.isDecimal(type) && type.bitWidth === 128) return (i) => decimalText(values, i, type);
  if (DataType.isBinary(type) || DataType.isLargeBinary(type))
    return (i) => values.slice(Number(offsets[i]), Number(offsets[i + 1]));
  if (DataType.isStruct(type)) {
    const fields = type.children.map(({ name }, i) => ({
      name,
      read: reader(data.children[i]!, `${path}.${name}`),
    }));
    return (i) => Object.fromEntries(fields.map(({ name, read }) => [name, read(i)]));
  }
  if (DataType.isList(type) || DataType.isLargeList(type)) {
    const read = reader(data.children[0]!, `${path}[]`);
    return (i) => span(offsets, i).map(read);
  }
  if (DataType.isMap(type)) {
    const [key, value] = data.children[0]!.children.map((child) => reader(child, `${path}[]`));
    return (i) => new Map(span(offsets, i).map((at) => [key!(at), value!(at)]));
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type))
    return (i) => utf8.decode(values.subarray(Number(offsets[i]), Number(offsets[i + 1])));
  if (
    DataType.isBool(type) ||
    DataType.isInt(type) ||
    DataType.isFloat(type) ||
    (DataType.isInterval(type) && values instanceof Int32Array && data.stride === 1)
  ) {
    if (DataType.isInterval(type)) return (i) => values[i]!;
    const vector = makeVector(data);
    return (i) => vector.get(i);
  }
  throw new MurmurError('spark.type_unsupported', `reading rows: column ${path} comes as ${type}`, {
    fault: 'user',
    fix: `cast it in the statement: CAST(${path} AS STRING)`,
  });
}

// Arrow's own reader takes a U+FEFF at the beginning of a text for a byte order mark.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function span(offsets: ArrayLike<number | bigint>, i: number): number[] {
  const start = Number(offsets[i]);
  return Array.from({ length: Number(offsets[i + 1]) - start }, (_, k) => start + k);
}

export function dateText(days: number): string {
  const iso = new Date(days * 86_400_000).toISOString();
  return iso.slice(0, iso.indexOf('T'));
}

/** 128 bits, little-endian words, two's complement; `scale` digits stand behind the point. */
function decimalText(words: Uint32Array, i: number, { scale }: Decimal): string {
  let bits = 0n;
  for (let k = 3; k >= 0; k--) bits = (bits << 32n) | BigInt(words[i * 4 + k]!);
  const value = BigInt.asIntN(128, bits);
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
