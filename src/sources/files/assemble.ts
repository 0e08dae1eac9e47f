/**
 * Planning one batch: opens the files that may hold something new, oldest first, several at a time, and cuts records out
 * of them until a limit is reached. It moves nothing in the ledger.
 */
import type { Clock } from '../../base/clock.js';
import { isMurmurError } from '../../base/errors.js';
import type { BatchLimits, InputRange, PlannedInput, SourceHorizon } from '../source.js';
import { type Backlog, isWithin } from './backlog.js';
import type { Cut, FileCursor, Opened, Room } from './file-cursor.js';
import { deniedCode, deniedFault } from './judge.js';
import type { Ledger } from './ledger.js';
import { type ListedFile, type Listing, stillAt } from './listing.js';
import { headOf, openFile, type Reading } from './open-file.js';
import type { Slice } from './split.js';
import { isSameText } from './text-crc.js';

/** Files that are opened at the same time. */
const openAhead = 16;

export interface Assembly {
  reading: Reading;
  listing: Listing;
  ledger: Ledger;
  backlog: Backlog;
  clock: Clock;
  /** Cursors that stand inside a file since the last batch. */
  cursors: Map<string, { file: ListedFile; cursor: FileCursor }>;
}

export interface Assembled {
  input: PlannedInput;
  /** What was cut for each range, for the reader that follows. */
  slices: Map<InputRange, Slice[]>;
}

/**
 * The next batch; undefined when there is nothing to be had now, `again` when a second look would say more: a file was
 * found to be the one that was read before, or was written to meanwhile.
 */
export async function assemble(
  assembly: Assembly,
  limits: BatchLimits,
  horizon: SourceHorizon | undefined,
): Promise<Assembled | 'again' | undefined> {
  const { backlog } = assembly;
  let isSettled = true;
  await readmit(assembly);
  const candidates = backlog.candidates(horizon);
  const room: Room = { records: limits.posts, bytes: limits.bytes, begun: false };
  const cuts: { file: ListedFile; cut: Cut }[] = [];
  const ahead: Promise<Opened>[] = [];
  let next = 0;
  try {
    for (const file of candidates) {
      for (; next < candidates.length && ahead.length < openAhead; next++) {
        const opening = open(assembly, candidates[next]!, horizon);
        // Awaited in its turn; until then a failure is not unhandled.
        opening.catch(() => {});
        ahead.push(opening);
      }
      const opened = await ahead.shift()!;
      if (opened.kind === 'same') isSettled = false;
      const outcome = await cutFrom(assembly, file, opened, room, horizon);
      if (outcome === 'full') break;
      if (outcome === undefined) continue;
      cuts.push({ file, cut: outcome });
      room.begun = true;
      room.records -= outcome.records;
      room.bytes -= outcome.bytes;
      if (room.records <= 0 || room.bytes <= 0 || cuts.length >= limits.files) break;
    }
  } finally {
    for (const opened of await Promise.allSettled(ahead))
      if (opened.status === 'fulfilled' && opened.value.kind === 'cursor') await opened.value.cursor.close();
  }
  const assembled = await sound(assembly, cuts);
  if (assembled.input.inputs.length > 0) return assembled;
  return isSettled && cuts.length === 0 ? undefined : 'again';
}

/** Leaves out what was written to while it was read. */
async function sound(
  { listing, cursors }: Assembly,
  cuts: readonly { file: ListedFile; cut: Cut }[],
): Promise<Assembled> {
  const input: PlannedInput = { inputs: [], records: 0, bytes: 0 };
  const slices: Assembled['slices'] = new Map();
  for (const { file, cut } of cuts) {
    const { range } = cut;
    const now = await listing.stat(file.path);
    const isSame = now?.size === file.size && now.mtimeMs === file.mtimeMs && now.etag === file.etag;
    const hasGrown = now !== undefined && now.size > file.size && range.format === 'ndjson' && !range.gzip;
    if (!isSame && !hasGrown) {
      listing.suspect(file.path);
      cursors.delete(file.path);
      continue;
    }
    input.inputs.push(range);
    input.records += cut.records;
    input.bytes += cut.bytes;
    if (range.format !== 'parquet') slices.set(range, cut.slices);
  }
  return { input, slices };
}

