/** Splitting does not depend on where chunks end, nor on where a batch did; the checksums of a place are those of its text. */
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cut, RangeHead } from '../../src/sources/files/file-cursor.js';
import type { Slice, Splitter } from '../../src/sources/files/split.js';
import { CsvSplitter } from '../../src/sources/files/split-csv.js';
import { JsonSplitter } from '../../src/sources/files/split-json.js';
import { LineSplitter } from '../../src/sources/files/split-lines.js';
import type { TextChunks } from '../../src/sources/files/text.js';
import { TextCursor } from '../../src/sources/files/text-cursor.js';
import type { Position } from '../../src/sources/source.js';

const limit = 24;
const begin = { byte: 0, line: 0 };
const splitters: Record<string, (at: Position, isMidLine: boolean) => Splitter> = {
  NDJSON: (at, isMidLine) => new LineSplitter(at, isMidLine, limit),
  'JSON array': (at) => new JsonSplitter(at, 'array', limit),
  'JSON values': (at) => new JsonSplitter(at, 'values', limit),
  CSV: (at, isMidLine) => new CsvSplitter(at, { delimiter: ',', header: true }, isMidLine, limit),
};

const piece = fc.constantFrom(
  ...['{', '}', '[', ']', '"', '\\', ',', '\n', '\r\n', ' ', 'ü', '\uFEFF', 'null', '{"a":1}', '"a,b"', '""'],
  ...['x'.repeat(20), 'a,b\n', '{"b":"\\""}\n'],
);
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join('')));

/** The buffer in pieces of these sizes, then the rest. */
function cutUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...chunks, bytes.subarray(at)].filter((chunk) => chunk.length > 0);
}

/** A slice that is too long keeps its beginning, of no certain length. */
const comparable = (slices: readonly Slice[]) =>
  slices.map(({ bytes, ...rest }) => ({
    ...rest,
    text: bytes.toString('latin1', 0, rest.fault ? 10 : undefined),
  }));

function splitAll(splitter: Splitter, chunks: readonly Buffer[]) {
  for (const chunk of chunks) splitter.push(chunk);
  const rest = splitter.finish(false);
  const { byte, line, slices } = splitter;
  return {
    slices: comparable(slices),
    byte,
    line,
    rest: rest && { ...rest, raw: rest.raw.toString('latin1', 0, 10) },
  };
}

async function* streamed(chunks: readonly Buffer[]): TextChunks {
  yield* chunks;
  return undefined;
}

for (const [name, make] of Object.entries(splitters))
  describe(name, () => {
    it('is cut alike in chunks of any size', () => {
      fc.assert(
        fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 80 }), (bytes, sizes) => {
          const whole = splitAll(make(begin, false), [bytes]);
          expect(splitAll(make(begin, false), cutUp(bytes, sizes))).toEqual(whole);
          let end = 0;
          for (const slice of whole.slices) {
            expect(slice.end).toBeGreaterThan(end);
            end = slice.end;
          }
          expect(whole.byte).toBeLessThanOrEqual(bytes.length);
        }),
        { numRuns: 150 },
      );
    });

    it('goes on from any place as if it had not stopped', async () => {
      await fc.assert(
        fc.asyncProperty(
          text,
          fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 80 }),
          fc.integer({ min: 1, max: 5 }),
          async (bytes, sizes, records) => {
            const head = {
              path: 'x',
              size: bytes.length,
              mtimeMs: 0,
              format: 'ndjson',
              gzip: false,
            } as RangeHead;
            const cursorAt = (from: Position, chunks: Buffer[], isLimited = false) => {
              const tail = bytes.subarray(Math.max(0, from.byte - 64), from.byte);
              const splitter = make(from, from.byte > 0 && tail.at(-1) !== 0x0a);
              const options = { head, from, tail, splitter, isStill: true, isLimited };
              return new TextCursor({ ...options, chunks: streamed(chunks) });
            };
            const room = { records, bytes: Number.POSITIVE_INFINITY, begun: false };
            const going = cursorAt(begin, cutUp(bytes, sizes));
            const cuts: Cut[] = [];
            while (!going.isDone) cuts.push((await going.take(room))!);
            let from: Position = begin;
            for (const cut of cuts) {
              const { to, fault } = cut.range;
              expect(to.crc ?? 0).toBe(crc32(bytes.subarray(0, to.byte)));
              expect(to.tail ?? 0).toBe(crc32(bytes.subarray(Math.max(0, to.byte - 64), to.byte)));
              const again = (await cursorAt(from, [bytes.subarray(from.byte)]).take(room))!;
              expect(comparable(again.slices)).toEqual(comparable(cut.slices));
              expect(again.range.fault?.reason).toBe(fault?.reason);
              // A replay reads the range and nothing behind it.
              const alone = cursorAt(from, cutUp(bytes.subarray(from.byte, to.byte), sizes), true);
              const replayed = (await alone.take({ ...room, records: 1e9 }))!;
              expect(comparable(replayed.slices)).toEqual(comparable(cut.slices));
              expect(replayed.range.to).toEqual(to);
              from = to;
            }
            const all = splitAll(make(begin, false), [bytes]);
            expect(cuts.flatMap((cut) => comparable(cut.slices))).toEqual(all.slices);
          },
        ),
        { numRuns: 150 },
      );
    });
  });
