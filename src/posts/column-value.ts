/**
 * A raw value as the value of one bronze column, or undefined when it is of the wrong type for it (the value then stays
 * in `_rescued_data`). Integers beyond a double may come as bigints or as strings of their digits.
 */
import type { RecordColumn } from './shapes/shape.js';
import { wellFormed } from './well-formed.js';

export function columnValue(column: RecordColumn, value: unknown): unknown {
  switch (column) {
    case 'text':
    case 'lang':
    case 'source':
      return typeof value === 'string' ? wellFormed(value) : undefined;
    case 'date':
      return value instanceof Date ? dateText(value) : (stringOf(value) ?? numberText(value));
    case 'user':
    case 'post_id':
      return stringOf(value) ?? numberText(value);
    case 'sentiment':
      return typeof value === 'boolean' ? String(value) : (stringOf(value) ?? numberText(value));
    case 'seq':
      return longOf(value);
    case 'mentions':
      return handlesOf(value);
    case 'op':
      return value === 'create' || value === 'update' || value === 'delete' ? value : undefined;
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? wellFormed(value) : undefined;
}

/** A number's digits as they stood in the source, as far as the parser kept them. */
function numberText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'bigint' ? String(value) : undefined;
}

function dateText(value: Date): string | undefined {
  return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
}

const maxLong = 2n ** 63n - 1n;

function longOf(value: unknown): bigint | undefined {
  const digits = typeof value === 'string' ? value : numberText(value);
  if (digits === undefined || !/^-?\d{1,19}$/.test(digits)) return undefined;
  const long = BigInt(digits);
  return long <= maxLong && long >= -maxLong - 1n ? long : undefined;
}

/** Handles without their at-sign; a list that holds anything but strings is no list of handles. */
function handlesOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const handles: string[] = [];
  for (const item of value) {
    if (typeof item !== 'string') return undefined;
    const handle = wellFormed(item.replace(/^[@＠]/, '').trim());
    if (handle !== '') handles.push(handle);
  }
  return handles;
}
