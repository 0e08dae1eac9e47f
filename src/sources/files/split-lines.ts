/** NDJSON: one record a physical line. Blank lines are counted and give nothing. */
import { isJsonObject } from './json-object.js';
import { byteOrderMark, isBlank, type Rest, type Slice, type Splitter, tooLong } from './split.js';

const newline = 0x0a;
const carriageReturn = 0x0d;

export class LineSplitter implements Splitter {
  readonly slices: Slice[] = [];
  byte: number;
  line: number;
  /** The line that has begun: its parts, all of them or, when it is too long, only its beginning. */
  #parts: Buffer[] = [];
  #begun = 0;
  #midLine: boolean;

  /**
   * @param midLine the text before `at` ended inside a line that was read already: what is left of that line is none
   *   of its own, and a fault unless it is blank
   */
  constructor(
    at: { byte: number; line: number },
    midLine: boolean,
    readonly limit: number,
  ) {
    this.byte = at.byte;
    this.line = at.line;
    this.#midLine = midLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end < 0) break;
      this.#hold(chunk.subarray(start, end));
      this.#cut(1);
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** A last line without its end counts when it is a whole object: one that was cut never parses. */
  finish(): Rest | undefined {
    const rest = this.#content();
    if (isBlank(rest)) return undefined;
    if (this.#begun > this.limit) {
      const reason = `the last line is cut: it has no end and is ${tooLong(this.limit).reason}`;
      return { rule: 'line_too_long', reason, raw: rest };
    }
    if (!this.#midLine && !isJsonObject(rest))
      return {
        rule: 'bad_line',
        reason: 'the last line is cut: it has no end and is no whole object',
        raw: rest,
      };
    this.#cut(0);
    return undefined;
  }

  #hold(bytes: Buffer): void {
    if (this.#begun <= this.limit) this.#parts.push(bytes);
    this.#begun += bytes.length;
  }

  #content(): Buffer {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const isFirst = this.line === 0 && bytes.subarray(0, 3).equals(byteOrderMark);
    return bytes.subarray(isFirst ? 3 : 0, bytes.at(-1) === carriageReturn ? -1 : undefined);
  }

  /** Ends the line that has begun; `terminator` is the size of its line end. */
  #cut(terminator: number): void {
    const bytes = this.#content();
    const line = this.#midLine ? this.line - 1 : this.line;
    this.byte += this.#begun + terminator;
    this.line = line + 1;
    if (!isBlank(bytes)) {
      const slice: Slice = { bytes, line, end: this.byte, endLine: this.line };
      if (this.#begun > this.limit) slice.fault = tooLong(this.limit);
      else if (this.#midLine)
        slice.fault = {
          rule: 'bad_line',
          reason: 'text behind a whole object in a line that was read already',
        };
      this.slices.push(slice);
    }
    this.#midLine = false;
    this.#parts = [];
    this.#begun = 0;
  }
}
