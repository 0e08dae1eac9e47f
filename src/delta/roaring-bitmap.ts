/**
 * The 64-bit Roaring bitmap in its portable form (RoaringFormatSpec, "Extension for 64-bit implementations"), read as ranges
 * of consecutive values. Nothing is unpacked beyond one range, so a bitmap of a whole file costs no more than its bytes.
 */

/** First and last value, both in it. */
export type RowRange = [first: number, last: number];

const cookieWithRuns = 12347;
const cookieWithoutRuns = 12346;
/** From this many containers on, one with runs has an offset header too. */
const offsetThreshold = 4;
/** A container with more values than these is a bitmap. */
const longestArray = 4096;
const bitmapBytes = 8192;

/**
 * Ascending ranges that do not touch.
 * @throws RangeError where the bytes end too early or are not in order
 */
export function* bitmapRanges(bytes: Uint8Array): Generator<RowRange> {
  let open: RowRange | undefined;
  for (const [first, last] of pieces(bytes)) {
    if (open !== undefined && first <= open[1]) throw new RangeError('values are not in ascending order');
    if (open !== undefined && first === open[1] + 1) open[1] = last;
    else {
      if (open !== undefined) yield open;
      open = [first, last];
    }
  }
  if (open !== undefined) yield open;
}

function* pieces(bytes: Uint8Array): Generator<RowRange> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const buckets = view.getBigUint64(0, true);
  let at = 8;
  for (let bucket = 0n; bucket < buckets; bucket++) {
    const high = view.getUint32(at, true);
    // Beyond 2^53 a number is not exact, and no file has that many rows.
    if (high >= 2 ** 21) throw new RangeError(`a row number above 2^53 (high part ${high})`);
    at = yield* bucketRanges(view, at + 4, high * 2 ** 32);
  }
  if (at !== view.byteLength) throw new RangeError(`${view.byteLength - at} bytes behind the bitmap`);
}

/** @returns where the next bucket begins */
function* bucketRanges(view: DataView, start: number, base: number): Generator<RowRange, number> {
  const cookie = view.getUint32(start, true);
  const withRuns = (cookie & 0xffff) === cookieWithRuns;
  if (!withRuns && cookie !== cookieWithoutRuns) throw new RangeError(`unknown cookie ${cookie}`);
  const containers = withRuns ? (cookie >>> 16) + 1 : view.getUint32(start + 4, true);
  const runFlags = start + 4;
  const keys = withRuns ? runFlags + Math.ceil(containers / 8) : start + 8;
  let at = keys + containers * 4;
  if (!withRuns || containers >= offsetThreshold) at += containers * 4;
  for (let i = 0; i < containers; i++) {
    const from = base + view.getUint16(keys + i * 4, true) * 2 ** 16;
    const cardinality = view.getUint16(keys + i * 4 + 2, true) + 1;
    if (withRuns && (view.getUint8(runFlags + (i >> 3)) & (1 << (i & 7))) !== 0) {
      const runs = view.getUint16(at, true);
      at += 2;
      for (let run = 0; run < runs; run++, at += 4) {
        const first = from + view.getUint16(at, true);
        yield [first, first + view.getUint16(at + 2, true)];
      }
    } else if (cardinality <= longestArray) {
      for (let k = 0; k < cardinality; k++, at += 2) {
        const value = from + view.getUint16(at, true);
        yield [value, value];
      }
    } else {
      yield* setBits(view, at, from);
      at += bitmapBytes;
    }
  }
  return at;
}

function* setBits(view: DataView, at: number, from: number): Generator<RowRange> {
  for (let byte = 0; byte < bitmapBytes; byte++) {
    const bits = view.getUint8(at + byte);
    const value = from + byte * 8;
    if (bits === 0xff) yield [value, value + 7];
    else for (let bit = 0; bits >> bit !== 0; bit++) if ((bits >> bit) & 1) yield [value + bit, value + bit];
  }
}
