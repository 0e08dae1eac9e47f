/** Single values and buffers of Arrow's layout, for arrow-columns.ts. A reader gives undefined for a value that does not fit. */
import { MurmurError } from '../../../base/errors.js';

export const noBytes = new Uint8Array(0);
const encoder = new TextEncoder();

export function invalid(path: string, wanted: string): MurmurError {
  return new MurmurError('spark.value_invalid', `sending rows to Spark: column ${path} wants ${wanted}`, {
    fault: 'user',
    fix: 'give the column values of its type, or another type',
    context: { column: path },
  });
}

export function integer(value: unknown, bits: number): number | undefined {
  const limit = 2 ** (bits - 1);
  return Number.isInteger(value) && (value as number) >= -limit && (value as number) < limit
    ? (value as number)
    : undefined;
}

export function long(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A plain number is refused: it is more often milliseconds. */
export function microseconds(value: unknown): bigint | undefined {
  return typeof value === 'bigint' ? long(value) : undefined;
}

/** Days since 1970-01-01 of `2024-01-31`. */
export function days(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined;
  const ms = Date.parse(`${value}T00:00:00Z`);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== value ? undefined : ms / 86_400_000;
}

export function textBytes(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value) ? encoder.encode(value) : undefined;
}

/** Four little-endian words of a decimal's unscaled value; more digits than the type has do not fit. */
export function decimalWords(value: unknown, precision: number, scale: number): number[] | undefined {
  const text = typeof value === 'bigint' ? value.toString() : value;
  const [, sign, whole, part = ''] =
    (typeof text === 'string' && /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text)) || [];
  if (whole === undefined || part.length > scale) return undefined;
  const digits = BigInt(whole + part.padEnd(scale, '0'));
  if (digits >= 10n ** BigInt(precision)) return undefined;
  const bits = BigInt.asUintN(128, sign === '-' ? -digits : digits);
  return [0n, 32n, 64n, 96n].map((shift) => Number((bits >> shift) & 0xffff_ffffn));
}

/** One bit a value, set where there is one. */
export function validity(values: readonly unknown[]): { nullBitmap: Uint8Array; nullCount: number } {
  const present = values.map((value) => value !== null && value !== undefined);
  return { nullBitmap: bits(present), nullCount: present.filter((is) => !is).length };
}

export function bits(values: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(values.length / 64) * 8);
  values.forEach((is, i) => {
    if (is) bytes[i >> 3]! |= 1 << (i & 7);
  });
  return bytes;
}

export function offsets(lengths: readonly number[]): Int32Array {
  const ends = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    ends[i + 1] = ends[i]! + length;
  });
  return ends;
}

export function bytesBuffers(values: readonly Uint8Array[]): { valueOffsets: Int32Array; data: Uint8Array } {
  return { valueOffsets: offsets(values.map((v) => v.length)), data: Buffer.concat(values) };
}
