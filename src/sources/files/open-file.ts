/**
 * Opening one file to read on from a place: what it is, whether it may be read already, and whether it still is what was
 * read before. Nothing here moves anything; it looks, and gives a cursor or the reason why there is none.
 */
import { crc32 } from 'node:zlib';
import type { Storage } from '../../storage/storage.js';
import type { SourceOptions } from '../options.js';
import type { CsvDialect, FileFormat, InputRange, Position } from '../source.js';
import { detectDialect } from './csv-dialect.js';
import { faultOf } from './faults.js';
import type { Opened, RangeHead } from './file-cursor.js';
import { tailBytes } from './fingerprint.js';
import type { ListedFile } from './listing.js';
import { formatOfName } from './names.js';
import { type CountParquetRows, isParquet, openParquet } from './parquet.js';
import { isUtf16, sniff } from './sniff.js';
import { byteOrderMark, isBlank, type Splitter } from './split.js';
import { CsvSplitter } from './split-csv.js';
import { JsonSplitter } from './split-json.js';
import { LineSplitter } from './split-lines.js';
import { chunkBytes, peek, readBytes, type StoredText, type TextChunks, textOf, until } from './text.js';
import { TextCursor } from './text-cursor.js';

export interface Reading extends SourceOptions {
  /** The landing place. */
  storage: Storage;
  /** The source's own notes; unpacked Parquet stands there for a while. */
  state: Storage;
  countParquetRows?: CountParquetRows | undefined;
}

export interface OpenOptions {
  /** It has stood still for long enough to count as finished. */
  isStill: boolean;
  /** Bytes of the file, as stored, that are wanted of plain NDJSON. */
  limit?: number | undefined;
}

const sampleBytes = 64 * 1024;

/** @param before the range of this file that was planned last, if one was */
export async function openFile(
  reading: Reading,
  file: ListedFile,
  before: InputRange | undefined,
  options: OpenOptions,
): Promise<Opened> {
  const isKnown = before !== undefined && (before.to.byte > 0 || before.to.line > 0);
  return isKnown ? openAgain(reading, file, before, options) : openFirst(reading, file, options);
}

/** What is needed to read text on from a place. */
export interface TextStart {
  head: RangeHead;
  from: Position;
  isStill: boolean;
  isLimited: boolean;
  maxLine: number;
}

/**
 * A cursor at `from`; undefined when the text before that place is not what it was.
 * @param chunks the text, from `tailBytes` before `from` on
 */
export async function textCursor(start: TextStart, chunks: TextChunks): Promise<TextCursor | undefined> {
  const { head, from, isStill, isLimited, maxLine } = start;
  const wanted = Math.min(from.byte, tailBytes);
  const opened = await peek(chunks, wanted);
  const tail = opened.sample.subarray(0, wanted);
  if (wanted > 0 && (tail.length < wanted || crc32(tail) !== from.tail)) {
    await opened.chunks.return(undefined);
    return undefined;
  }
  return new TextCursor({
    head,
    from,
    chunks: behind(opened.chunks, wanted),
    tail,
    splitter: splitterFor(head, from, wanted > 0 && tail.at(-1) !== 0x0a, maxLine),
    isStill,
    isLimited,
  });
}

async function openAgain(
  reading: Reading,
  file: ListedFile,
  before: InputRange,
  { isStill, limit }: OpenOptions,
): Promise<Opened> {
  const { format, gzip, to: from } = before;
  const head = headOf(file, before);
  if (!isStill && (gzip || format !== 'ndjson')) return { kind: 'wait' };
  if (format === 'parquet') return openParquet(reading, head, from);
  if (before.json === 'array' && before.last && before.fault === undefined)
    return { kind: 'changed', reason: 'it grew behind the end of its array' };
  const isLimited = limit !== undefined && limit < file.size;
  const stored = storedText(reading, file, gzip, isLimited ? limit : file.size);
  const cursor = await textCursor(
    { head, from, isStill, isLimited, maxLine: reading.max_line },
    textOf(stored, Math.max(0, from.byte - tailBytes)),
  );
  if (cursor === undefined)
    return { kind: 'changed', reason: 'it was rewritten: the text before the last place read is another' };
  return { kind: 'cursor', cursor };
}

