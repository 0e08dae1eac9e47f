/** What people ask of a landing place: what is there, how much, why a file was read or not. Nothing here moves anything. */
import type { InputRange, RawRecord } from '../source.js';
import type { Backlog } from './backlog.js';
import type { Opened } from './file-cursor.js';
import { deniedCode, deniedFault } from './judge.js';
import type { Ledger } from './ledger.js';
import { type ListedFile, type Listing, stillAt } from './listing.js';
import { ignoredBecause } from './names.js';
import { openFile, type Reading } from './open-file.js';
import { parquetUri } from './parquet.js';
import { parseSlices } from './read-input.js';
import { isSameText } from './text-crc.js';

export type LandingFileState = 'new' | 'reading' | 'read' | 'changed' | 'ignored';

export interface LandingFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  mtimeMs: number;
  state: LandingFileState;
  /** Why it is ignored or changed, or what the source waits for. */
  reason?: string;
}

export interface LandingCount {
  files: number;
  bytes: number;
  /** Non-blank lines, array elements, CSV records, Parquet rows; broken ones included. */
  records: number;
}

export interface Explanation extends Omit<LandingFile, 'state'> {
  state: LandingFileState | 'missing';
  /** The whole answer as a sentence. */
  message: string;
  format?: string;
  gzip?: boolean;
  /** The place to which it was read: bytes of text; lines of NDJSON, records of anything else. */
  readTo?: { byte: number; line: number };
}

/** The view of a landing place that the questions need. */
export interface Landing {
  listing: Listing;
  ledger: Ledger;
  backlog: Backlog;
  reading: Reading;
}

