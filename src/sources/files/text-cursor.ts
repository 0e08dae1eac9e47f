/** A cursor through text: chunks go to a splitter, its records to batches, and every cut gets its checksums. */
import type { Position, RecordFault } from '../source.js';
import { faultOf } from './faults.js';
import type { Cut, FileCursor, RangeHead, Room } from './file-cursor.js';
import { Fingerprint } from './fingerprint.js';
import type { Slice, Splitter } from './split.js';
import type { TextChunks } from './text.js';

export interface TextCursorOptions {
  head: RangeHead;
  from: Position;
  /** The text from `from` on. */
  chunks: TextChunks;
  /** The bytes before `from`, as many as the fingerprint wants. */
  tail: Buffer;
  splitter: Splitter;
  /** The file has stood still: what is unfinished at its end will stay so. */
  isStill: boolean;
  /** The chunks end before the file does, because more is not wanted. */
  isLimited: boolean;
}

/** Bytes without a whole record after which their text is let go. */
const foldBytes = 1024 * 1024;

export class TextCursor implements FileCursor {
  position: Position;
  readonly #fingerprint: Fingerprint;
  #next = 0;
  #isFaultGiven = false;
  #end: { fault?: RecordFault; waits: boolean } | undefined;

  constructor(readonly options: TextCursorOptions) {
    this.position = options.from;
    this.#fingerprint = new Fingerprint(options.from, options.tail);
  }

  get isDone(): boolean {
    if (this.#end === undefined || this.#next < this.options.splitter.slices.length) return false;
    return this.#end.fault === undefined || this.#isFaultGiven;
  }

  async take(room: Room): Promise<Cut | undefined> {
    const { splitter, head } = this.options;
    const from = this.position;
    const slices: Slice[] = [];
    let at = { byte: from.byte, line: from.line };
    let isFull = false;
    while (!isFull) {
      const slice = splitter.slices[this.#next];
      if (slice === undefined) {
        at = { byte: splitter.byte, line: splitter.line };
        const isLongBlank = slices.length === 0 && at.byte - from.byte >= Math.max(room.bytes, foldBytes);
        if (this.#end !== undefined || isLongBlank) break;
        await this.#pull();
        continue;
      }
      const begun = room.begun || slices.length > 0;
      isFull = slices.length >= room.records || (begun && slice.end - from.byte > room.bytes);
      if (isFull) break;
      slices.push(slice);
      this.#next++;
      at = { byte: slice.end, line: slice.endLine };
    }
    if (isFull && slices.length === 0) return undefined;
    const fault = isFull ? undefined : this.#end?.fault;
    if (fault !== undefined && slices.length >= room.records) return this.#cut(head, from, at, slices, false);
    this.#isFaultGiven = fault !== undefined;
    return this.#cut(head, from, at, slices, !isFull && this.#end !== undefined, fault);
  }

  async close(): Promise<void> {
    await this.options.chunks.return(undefined);
  }

  #cut(
    head: RangeHead,
    from: Position,
    at: { byte: number; line: number },
    slices: Slice[],
    isEnd: boolean,
    fault?: RecordFault,
  ): Cut {
    const to: Position = at.byte === 0 ? at : { ...at, ...this.#fingerprint.at(at.byte) };
    const waits = isEnd && this.#end!.waits;
    const last = isEnd && !waits && !this.options.isLimited;
    this.position = to;
    return {
      range: { ...head, from, to, last, ...(fault === undefined ? {} : { fault }) },
      records: slices.length + (fault === undefined ? 0 : 1),
      bytes: to.byte - from.byte,
      slices,
      waits,
    };
  }

  /** Cuts records out of the next chunk; only called when all that were cut are taken. */
  async #pull(): Promise<void> {
    const { splitter, chunks } = this.options;
    splitter.slices.length = 0;
    this.#next = 0;
    if (this.#fingerprint.held > foldBytes) {
      this.#fingerprint.at(splitter.byte);
      this.#fingerprint.fold();
    }
    const next = await chunks.next();
    if (!next.done) {
      this.#fingerprint.append(next.value);
      splitter.push(next.value);
      return;
    }
    const { isStill, isLimited } = this.options;
    const rest = splitter.finish(isLimited);
    if (next.value !== undefined)
      this.#end = { fault: faultOf('unreadable', next.value, rest?.raw), waits: false };
    else if (rest === undefined || isLimited) this.#end = { waits: false };
    else if (isStill) this.#end = { fault: faultOf(rest.rule, rest.reason, rest.raw), waits: false };
    else this.#end = { waits: true };
  }
}
