/**
 * File statistics: the JSON text of `add.stats` (PROTOCOL.md, "Per-file Statistics"). Others answer COUNT, MIN and MAX from it
 * and skip files by it, so a value here is exact or a safe bound, or it is absent. 64-bit integers and decimals never
 * pass through a JS number.
 */
import { parse } from 'lossless-json';
import type { DataType } from '../schema/column-types.js';

/** What is known of one leaf column of a file. */
export interface ColumnStatistics {
  /** Physical names from the root down. */
  path: readonly string[];
  type: DataType;
  /**
   * bigint for integers, number for float and double, the exact text for decimals, `YYYY-MM-DD` for dates, microseconds since
   * the epoch as bigint for timestamps, text for strings. Absent where all values are null, or unknown.
   */
  min?: unknown;
  max?: unknown;
  nullCount?: number | bigint;
}

export interface FileStatistics {
  numRecords: number | bigint;
  columns: readonly ColumnStatistics[];
}

/** A tree of JSON texts: leaves are ready to be written as they are. */
interface Tree {
  [name: string]: Tree | string;
}

/** The text for `add.stats`. */
export function formatStats({ numRecords, columns }: FileStatistics): string {
  const minValues: Tree = {};
  const maxValues: Tree = {};
  const nullCount: Tree = {};
  for (const { path, type, min, max, nullCount: nulls } of columns) {
    const lower = min === undefined || min === null ? undefined : formatBound(type, min, 'min');
    const upper = max === undefined || max === null ? undefined : formatBound(type, max, 'max');
    if (lower !== undefined) plant(minValues, path, lower);
    if (upper !== undefined) plant(maxValues, path, upper);
    if (nulls !== undefined) plant(nullCount, path, String(nulls));
  }
  return write({ numRecords: String(numRecords), minValues, maxValues, nullCount });
}

/** Statistics as read back. Integers beyond 2^53 are bigint; fractions are numbers, so decimals are not exact here. */
export interface ParsedStats {
  numRecords?: number;
  minValues?: Record<string, unknown>;
  maxValues?: Record<string, unknown>;
  nullCount?: Record<string, unknown>;
}

/** Undefined where the text is not what the protocol says: no statistics are better than wrong ones. */
export function parseStats(text: string): ParsedStats | undefined {
  try {
    // Numbers of fewer digits are exact either way, and this one is much faster.
    const stats = (
      /\d{16}/.test(text) ? parse(text, null, parseNumber) : JSON.parse(text)
    ) as ParsedStats | null;
    if (stats === null || typeof stats !== 'object') return undefined;
    const { numRecords, ...rest } = stats;
    return Number.isSafeInteger(numRecords) ? { numRecords: numRecords as number, ...rest } : rest;
  } catch {
    return undefined;
  }
}

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

function formatBound(type: DataType, value: unknown, end: 'min' | 'max'): string | undefined {
  if (typeof type !== 'string') return undefined;
  switch (type) {
    case 'long':
    case 'integer':
    case 'short':
    case 'byte':
      return String(value);
    case 'float':
    case 'double':
      return Number.isFinite(value) ? JSON.stringify(value) : undefined;
    case 'string': {
      const text = end === 'min' ? truncateMin(String(value)) : truncateMax(String(value));
      return text === undefined ? undefined : JSON.stringify(text);
    }
    case 'date':
      return JSON.stringify(value);
    case 'timestamp':
      return formatTimestamp(BigInt(value as bigint), end, 'Z');
    case 'timestamp_ntz':
      return formatTimestamp(BigInt(value as bigint), end, '');
    default:
      return type.startsWith('decimal(') ? String(value) : undefined;
  }
}

/** Characters of a string that are kept. */
const prefixLength = 32;
/** Most characters of a maximum. */
const longestMax = 64;
const highest = String.fromCodePoint(0x10ffff);

function truncateMin(text: string): string {
  return text.length <= prefixLength ? text : text.slice(0, cut(text, prefixLength));
}

/** A text not below `text` in UTF-8 order: the prefix and a character above what follows; undefined if there is none. */
function truncateMax(text: string): string | undefined {
  if (text.length <= prefixLength) return text;
  let end = cut(text, prefixLength);
  if (end >= text.length) return text;
  if (text.codePointAt(end)! < 0x7f) return `${text.slice(0, end)}\u007f`;
  while (text.startsWith(highest, end)) end += highest.length;
  if (end >= text.length) return text.length <= longestMax ? text : undefined;
  return end >= longestMax ? undefined : text.slice(0, end) + highest;
}

/** `length`, or one more where that would split a surrogate pair. */
function cut(text: string, length: number): number {
  const last = text.charCodeAt(length - 1);
  return last >= 0xd800 && last <= 0xdbff ? length + 1 : length;
}

/** Milliseconds: a minimum is rounded down, a maximum up, so that both stay bounds. */
function formatTimestamp(micros: bigint, end: 'min' | 'max', zone: string): string | undefined {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const millis = (micros - rest) / 1000n + (end === 'max' && rest > 0n ? 1n : 0n);
  const date = new Date(Number(millis));
  if (Number.isNaN(date.getTime())) return undefined;
  const iso = date.toISOString();
  return /^\d{4}-/.test(iso) ? JSON.stringify(iso.slice(0, -1) + zone) : undefined;
}

function plant(tree: Tree, [name, ...rest]: readonly string[], leaf: string): void {
  if (rest.length === 0) {
    tree[name!] = leaf;
    return;
  }
  const below = Object.hasOwn(tree, name!) ? tree[name!] : undefined;
  const next: Tree = typeof below === 'object' ? below : {};
  tree[name!] = next;
  plant(next, rest, leaf);
}

function write(tree: Tree): string {
  const entries = Object.entries(tree).map(
    ([name, value]) => `${JSON.stringify(name)}:${typeof value === 'string' ? value : write(value)}`,
  );
  return `{${entries.join(',')}}`;
}
