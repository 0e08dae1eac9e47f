/**
 * The checksums that a position carries: of the whole text before it, so that a replay knows whether it reads the same,
 * and of the last bytes before it, so that a file that grew can be told from one that was rewritten longer without
 * reading all of it again.
 */
import { crc32 } from 'node:zlib';
import type { Position } from '../source.js';

/** Bytes before a position that its `tail` covers. */
export const tailBytes = 64;

interface Mark {
  byte: number;
  crc: number;
  tail: Buffer;
}

/** Follows a text chunk by chunk and gives the checksums at any place not before the last one asked for. */
export class Fingerprint {
  #mark: Mark;
  /** Everything up to here is hashed and let go, though the mark is still before it. */
  #ahead: Mark | undefined;
  readonly #chunks: Buffer[] = [];
  #held = 0;

  /** @param tail the last bytes before `at`, as many as there are up to `tailBytes` */
  constructor(at: Position, tail: Buffer) {
    this.#mark = { byte: at.byte, crc: at.crc ?? 0, tail };
  }

  /** The text goes on with these bytes. */
  append(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** Bytes of text that are kept because a place inside them may yet be asked for. */
  get held(): number {
    return this.#held;
  }

  /** Lets go of what is held: from now on only the last place, or one behind all of the text so far, may be asked for. */
  fold(): void {
    let ahead = this.#ahead ?? this.#mark;
    for (const chunk of this.#chunks) ahead = advance(ahead, chunk);
    this.#ahead = ahead;
    this.#chunks.length = 0;
    this.#held = 0;
  }

  /** The checksums at `byte`, which becomes the last place asked for. */
  at(byte: number): { crc: number; tail: number } {
    if (byte > this.#mark.byte) {
      let mark = this.#ahead ?? this.#mark;
      this.#ahead = undefined;
      while (mark.byte < byte) {
        const chunk = this.#chunks.shift()!;
        const part = chunk.subarray(0, byte - mark.byte);
        mark = advance(mark, part);
        this.#held -= part.length;
        if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length));
      }
      this.#mark = mark;
    }
    return { crc: this.#mark.crc, tail: crc32(this.#mark.tail) };
  }
}

function advance(mark: Mark, bytes: Buffer): Mark {
  const tail =
    bytes.length >= tailBytes
      ? bytes.subarray(-tailBytes)
      : Buffer.concat([mark.tail, bytes]).subarray(-tailBytes);
  return { byte: mark.byte + bytes.length, crc: crc32(bytes, mark.crc), tail };
}
