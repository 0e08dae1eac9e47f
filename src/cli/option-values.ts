/** Values of options, checked where they are read. */
import { InvalidArgumentError } from 'commander';
import { parseBytes, parseDuration } from '../config/quantities.js';

export function wholeNumber(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Milliseconds of `60s`, `5m`, …; a bare number is seconds. */
export function time(text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('Expected a time such as 60s or 5m.');
}

/** Bytes of `128MiB`, `500 kB` or a plain number. */
export function byteSize(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw new InvalidArgumentError('Expected a size such as 128MiB.');
}

/** Names with commas between. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('Expected names with commas between.');
}