export async function landingFiles(landing: Landing): Promise<LandingFile[]> {
  const { listing, backlog, ledger } = landing;
  const found: LandingFile[] = [];
  for (const file of listing.files.values()) found.push(await describe(landing, file));
  for (const [path, reason] of listing.ignored)
    found.push({ path, size: 0, mtimeMs: 0, ...(await listing.stat(path)), state: 'ignored', reason });
  for (const { path, reason } of backlog.state().changedFiles)
    if (!listing.files.has(path))
      found.push({ path, size: 0, mtimeMs: ledger.files.get(path)?.mtimeMs ?? 0, state: 'changed', reason });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function describe({ backlog, ledger, reading }: Landing, file: ListedFile): Promise<LandingFile> {
  const { path, size, mtimeMs } = file;
  const as = (state: LandingFileState, reason?: string): LandingFile => ({
    path,
    size,
    mtimeMs,
    state,
    ...(reason === undefined ? {} : { reason }),
  });
  const why = backlog.whyChanged(path);
  if (why !== undefined) return as('changed', why);
  const before = ledger.files.get(path);
  const verdict = backlog.verdict(file);
  if (verdict.kind === 'changed' || verdict.kind === 'denied') return as('changed', verdict.reason);
  if (verdict.kind === 'read') return as('read', before?.fault?.reason);
  if (before !== undefined && verdict.kind !== 'new' && before.mtimeMs !== mtimeMs) {
    const isSame = await isSameText(reading.storage, file, before);
    if (isSame === false || (isSame === undefined && verdict.kind === 'touched'))
      return as('changed', 'it was rewritten after it was read');
    if (verdict.kind === 'touched') return as(before.last ? 'read' : 'reading');
  }
  const until = backlog.restsUntil(file);
  if (file.size === 0 || until === Number.POSITIVE_INFINITY) return as('read', 'nothing is in it');
  const isResting = until !== undefined && until > backlog.clock.now();
  return as(verdict.kind === 'new' ? 'new' : 'reading', isResting ? stillWritten : undefined);
}

export async function count({ listing, reading }: Landing): Promise<LandingCount> {
  const total: LandingCount = { files: 0, bytes: 0, records: 0 };
  for (const file of listing.files.values()) {
    total.files++;
    total.bytes += file.size;
    const opened = await openWhole(reading, file);
    if (opened.kind === 'faulty') total.records++;
    if (opened.kind !== 'cursor') continue;
    const { cursor } = opened;
    while (!cursor.isDone) {
      const cut = await cursor.take({ records: 100_000, bytes: 32 * 1024 * 1024, begun: false });
      total.records += cut?.records ?? 0;
    }
  }
  return total;
}

/** @param perFile most records from one file */
export async function head(n: number, perFile: number, { listing, reading }: Landing): Promise<RawRecord[]> {
  const files = [...listing.files.values()].sort(
    (a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1),
  );
  const found: RawRecord[] = [];
  let left = n;
  for (const file of files) {
    if (left <= 0) break;
    const records = await firstRecords(reading, file, Math.min(left, perFile));
    for (const record of records)
      left -= 'parquet' in record ? record.parquet.toRow - record.parquet.fromRow : 1;
    found.push(...records);
  }
  return found;
}

async function firstRecords(reading: Reading, file: ListedFile, n: number): Promise<RawRecord[]> {
  const opened = await openWhole(reading, file);
  const source_file = file.path;
  if (opened.kind === 'faulty') return [{ source_file, position: 1, fault: opened.fault }];
  if (opened.kind !== 'cursor') return [];
  const cut = await opened.cursor.take({ records: n, bytes: 32 * 1024 * 1024, begun: false });
  await opened.cursor.close();
  if (cut === undefined) return [];
  const { range } = cut;
  if (range.format === 'parquet') {
    const uri = await parquetUri(reading, range);
    return [{ source_file, position: 1, parquet: { uri, fromRow: 0, toRow: range.to.line } }];
  }
  const records = parseSlices(range, cut.slices);
  if (range.fault !== undefined)
    records.push({ source_file, position: range.to.line + 1, fault: range.fault });
  return records;
}

/** The file from its beginning, taken as finished. */
async function openWhole(reading: Reading, file: ListedFile): Promise<Opened> {
  try {
    return await openFile(reading, file, undefined, { isStill: true });
  } catch (e) {
    const code = deniedCode(e);
    if (code === undefined) throw e;
    const { path, size, mtimeMs } = file;
    return {
      kind: 'faulty',
      head: { path, size, mtimeMs, format: 'ndjson', gzip: false },
      fault: deniedFault(code),
    };
  }
}

export async function explain(path: string, landing: Landing): Promise<Explanation> {
  const { listing, ledger } = landing;
  const before = ledger.files.get(path);
  const file = listing.files.get(path);
  if (file === undefined) return explainAbsent(path, landing, before);
  const described = await describe(landing, file);
  const kind = before ?? (await kindOf(landing.reading, file));
  const isPlain = kind?.format === 'ndjson' && !kind.gzip;
  if (described.state === 'new' && !isPlain && landing.backlog.clock.now() < stillAt(file))
    described.reason = stillWritten;
  return {
    ...described,
    ...(kind === undefined ? {} : { format: kind.format, gzip: kind.gzip }),
    ...(before === undefined ? {} : { readTo: { byte: before.to.byte, line: before.to.line } }),
    message: sentence(described, before),
  };
}

const stillWritten = 'it may still be written to, and is read when it has stood still for 1 s';

async function explainAbsent(
  path: string,
  { listing, backlog }: Landing,
  before: InputRange | undefined,
): Promise<Explanation> {
  const info = await listing.stat(path);
  const reason = listing.ignored.get(path) ?? (info === undefined ? undefined : ignoredBecause(path));
  if (reason !== undefined)
    return { path, size: 0, mtimeMs: 0, ...info, state: 'ignored', reason, message: `ignored: ${reason}` };
  const place = before === undefined ? {} : { readTo: { byte: before.to.byte, line: before.to.line } };
  const why = backlog.whyChanged(path);
  const message =
    why ??
    (before === undefined
      ? 'there is no such file in the landing place'
      : 'it was read to its end, and is no longer there');
  return { path, size: 0, mtimeMs: 0, state: why === undefined ? 'missing' : 'changed', ...place, message };
}

async function kindOf(
  reading: Reading,
  file: ListedFile,
): Promise<Pick<InputRange, 'format' | 'gzip'> | undefined> {
  const opened = await openWhole(reading, file);
  if (opened.kind !== 'cursor') return undefined;
  const cut = await opened.cursor.take({ records: 1, bytes: 1, begun: false });
  await opened.cursor.close();
  return cut?.range;
}

function sentence({ state, reason, size }: LandingFile, before: InputRange | undefined): string {
  const unit = before?.format === 'ndjson' ? 'line' : 'record';
  const units = before?.to.line === 1 ? unit : `${unit}s`;
  const place = before === undefined ? '' : `${before.to.line} ${units} (${before.to.byte} bytes of text)`;
  if (state === 'changed')
    return `not read any further: ${reason}; under a new name it would be read from its beginning`;
  if (state === 'read' && before === undefined) return 'nothing is in it';
  if (state === 'read')
    return before?.fault === undefined
      ? `read to its end: ${place}`
      : `read as far as can be, ${place}: ${reason}`;
  if (state === 'reading') return `read so far: ${place}; the rest of its ${size} bytes follows`;
  return `new: ${reason ?? 'it is read with one of the next batches'}`;
}
