/**
 * Deletes data files that no version within the retention needs. A file goes only when it is neither live nor freshly
 * removed, and was itself written before the retention began: that shields files of commits still under way.
 */

import { systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import type { DeltaTable } from './delta-table.js';
import { assertWritable } from './features.js';
import { decodePath } from './paths.js';
import { deletedFileRetention } from './table-properties.js';

export interface VacuumOptions {
  /** Milliseconds; default: the table's `delta.deletedFileRetentionDuration`. */
  retainMs?: number;
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

/** @throws delta.unsupported_feature (user), delta.negative_retention (user) */
export async function vacuum(table: DeltaTable, options: VacuumOptions = {}): Promise<VacuumResult> {
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
  const cutoff = (table.env.clock ?? systemClock).now() - retainMs;
  const kept = new Set([...snapshot.state.live.values()].map(({ path }) => decodePath(path)));
  for (const { path, deletionTimestamp = 0 } of snapshot.state.tombstones.values()) {
    if (deletionTimestamp >= cutoff) kept.add(decodePath(path));
  }

  const doomed: VacuumResult = { files: [], bytes: 0 };
  for await (const { path, size, mtimeMs } of table.storage.list('')) {
    if (isHidden(path) || kept.has(path) || mtimeMs >= cutoff || options.isNeeded?.(path)) continue;
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
  for (const path of doomed.files) await table.storage.delete(path);
  await note(table, 'VACUUM END', {
    operationParameters: { status: 'COMPLETED' },
    operationMetrics: { numDeletedFiles: String(doomed.files.length), numVacuumedDirectories: '0' },
  });
  return doomed;
}

/** Names that belong to others (`_delta_log`, `.tmp`); partition folders such as `_p=1` are data. */
function isHidden(path: string): boolean {
  return path.split('/').some((part) => /^[_.]/.test(part) && !part.includes('=') && part !== '_change_data');
}

async function note(
  table: DeltaTable,
  operation: string,
  description: { operationParameters: Record<string, string>; operationMetrics: Record<string, string> },
): Promise<void> {
  await table.begin().commit({ operation, ...description });
}
