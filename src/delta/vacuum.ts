/**
 * Deletes data files that no version within the retention needs. A file goes only when it is neither live nor freshly
 * removed, and was itself written before the retention began: that shields files of commits still under way, and takes with it
 * what crashed writers left. Deletion vectors and change data files go by the same rules.
 */
import { rmdir } from 'node:fs/promises';
import { posix } from 'node:path';
import { bounded } from '../base/bounded.js';
import { systemClock } from '../base/clock.js';
import { isMurmurError, MurmurError } from '../base/errors.js';
import { faultPoint } from '../base/fault-point.js';
import type { ObjectInfo, Storage } from '../storage/storage.js';
import type { AddFile, RemoveFile } from './actions.js';
import { deletionVectorPath } from './deletion-vector.js';
import type { DeltaLog } from './delta-log.js';
import { assertWritable } from './features.js';
import { literalPath } from './paths.js';
import { bytesOf, type Snapshot } from './snapshot.js';
import { deletedFileRetention } from './table-properties.js';

export interface VacuumOptions {
  /** Milliseconds; default: the table's `delta.deletedFileRetentionDuration`. */
  retainMs?: number;
  /** Needed for a `retainMs` below the table's own: readers of older versions lose their files, writers under way theirs. */
  allowShorter?: boolean;
  /** Only tells what would be deleted. */
  dryRun?: boolean;
  /** Who still has to read a file (a literal path); undefined when nobody has. */
  heldBy?: (path: string) => string | undefined;
  onProgress?(deleted: number, total: number): void;
}

export interface VacuumResult {
  /** Literal paths relative to the table. */
  files: string[];
  bytes: number;
  /** What would have been deleted, were it not for those who have yet to read it. */
  held: HeldFiles[];
}

export interface HeldFiles {
  by: string;
  files: number;
  bytes: number;
}

/** Files deleted at the same time. */
const deletesAtOnce = 8;

/** @throws delta.unsupported_feature (user), delta.negative_retention (user), delta.retention_too_short (user) */
export async function vacuum(table: DeltaLog, options: VacuumOptions = {}): Promise<VacuumResult> {
  const snapshot = await table.update();
  const { storage } = table;
  assertWritable(storage.root, snapshot.protocol, snapshot.metadata);
  const configured = deletedFileRetention(snapshot.metadata);
  const retainMs = options.retainMs ?? configured;
  assertRetention(storage.root, retainMs, configured, options.allowShorter ?? false);
  const cutoff = (table.env.clock ?? systemClock).now() - retainMs;

  const found: ObjectInfo[] = [];
  const protectedNow = protectedPaths(storage.root, snapshot, cutoff);
  for await (const file of dataFiles(storage)) {
    if (!protectedNow.has(file.path) && file.mtimeMs < cutoff) found.push(file);
  }
  const { doomed, held } = heldApart(found, options.heldBy ?? (() => undefined));
  if (options.dryRun || doomed.length === 0) return resultOf(doomed, held);

  const told = await noteUnlessFull(table, 'VACUUM START', {
    operationParameters: {
      retentionCheckEnabled: String(!options.allowShorter),
      defaultRetentionMillis: String(configured),
      ...(options.retainMs === undefined ? {} : { specifiedRetentionMillis: String(retainMs) }),
    },
    operationMetrics: {
      numFilesToDelete: String(doomed.length),
      sizeOfDataToDelete: String(bytesOf(doomed)),
    },
  });
  if (!told) await table.update();
  // Somebody may have brought files back while they were being listed.
  const protectedSince = protectedPaths(storage.root, table.snapshot, cutoff);
  const going = doomed.filter(({ path }) => !protectedSince.has(path));
  let deleted = 0;
  let folders = 0;
  const end = (status: string) =>
    noteUnlessFull(table, 'VACUUM END', {
      operationParameters: { status },
      operationMetrics: { numDeletedFiles: String(deleted), numVacuumedDirectories: String(folders) },
    });
  try {
    await bounded(going, deletesAtOnce, async ({ path }) => {
      faultPoint('delta.vacuum.before_delete');
      await storage.delete(path);
      deleted++;
      options.onProgress?.(deleted, going.length);
    });
    folders = await removeEmptyFolders(storage, going);
  } catch (e) {
    await end('FAILED').catch(() => undefined);
    throw e;
  }
  await end('COMPLETED');
  return resultOf(going, held);
}

function assertRetention(root: string, retainMs: number, configured: number, allowShorter: boolean): void {
  if (!(retainMs >= 0)) {
    throw new MurmurError('delta.negative_retention', `vacuuming with a retention of ${retainMs} ms`, {
      fault: 'user',
      fix: 'use a retention of 0 or more',
    });
  }
  if (retainMs >= configured || allowShorter) return;
  throw new MurmurError(
    'delta.retention_too_short',
    `vacuuming ${root} with a retention of ${retainMs} ms, its own is ${configured} ms`,
    {
      fault: 'user',
      fix: 'retain longer, or set delta.deletedFileRetentionDuration; or allow it, when nobody reads older versions or writes',
      context: { root, retainMs, configured },
    },
  );
}

