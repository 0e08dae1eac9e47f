/**
 * Deletes data files that no version within the retention needs. A file goes only when it is neither live nor freshly
 * removed, and was itself written before the retention began: that shields files of commits still under way.
 */

import { systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import { faultPoint } from '../base/fault-point.js';
import type { ObjectInfo, Storage } from '../storage/storage.js';
import type { DeltaLog } from './delta-log.js';
import { assertWritable } from './features.js';
import { decodePath } from './paths.js';
import { deletedFileRetention } from './table-properties.js';

export interface VacuumOptions {
  /** Milliseconds; default: the table's `delta.deletedFileRetentionDuration`. */
  retainMs?: number;
  /** Needed for a `retainMs` below the table's own: readers of older versions lose their files. */
  allowShorter?: boolean;
  /** Only tells what would be deleted. */
  dryRun?: boolean;
  /** Files that somebody still has to read, by literal path. */
  isNeeded?: (path: string) => boolean;
}

export interface VacuumResult {
  /** Literal paths relative to the table. */
  files: string[];
  bytes: number;
}

/** @throws delta.unsupported_feature (user), delta.negative_retention (user), delta.retention_too_short (user) */
export async function vacuum(table: DeltaLog, options: VacuumOptions = {}): Promise<VacuumResult> {
  const snapshot = await table.update();
  assertWritable(table.storage.root, snapshot.protocol, snapshot.metadata);
  const configured = deletedFileRetention(snapshot.metadata);
  const retainMs = options.retainMs ?? configured;
  if (retainMs < 0) {
    throw new MurmurError('delta.negative_retention', `vacuuming with a retention of ${retainMs} ms`, {
      fault: 'user',
      fix: 'use a retention of 0 or more',
    });
  }
  if (retainMs < configured && !options.allowShorter) {
    throw new MurmurError(
      'delta.retention_too_short',
      `vacuuming ${table.storage.root} with a retention of ${retainMs} ms, its own is ${configured} ms`,
      { fault: 'user', fix: 'retain longer, or set delta.deletedFileRetentionDuration' },
    );
  }
  const cutoff = (table.env.clock ?? systemClock).now() - retainMs;
  const { root } = table.storage;
  const kept = new Set<string>();
  for (const { path } of snapshot.state.live.values()) kept.add(pathWithin(root, path));
  for (const { path, deletionTimestamp = 0 } of snapshot.state.tombstones.values()) {
    if (deletionTimestamp >= cutoff) kept.add(pathWithin(root, path));
  }

  const doomed: VacuumResult = { files: [], bytes: 0 };
  for await (const { path, size, mtimeMs } of dataFiles(table.storage)) {
    if (kept.has(path) || mtimeMs >= cutoff || options.isNeeded?.(path)) continue;
    doomed.files.push(path);
    doomed.bytes += size;
  }
  if (options.dryRun || doomed.files.length === 0) return doomed;

  await note(table, 'VACUUM START', {
    operationParameters: {
      retentionCheckEnabled: 'true',
      defaultRetentionMillis: String(configured),
      specifiedRetentionMillis: String(retainMs),
    },
    operationMetrics: {
      numFilesToDelete: String(doomed.files.length),
      sizeOfDataToDelete: String(doomed.bytes),
    },
  });
  for (const path of doomed.files) {
    faultPoint('delta.vacuum.before_delete');
    await table.storage.delete(path);
  }
  await note(table, 'VACUUM END', {
    operationParameters: { status: 'COMPLETED' },
    operationMetrics: { numDeletedFiles: String(doomed.files.length), numVacuumedDirectories: '0' },
  });
  return doomed;
}

/** Every file that may be one of the table's data files. Folders of others are passed over unread. */
async function* dataFiles(storage: Storage): AsyncIterable<ObjectInfo> {
  for (let after: string | undefined; ; ) {
    let passOver: string | undefined;
    for await (const file of storage.list('', after === undefined ? {} : { after })) {
      passOver = hiddenFolder(file.path);
      if (passOver !== undefined) break;
      if (!isHidden(file.path) && !deletionVectorFile.test(file.path)) yield file;
    }
    if (passOver === undefined) return;
    after = `${passOver}/\u{10ffff}`;
  }
}

/** They stay until what points at them is followed. */
const deletionVectorFile = /(?:^|\/)deletion_vector_[^/]+\.bin$/;

/** The literal path of a log path; relative to the root where it lies below it, however it is written. */
function pathWithin(root: string, path: string): string {
  const literal = decodePath(path).replace(/^file:\/*/, '/');
  return literal.startsWith(`${root}/`) ? literal.slice(root.length + 1) : decodePath(path);
}

function hiddenFolder(path: string): string | undefined {
  const parts = path.split('/');
  const first = parts.slice(0, -1).findIndex((part) => isHidden(part));
  return first < 0 ? undefined : parts.slice(0, first + 1).join('/');
}

/** Names that belong to others (`_delta_log`, `.tmp`); partition folders such as `_p=1` are data. */
function isHidden(path: string): boolean {
  return path.split('/').some((part) => /^[_.]/.test(part) && !part.includes('=') && part !== '_change_data');
}

async function note(
  table: DeltaLog,
  operation: string,
  description: { operationParameters: Record<string, string>; operationMetrics: Record<string, string> },
): Promise<void> {
  await table.begin().commit({ operation, ...description });
}
