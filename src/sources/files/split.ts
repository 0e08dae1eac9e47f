/**
 * Splitting: text in chunks of any size goes in, records come out as bytes with their place. It never parses, so it is
 * cheap enough to plan with, and the same text gives the same records wherever its chunks end.
 */
import type { RecordFault } from '../source.js';

/** One record as it stands in the text. */
export interface Slice {
  /** Without line end; only its beginning where there is a `fault` for its length. */
  bytes: Buffer;
  /** Physical lines (NDJSON) or records (other formats) before it. */
  line: number;
  /** The place behind it: bytes of text, and lines or records. */
  end: number;
  endLine: number;
  /** Known while splitting already: no post can come of it. */
  fault?: Pick<RecordFault, 'rule' | 'reason'>;
}

/** What stands behind the last whole record when the text has ended. */
export interface Rest {
  rule: RecordFault['rule'];
  reason: string;
  raw: Buffer;
}

export interface Splitter {
  /** Records cut so far; the caller takes them out. */
  readonly slices: Slice[];
  /** Behind the last whole record, and behind the blank lines that follow it. */
  readonly byte: number;
  readonly line: number;
  push(chunk: Buffer): void;
  /**
   * The text has ended: gives what is left, or undefined when nothing is. May add last slices.
   * @param isBoundary it is known to end behind a whole record
   */
  finish(isBoundary: boolean): Rest | undefined;
}

export const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Only white space. */
export function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  return true;
}

export function tooLong(limit: number): Pick<RecordFault, 'rule' | 'reason'> {
  return { rule: 'line_too_long', reason: `longer than ${limit} bytes (max_line)` };
}