async function open(
  assembly: Assembly,
  file: ListedFile,
  horizon: SourceHorizon | undefined,
): Promise<Opened> {
  const { reading, ledger, backlog, cursors } = assembly;
  const before = ledger.files.get(file.path);
  const kept = cursors.get(file.path);
  cursors.delete(file.path);
  const isKept =
    kept?.file === file &&
    before !== undefined &&
    kept.cursor.position.byte === before.to.byte &&
    kept.cursor.position.line === before.to.line;
  if (isKept) return { kind: 'cursor', cursor: kept.cursor };
  await kept?.cursor.close();
  try {
    if (backlog.verdict(file).kind === 'touched') return await verify(reading, file, before!);
    const isStill =
      assembly.clock.now() >= stillAt(file) && (horizon === undefined || isWithin(file, horizon));
    return await openFile(reading, file, before, { isStill, limit: horizon?.files.get(file.path) });
  } catch (e) {
    if (isMurmurError(e, 'storage.not_found')) return { kind: 'wait' };
    const code = deniedCode(e);
    if (code === undefined) throw e;
    const head = headOf(file, before ?? { format: 'ndjson', gzip: false });
    return { kind: 'faulty', head, fault: deniedFault(code) };
  }
}

/** The cut of an opened file; undefined when nothing is to be had of it, `full` when nothing fits any more. */
async function cutFrom(
  assembly: Assembly,
  file: ListedFile,
  opened: Opened,
  room: Room,
  horizon: SourceHorizon | undefined,
): Promise<Cut | 'full' | undefined> {
  const { backlog, ledger, cursors, clock } = assembly;
  // Behind a horizon it may still grow, and is left to a later run.
  const isMeant = horizon === undefined || isWithin(file, horizon);
  const rest = () => {
    if (isMeant) backlog.rest(file, Math.max(stillAt(file), clock.now() + 1));
  };
  switch (opened.kind) {
    case 'wait':
      // Past its time it waits to be listed as it is now.
      rest();
      return undefined;
    case 'nothing':
      if (isMeant) backlog.finish(file);
      return undefined;
    case 'same':
      backlog.markSame(file);
      return undefined;
    case 'changed':
      backlog.markChanged(file.path, opened.reason);
      return undefined;
    case 'faulty': {
      const from = ledger.files.get(file.path)?.to ?? { byte: 0, line: 0 };
      const range: InputRange = { ...opened.head, from, to: from, last: true, fault: opened.fault };
      return { range, records: 1, bytes: 0, slices: [], waits: false };
    }
    case 'cursor': {
      const { cursor } = opened;
      const cut = await cursor.take(room);
      if (cut === undefined) {
        await cursor.close();
        return 'full';
      }
      if (cursor.isDone) await cursor.close();
      else cursors.set(file.path, { file, cursor });
      const isProgress = cut.records > 0 || (cut.bytes > 0 && !cursor.isDone);
      if (isProgress) return cut;
      if (cut.waits || !isMeant) rest();
      else backlog.finish(file);
      return undefined;
    }
  }
}

/** Tells a file that was touched from one that was rewritten. */
async function verify(reading: Reading, file: ListedFile, before: InputRange): Promise<Opened> {
  const isSame = await isSameText(reading.storage, file, before);
  return isSame === true
    ? { kind: 'same' }
    : { kind: 'changed', reason: 'it was rewritten after it was read' };
}

async function readmit({ reading, backlog }: Assembly): Promise<void> {
  for (const file of backlog.takeRetries())
    await reading.storage
      .readRange(file.path, 0, 1)
      .then(() => backlog.readmit(file))
      .catch(() => {});
}
