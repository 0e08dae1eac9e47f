/** From a planned input to raw records: reads what is not at hand, proves that it is what was planned, and parses. */
import { isMurmurError } from '../../base/errors.js';
import type { ObjectInfo } from '../../storage/storage.js';
import type { InputRange, PlannedInput, RawRecord, RecordFault } from '../source.js';
import { parseCsvRecords } from './csv-record.js';
import { faultOf } from './faults.js';
import { parseJsonObject } from './json-object.js';
import { deniedCode } from './judge.js';
import { openRange, type Reading } from './open-file.js';
import { parquetUri } from './parquet.js';
import type { Slice } from './split.js';

/** Records handed over at a time. */
const chunkRecords = 1_000;
/** Ranges that are read at the same time. */
const readAhead = 8;

export interface InputReading extends Reading {
  /** Takes the slices of a range out of what planning left at hand. */
  takeFresh(range: InputRange): Slice[] | undefined;
  stat(path: string): Promise<ObjectInfo | undefined>;
  /** A range is not what was planned any more. */
  onChanged(path: string, reason: string): void;
}

/** What became of a range. */
type Got = { slices: Slice[] } | { uri: string } | { changed: string };

/** The records of the input in order, in arrays. Every range gives its records, or one fault `source_changed`. */
export async function* readInput(
  reading: InputReading,
  { inputs }: PlannedInput,
  signal?: AbortSignal,
): AsyncGenerator<RawRecord[]> {
  let out: RawRecord[] = [];
  const ahead: Promise<Got>[] = [];
  let next = 0;
  for (const range of inputs) {
    signal?.throwIfAborted();
    for (; next < inputs.length && ahead.length < readAhead; next++) {
      const got = getRange(reading, inputs[next]!);
      // Awaited in its turn; until then a failure is not unhandled.
      got.catch(() => {});
      ahead.push(got);
    }
    const got = await ahead.shift()!;
    const source_file = range.path;
    if ('changed' in got) {
      reading.onChanged(range.path, got.changed);
      out.push({ source_file, position: range.from.line + 1, fault: changedFault(range, got.changed) });
    } else if ('uri' in got) {
      const parquet = { uri: got.uri, fromRow: range.from.line, toRow: range.to.line };
      out.push({ source_file, position: range.from.line + 1, parquet });
    } else
      for (let at = 0; at < got.slices.length; at += chunkRecords) {
        out.push(...parseSlices(range, got.slices.slice(at, at + chunkRecords)));
        if (out.length < chunkRecords) continue;
        yield out;
        out = [];
        signal?.throwIfAborted();
      }
    if (range.fault !== undefined && !('changed' in got))
      out.push({ source_file, position: range.to.line + 1, fault: range.fault });
    if (out.length >= chunkRecords) {
      yield out;
      out = [];
    }
  }
  if (out.length > 0) yield out;
}

/** Records of slices that were cut out of the same range. */
export function parseSlices(
  { path, format, csv }: Pick<InputRange, 'path' | 'format' | 'csv'>,
  slices: readonly Slice[],
): RawRecord[] {
  const sound = slices.filter((slice) => slice.fault === undefined);
  const parsed =
    format === 'csv'
      ? parseCsvRecords(
          sound.map((slice) => slice.bytes),
          csv!,
        )
      : sound.map((slice) => parseJsonObject(slice.bytes));
  let at = 0;
  return slices.map((slice): RawRecord => {
    const place = { source_file: path, position: slice.line + 1 };
    const { fault } = slice;
    if (fault !== undefined) return { ...place, fault: faultOf(fault.rule, fault.reason, slice.bytes) };
    const result = parsed[at++]!;
    if ('fields' in result) return { ...place, fields: result.fields };
    return { ...place, fault: faultOf('bad_line', result.reason, slice.bytes) };
  });
}

async function getRange(reading: InputReading, range: InputRange): Promise<Got> {
  const fresh = reading.takeFresh(range);
  if (fresh !== undefined) return { slices: fresh };
  try {
    if (range.format === 'parquet') return await getParquet(reading, range);
    if (range.to.byte === range.from.byte) return { slices: [] };
    return await getText(reading, range);
  } catch (e) {
    if (isMurmurError(e, 'storage.not_found')) return { changed: 'the file is gone' };
    const code = deniedCode(e);
    if (code === undefined) throw e;
    return { changed: `the file cannot be opened any more: ${code}` };
  }
}

async function getText(reading: InputReading, range: InputRange): Promise<Got> {
  const other = { changed: 'the text is another' };
  const cursor = await openRange(reading, range);
  if (cursor === undefined) return other;
  const cut = await cursor.take({
    records: Number.POSITIVE_INFINITY,
    bytes: Number.POSITIVE_INFINITY,
    begun: false,
  });
  const isSame = cut?.range.to.byte === range.to.byte && cut.range.to.crc === range.to.crc;
  return isSame ? { slices: cut.slices } : other;
}

async function getParquet(reading: InputReading, range: InputRange): Promise<Got> {
  if (range.to.line === range.from.line) return { slices: [] };
  const now = await reading.stat(range.path);
  if (now === undefined) return { changed: 'the file is gone' };
  if (now.size !== range.size || now.mtimeMs !== range.mtimeMs || now.etag !== range.etag)
    return { changed: 'the file was rewritten' };
  return { uri: await parquetUri(reading, range) };
}

function changedFault(range: InputRange, reason: string): RecordFault {
  const { from, to, format } = range;
  const what = format === 'ndjson' ? 'lines' : 'records';
  return faultOf(
    'source_changed',
    `${what} ${from.line + 1} to ${to.line} were planned and cannot be read again: ${reason}`,
  );
}