/** Literal paths of what is live or was removed lately, with deletion vectors. */
function protectedPaths(root: string, { state }: Snapshot, cutoff: number): ReadonlySet<string> {
  const paths = new Set<string>();
  const protect = (file: AddFile | RemoveFile) => {
    for (const path of pathsWithin(root, file.path)) paths.add(path);
    const vector = file.deletionVector;
    if (vector === undefined || vector.storageType === 'i') return;
    const name = deletionVectorPath(vector) ?? vector.pathOrInlineDv;
    for (const path of pathsWithin(root, name)) paths.add(path);
  };
  for (const add of state.live.values()) protect(add);
  for (const remove of state.tombstones.values())
    if ((remove.deletionTimestamp ?? 0) >= cutoff) protect(remove);
  return paths;
}

/**
 * The paths below the root that a log path may mean. Of an absolute one that does not begin with the root as we know it (a
 * link, another spelling) every end is taken: better a file too many is kept.
 */
function pathsWithin(root: string, path: string): string[] {
  const literal = literalPath(path).replace(/^s3[an]:/i, 's3:');
  if (literal.startsWith(`${root}/`)) return [literal.slice(root.length + 1)];
  if (!/^(?:\/|[a-z][a-z0-9+.-]*:\/)/i.test(literal)) return [literal];
  const parts = literal.split('/');
  return parts.map((_, i) => parts.slice(i).join('/'));
}

function heldApart(
  files: readonly ObjectInfo[],
  heldBy: (path: string) => string | undefined,
): { doomed: ObjectInfo[]; held: HeldFiles[] } {
  const doomed: ObjectInfo[] = [];
  const held = new Map<string, HeldFiles>();
  for (const file of files) {
    const by = heldBy(file.path);
    if (by === undefined) doomed.push(file);
    else {
      const sum = held.get(by) ?? { by, files: 0, bytes: 0 };
      held.set(by, { by, files: sum.files + 1, bytes: sum.bytes + file.size });
    }
  }
  return { doomed, held: [...held.values()] };
}

/** Folders that deleted files leave empty. Only local disks have any. @returns how many were removed */
async function removeEmptyFolders(storage: Storage, deleted: readonly ObjectInfo[]): Promise<number> {
  const folders = new Set<string>();
  for (const { path } of deleted) {
    for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder))
      folders.add(folder);
  }
  let removed = 0;
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    const local = storage.localPath(folder);
    if (local === undefined) continue;
    // One that is not empty stays.
    const gone = await rmdir(local).then(
      () => true,
      () => false,
    );
    if (gone) removed++;
  }
  return removed;
}

/** Every file that may be one of the table's data files. Folders of others are passed over unread. */
async function* dataFiles(storage: Storage): AsyncIterable<ObjectInfo> {
  for (let after: string | undefined; ; ) {
    let passOver: string | undefined;
    for await (const file of storage.list('', after === undefined ? {} : { after })) {
      passOver = hiddenFolder(file.path);
      if (passOver !== undefined) break;
      if (!isHidden(file.path)) yield file;
    }
    if (passOver === undefined) return;
    after = `${passOver}/\u{10ffff}`;
  }
}

function hiddenFolder(path: string): string | undefined {
  const parts = path.split('/');
  const first = parts.slice(0, -1).findIndex((part) => isHidden(part));
  return first < 0 ? undefined : parts.slice(0, first + 1).join('/');
}

/** Names that belong to others (`_delta_log`, `.tmp`); partition folders such as `_p=1` are data. */
function isHidden(path: string): boolean {
  return path
    .split('/')
    .some(
      (part) => /^[_.]/.test(part) && !part.includes('=') && !['_change_data', '_delta_index'].includes(part),
    );
}

/**
 * On a full disk vacuum goes on without its notes: it is what makes room.
 * @returns whether the note stands in the log
 */
async function noteUnlessFull(...args: Parameters<typeof note>): Promise<boolean> {
  try {
    await note(...args);
    return true;
  } catch (e) {
    if (isMurmurError(e, 'storage.full')) return false;
    throw e;
  }
}

/** A commit that changes nothing but tells the history. Nothing that others do stands in its way for long. */
async function note(
  table: DeltaLog,
  operation: string,
  description: { operationParameters: Record<string, string>; operationMetrics: Record<string, string> },
): Promise<void> {
  for (;;) {
    const { outcome } = await table.begin().commit({ operation, ...description });
    if (outcome === 'committed') return;
    await table.update();
  }
}

function resultOf(files: readonly ObjectInfo[], held: HeldFiles[]): VacuumResult {
  return { files: files.map(({ path }) => path), bytes: bytesOf(files), held };
}
