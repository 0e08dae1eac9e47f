/**
 * Reading on in one file: records are cut until a batch is full or the file ends, and the next batch goes on from there
 * without reading anything twice. What a cursor gives depends on the file's content and the place where it began alone.
 */
import type { InputRange, Position, RecordFault } from '../source.js';
import type { Slice } from './split.js';

/** What a batch can still take. */
export interface Room {
  records: number;
  bytes: number;
  /** The batch holds records already; otherwise it takes one, however large. */
  begun: boolean;
}

/** What was cut for one batch. */
export interface Cut {
  range: InputRange;
  /** Records, and one more for the range's fault. */
  records: number;
  bytes: number;
  slices: Slice[];
  /** Behind the range stands an unfinished record, to be looked at again when the file has stood still. */
  waits: boolean;
}

export interface FileCursor {
  /** The place of the next record. */
  readonly position: Position;
  /** There is nothing behind the last cut. */
  readonly isDone: boolean;
  /** The next records; undefined when the room is too small for any. */
  take(room: Room): Promise<Cut | undefined>;
  close(): Promise<void>;
}

/** The file, as its range will describe it. */
export type RangeHead = Omit<InputRange, 'from' | 'to' | 'last' | 'fault'>;

/** What came of opening a file. */
export type Opened =
  | { kind: 'cursor'; cursor: FileCursor }
  /** It may be unfinished: not before it has stood still. */
  | { kind: 'wait' }
  /** Nothing is in it, or nothing new. */
  | { kind: 'nothing' }
  /** It is what was read; only its time is another. */
  | { kind: 'same' }
  /** It is not the file any more of which a part was read. */
  | { kind: 'changed'; reason: string }
  /** No post can come of it as it is. */
  | { kind: 'faulty'; head: RangeHead; fault: RecordFault };