async function openFirst(reading: Reading, file: ListedFile, options: OpenOptions): Promise<Opened> {
  const { isStill } = options;
  const name = formatOfName(file.path);
  const named = reading.format === 'auto' ? name.format : reading.format;
  if (!isStill && (name.gzip || named === 'csv' || named === 'parquet')) return { kind: 'wait' };
  if (file.size === 0) return { kind: 'nothing' };
  const start = await readBytes(reading.storage, file.path, 0, Math.min(file.size, chunkBytes));
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  if (gzip && !isStill) return { kind: 'wait' };

  const isLimited = !gzip && options.limit !== undefined && options.limit < file.size;
  const stored = storedText(reading, file, gzip, isLimited ? options.limit! : file.size);
  const text = await peek(textOf(stored, 0, start), sampleBytes);
  const sample = text.sample.subarray(text.sample.subarray(0, 3).equals(byteOrderMark) ? 3 : 0);
  const decided = decide(reading, file.path, named, sample, text.isWhole, isStill);
  const head = (format: FileFormat, more: Partial<RangeHead> = {}) => headOf(file, { format, gzip, ...more });

  if (decided.kind === 'text') {
    const { format, json, csv } = decided;
    if (format === 'ndjson' || (isStill && !isLimited)) {
      const kind = head(format, { ...(json && { json }), ...(csv && { csv }) });
      const from = { byte: 0, line: 0 };
      const cursor = await textCursor(
        { head: kind, from, isStill, isLimited, maxLine: reading.max_line },
        text.chunks,
      );
      return { kind: 'cursor', cursor: cursor! };
    }
  }
  await text.chunks.return(undefined);
  if (decided.kind === 'blank' && text.end === undefined) return { kind: 'nothing' };
  if (!isStill || decided.kind === 'text' || decided.kind === 'wait') return { kind: 'wait' };
  if (decided.kind === 'parquet') return openParquet(reading, head('parquet'), { byte: 0, line: 0 });
  const reason = decided.kind === 'blank' ? text.end! : decided.reason;
  return { kind: 'faulty', head: head('ndjson'), fault: faultOf('unreadable', reason, sample) };
}

type Decided =
  | { kind: 'text'; format: 'ndjson' | 'json' | 'csv'; json?: 'array' | 'values'; csv?: CsvDialect }
  | { kind: 'parquet' }
  | { kind: 'wait' }
  | { kind: 'blank' }
  | { kind: 'unknown'; reason: string };

/** The format, from the name where it says it, from the content where it does not. */
function decide(
  reading: Reading,
  path: string,
  named: FileFormat | undefined,
  sample: Buffer,
  isWhole: boolean,
  isStill: boolean,
): Decided {
  if (named === 'parquet' || (named === undefined && isParquet(sample))) return { kind: 'parquet' };
  if (isWhole && isBlank(sample)) return { kind: 'blank' };
  if (named === 'ndjson') return { kind: 'text', format: 'ndjson' };
  const csv = (): Decided => ({
    kind: 'text',
    format: 'csv',
    csv: detectDialect(sample, path, reading.csv),
  });
  if (isUtf16(sample)) return { kind: 'unknown', reason: 'the text is UTF-16; save it as UTF-8' };
  if (named === 'csv') return csv();
  const sniffed = sniff(sample, isWhole);
  if (sniffed.format === 'csv')
    return named === 'json' ? { kind: 'unknown', reason: 'not JSON, by its beginning' } : csv();
  if (sniffed.format === 'unknown') return { kind: 'unknown', reason: sniffed.reason };
  if (sniffed.format !== 'undecided') return { kind: 'text', ...sniffed };
  return isStill ? { kind: 'text', format: 'json', json: 'values' } : { kind: 'wait' };
}

function splitterFor(head: RangeHead, from: Position, isMidLine: boolean, maxLine: number): Splitter {
  if (head.format === 'csv') return new CsvSplitter(from, head.csv!, isMidLine, maxLine);
  if (head.format === 'json') return new JsonSplitter(from, head.json ?? 'values', maxLine);
  return new LineSplitter(from, isMidLine, maxLine);
}

/** What a range says of its file. */
export function headOf(
  file: ListedFile,
  kind: Pick<RangeHead, 'format' | 'gzip'> & Partial<Pick<RangeHead, 'json' | 'csv'>>,
): RangeHead {
  const { path, size, mtimeMs, etag } = file;
  const { format, gzip, json, csv } = kind;
  return {
    path,
    size,
    mtimeMs,
    ...(etag === undefined ? {} : { etag }),
    format,
    gzip,
    ...(json === undefined ? {} : { json }),
    ...(csv === undefined ? {} : { csv }),
  };
}

function storedText(reading: Reading, file: ListedFile, gzip: boolean, size: number): StoredText {
  return { storage: reading.storage, path: file.path, size, gzip };
}

/** The chunks behind the first `count` bytes. */
async function* behind(chunks: TextChunks, count: number): TextChunks {
  let left = count;
  for (let next = await chunks.next(); ; next = await chunks.next()) {
    if (next.done) return next.value;
    if (left < next.value.length) yield next.value.subarray(left);
    left = Math.max(0, left - next.value.length);
  }
}

/** Reads a planned range again: the cursor stands at its beginning and ends with it. */
export async function openRange(reading: Reading, range: InputRange): Promise<TextCursor | undefined> {
  const { from, to, gzip, path } = range;
  const start = Math.max(0, from.byte - tailBytes);
  const size = gzip ? range.size : to.byte;
  const chunks = textOf({ storage: reading.storage, path, size, gzip }, start);
  return textCursor(
    { head: range, from, isStill: true, isLimited: true, maxLine: reading.max_line },
    until(chunks, to.byte - start),
  );
}
