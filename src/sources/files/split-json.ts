/**
 * JSON that is not one object a line: an array of records, or values one after the other (one object over several lines
 * is the shortest case). Records are cut by counting brackets, so one that does not parse costs only itself.
 */
import { rawLimit } from './faults.js';
import { byteOrderMark, type Rest, type Slice, type Splitter, tooLong } from './split.js';

/** Where the scan stands. */
type Place =
  /** Before the array's opening bracket. */
  | 'outside'
  | 'between'
  /** In an object or array. */
  | 'nested'
  /** In anything else: a number, a string, a word. */
  | 'token'
  /** Behind the array's closing bracket. */
  | 'behind';

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const comma = 0x2c;

export class JsonSplitter implements Splitter {
  readonly slices: Slice[] = [];
  byte: number;
  line: number;
  #place: Place;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The record that has begun. */
  #parts: Buffer[] = [];
  #begun = 0;
  /** Bytes of text seen. */
  #seen: number;

  constructor(
    at: { byte: number; line: number },
    readonly mode: 'array' | 'values',
    readonly limit: number,
  ) {
    this.byte = at.byte;
    this.line = at.line;
    this.#seen = at.byte;
    this.#place = mode === 'array' && at.byte === 0 ? 'outside' : 'between';
  }

  push(chunk: Buffer): void {
    let i = 0;
    while (i < chunk.length) {
      if (this.#place === 'nested') i = this.#nested(chunk, i);
      else if (this.#place === 'token') i = this.#token(chunk, i);
      else i = this.#gap(chunk, i);
    }
    this.#seen += chunk.length;
  }

  finish(isBoundary: boolean): Rest | undefined {
    if (this.#place === 'token' && (this.mode === 'values' || isBoundary)) this.#cut(this.#seen);
    if (this.#place === 'behind') {
      if (this.#begun > 0)
        this.#cut(this.#seen, { rule: 'bad_line', reason: 'text behind the end of the array' });
      this.byte = this.#seen;
      return undefined;
    }
    const raw = Buffer.concat(this.#parts);
    if (this.#begun > this.limit) return { ...tooLong(this.limit), raw };
    if (this.#place === 'nested')
      return { rule: 'bad_line', reason: 'the file ends inside a JSON value', raw };
    if (this.mode === 'array') return { rule: 'bad_line', reason: 'the file ends inside its array', raw };
    this.byte = this.#seen;
    return undefined;
  }

  /** Between two records: white space, commas, the array's own brackets. */
  #gap(chunk: Buffer, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!;
      const isTrailing = this.#place === 'behind' && this.#begun > 0;
      if (!isTrailing && (byte <= 0x20 || byteOrderMark[this.#seen + i] === byte)) continue;
      if (this.#place === 'behind') {
        this.#hold(chunk.subarray(i), rawLimit);
        return chunk.length;
      }
      if (this.#place === 'outside') {
        if (byte === 0x5b) this.#place = 'between';
        continue;
      }
      if (byte === comma) continue;
      if (byte === 0x5d && this.mode === 'array') {
        this.#place = 'behind';
        continue;
      }
      this.#depth = 0;
      this.#inString = false;
      this.#escaped = false;
      this.#place = byte === 0x7b || byte === 0x5b ? 'nested' : 'token';
      return i;
    }
    return chunk.length;
  }

  /** Scans on to the bracket that closes the record. */
  #nested(chunk: Buffer, from: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
        // A string cannot hold a line end: a quote is missing, so the record ends here and the next line may be sound.
        else if (byte === newline) depth = 0;
      } else if (byte === quote) inString = true;
      else if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) depth--;
      if (depth === 0) {
        this.#hold(chunk.subarray(from, i + 1), this.limit);
        this.#cut(this.#seen + i + 1);
        return i + 1;
      }
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    this.#hold(chunk.subarray(from), this.limit);
    return chunk.length;
  }

  /** Scans on to what ends a bare value: a comma, a line end, or a bracket. */
  #token(chunk: Buffer, from: number): number {
    let inString = this.#inString;
    let escaped = this.#escaped;
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (inString && byte !== newline) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
        continue;
      }
      if (byte === quote) inString = true;
      else if (
        byte === comma ||
        byte === newline ||
        byte === 0x7b ||
        byte === 0x5b ||
        this.#closes(byte, i, from)
      ) {
        this.#hold(chunk.subarray(from, i), this.limit);
        this.#cut(this.#seen + i);
        return i;
      }
    }
    this.#inString = inString;
    this.#escaped = escaped;
    this.#hold(chunk.subarray(from), this.limit);
    return chunk.length;
  }

  /** A closing bracket ends a token, unless it is the token: one too many. */
  #closes(byte: number, i: number, from: number): boolean {
    if (byte === 0x5d) return this.mode === 'array' || i > from || this.#begun > 0;
    return byte === 0x7d && (i > from || this.#begun > 0);
  }

  #hold(bytes: Buffer, limit: number): void {
    if (this.#begun <= limit) this.#parts.push(bytes);
    this.#begun += bytes.length;
  }

  #cut(end: number, fault?: Slice['fault']): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const slice: Slice = { bytes, line: this.line, end, endLine: this.line + 1 };
    if (fault !== undefined) slice.fault = fault;
    else if (this.#begun > this.limit) slice.fault = tooLong(this.limit);
    this.slices.push(slice);
    this.byte = end;
    this.line++;
    this.#place = this.#place === 'behind' ? 'behind' : 'between';
    this.#parts = [];
    this.#begun = 0;
  }
}
