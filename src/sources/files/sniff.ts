/** What a text is, judged by its beginning where the file's name does not say it. */
import { isUtf8 } from 'node:buffer';
import { commonDelimiter } from './csv-dialect.js';
import { isJsonObject } from './json-object.js';
import { isBlank } from './split.js';

export type Sniffed =
  | { format: 'ndjson' }
  | { format: 'json'; json: 'array' | 'values' }
  | { format: 'csv' }
  /** What there is could be the beginning of several; more of it must come, or stand still. */
  | { format: 'undecided' }
  | { format: 'unknown'; reason: string };

/**
 * @param sample the first bytes of the text, without byte order mark
 * @param isWhole the sample is all of the text
 */
export function sniff(sample: Buffer, isWhole: boolean): Sniffed {
  if (isBlank(sample)) return { format: 'undecided' };
  const first = sample[sample.findIndex((byte) => byte > 0x20)];
  if (first === 0x5b) return { format: 'json', json: 'array' };
  if (first === 0x7b) return sniffObject(sample, isWhole);
  const known = knownBinary(sample);
  if (known !== undefined) return { format: 'unknown', reason: known };
  if (commonDelimiter(sample) !== undefined) return { format: 'csv' };
  return { format: 'unknown', reason: 'neither JSON nor CSV nor Parquet, by its beginning' };
}

/**
 * One object a line, or objects over several lines? The first line tells, when it is a whole object; when it is the
 * beginning of one, the second does.
 */
function sniffObject(sample: Buffer, isWhole: boolean): Sniffed {
  const ends: number[] = [];
  for (let end = sample.indexOf(0x0a); end >= 0 && ends.length < 20; end = sample.indexOf(0x0a, end + 1))
    ends.push(end);
  if (isWhole) ends.push(sample.length);
  let start = 0;
  const lines: Buffer[] = [];
  for (const end of ends) {
    const line = sample.subarray(start, end);
    start = end + 1;
    if (!isBlank(line)) lines.push(line);
  }
  const [one, two] = lines;
  if (one === undefined) return { format: 'undecided' };
  if (isJsonObject(one) || (two !== undefined && isJsonObject(two))) return { format: 'ndjson' };
  if (isOpen(one))
    return two === undefined && !isWhole ? { format: 'undecided' } : { format: 'json', json: 'values' };
  return { format: 'ndjson' };
}

/** Brackets are left open at the end of the line, outside of a string: a value goes on in the next line. */
function isOpen(line: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < line.length; i++) {
    const byte = line[i]!;
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return depth > 0 && !inString;
}

/** The byte order marks of UTF-16. */
export function isUtf16([a, b]: Buffer): boolean {
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
}

/** Why the bytes are no text that can be read, or undefined. */
function knownBinary(sample: Buffer): string | undefined {
  if (sample.includes(0)) return 'the content is binary';
  // A character may be cut at the sample's end.
  for (let cut = 0; cut < 4; cut++)
    if (isUtf8(sample.subarray(0, Math.max(0, sample.length - cut)))) return undefined;
  return 'the content is not UTF-8 text';
}
