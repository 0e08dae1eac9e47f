/**
 * CSV and TSV: one record up to a line end that is not inside quotes. A quote opens a field only at its beginning and
 * closes it only before a delimiter or line end, as csv-parse reads it. A quote that is never closed costs the line in
 * which it stands, not the rest of the file.
 */
import { rawLimit } from './faults.js';
import { byteOrderMark, isBlank, type Rest, type Slice, type Splitter, tooLong } from './split.js';

const newline = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;

export class CsvSplitter implements Splitter {
  readonly slices: Slice[] = [];
  byte: number;
  line: number;
  /** Text from the beginning of the next record on. */
  #pending: Buffer = Buffer.alloc(0);
  /** The beginning of a line that is too long, while its end is looked for. */
  #dropped: { head: Buffer; bytes: number } | undefined;
  #skipHeader: boolean;
  #midRecord: boolean;

  /** @param midRecord the text before `at` ended inside a record that was read already */
  constructor(
    at: { byte: number; line: number },
    readonly dialect: { delimiter: string; header: boolean },
    midRecord: boolean,
    readonly limit: number,
  ) {
    this.byte = at.byte;
    this.line = at.line;
    this.#skipHeader = dialect.header && at.byte === 0;
    this.#midRecord = midRecord;
  }

  push(chunk: Buffer): void {
    const text = this.#dropped === undefined ? chunk : this.#endDropping(chunk, this.#dropped);
    this.#cutAll(this.#pending.length === 0 ? text : Buffer.concat([this.#pending, text]), false);
  }

  finish(): Rest | undefined {
    if (this.#dropped !== undefined) {
      const { head, bytes } = this.#dropped;
      this.#emit(head, bytes, tooLong(this.limit));
      this.#dropped = undefined;
    } else this.#cutAll(this.#pending, true);
    return undefined;
  }

  #cutAll(text: Buffer, isEnd: boolean): void {
    const delimiter = this.dialect.delimiter.charCodeAt(0);
    let at = 0;
    while (at < text.length) {
      const { end, quoted } = recordEnd(text, at, delimiter, this.limit);
      // What is said of a record depends on its first `limit` bytes, never on where chunks end.
      const isOver = text.length - at > this.limit;
      if (end < 0 && !isOver && !isEnd) break;
      if (end >= 0) this.#emit(text.subarray(at, end), end - at);
      else if (!isOver && !quoted) this.#emit(text.subarray(at), text.length - at);
      at = end >= 0 ? end : isOver || quoted ? this.#giveUp(text, at, quoted, isEnd) : text.length;
    }
    this.#pending = text.subarray(at);
  }

  /** A record that does not end costs its first physical line; gives the place behind that. */
  #giveUp(text: Buffer, at: number, quoted: boolean, isEnd: boolean): number {
    const newlineAt = text.indexOf(newline, at);
    const lineEnd = newlineAt < 0 ? text.length : newlineAt + 1;
    if (newlineAt < 0 && !isEnd)
      this.#dropped = { head: Buffer.from(text.subarray(at, at + rawLimit)), bytes: lineEnd - at };
    else {
      const isClosed = !quoted || lineEnd - at > this.limit;
      this.#emit(text.subarray(at, lineEnd), lineEnd - at, isClosed ? tooLong(this.limit) : neverClosed);
    }
    return lineEnd;
  }

  /** Looks for the end of a line that is too long, and gives the text behind it. */
  #endDropping(chunk: Buffer, dropped: { head: Buffer; bytes: number }): Buffer {
    const end = chunk.indexOf(newline) + 1;
    dropped.bytes += end || chunk.length;
    if (end === 0) return chunk.subarray(chunk.length);
    this.#dropped = undefined;
    this.#emit(dropped.head, dropped.bytes, tooLong(this.limit));
    return chunk.subarray(end);
  }

  #emit(record: Buffer, length: number, fault?: Slice['fault']): void {
    const start = this.byte;
    this.byte += length;
    let bytes = record;
    if (start === 0 && bytes.subarray(0, 3).equals(byteOrderMark)) bytes = bytes.subarray(3);
    if (bytes.at(-1) === newline) bytes = bytes.subarray(0, -1);
    if (bytes.at(-1) === carriageReturn) bytes = bytes.subarray(0, -1);
    const midRecord = this.#midRecord;
    this.#midRecord = false;
    if (isBlank(bytes) && fault === undefined) return;
    if (this.#skipHeader) {
      this.#skipHeader = false;
      return;
    }
    const slice: Slice = { bytes, line: this.line, end: this.byte, endLine: this.line + 1 };
    if (fault !== undefined) slice.fault = fault;
    else if (midRecord)
      slice.fault = { rule: 'bad_line', reason: 'text behind the end of a record that was read already' };
    this.slices.push(slice);
    this.line++;
  }
}

const neverClosed: Slice['fault'] = { rule: 'bad_line', reason: 'a quote is opened and never closed' };

/**
 * Where the record that begins at `start` ends, behind its line end; -1 when the text ends first, or the record is longer
 * than `limit`.
 */
export function recordEnd(
  text: Buffer,
  start: number,
  delimiter: number,
  limit: number,
): { end: number; quoted: boolean } {
  const stop = Math.min(text.length, start + limit);
  let quoted = false;
  let atFieldStart = true;
  for (let i = start; i < stop; i++) {
    const byte = text[i]!;
    if (quoted) {
      if (byte !== quote) continue;
      const next = text[i + 1];
      if (next === quote) i++;
      else quoted = false;
    } else if (byte === newline) return { end: i + 1, quoted: false };
    else if (byte === delimiter) atFieldStart = true;
    else {
      if (byte === quote && atFieldStart) quoted = true;
      // The byte order mark stands before the first field.
      atFieldStart = atFieldStart && i - start < 3 && byteOrderMark[i - start] === byte;
    }
  }
  return { end: -1, quoted };
}
