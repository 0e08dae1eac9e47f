/**
 * Classic checkpoints: the whole state as one Parquet file, so that opening a table does not read its whole log
 * (PROTOCOL.md, "Checkpoints"). Written beside a temporary name, counted, and only then put in place: a bad checkpoint makes
 * other readers fail, none at all does not.
 */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import { faultPoint } from '../base/fault-point.js';
import type { Storage } from '../storage/storage.js';
import type { Action, AddFile, RemoveFile } from './actions.js';
import { checkpointPath, lastCheckpointPath, logFolder } from './log-files.js';
import type { ParquetHandler } from './parquet-handler.js';
import type { Snapshot } from './snapshot.js';
import { checkpointInterval, deletedFileRetention } from './table-properties.js';

/** Every `delta.checkpointInterval` commits, where a checkpoint of ours is what readers of the table may have. */
export function checkpointIsDue({ version, metadata, protocol }: Snapshot): boolean {
  if (
    metadata.configuration['delta.checkpoint.writeStatsAsStruct'] === 'true' &&
    protocol.minWriterVersion >= 3
  ) {
    return false;
  }
  return version > 0 && version % checkpointInterval(metadata) === 0;
}

/** @throws delta.checkpoint_invalid (internal), storage errors; the table is whole either way */
export async function writeCheckpoint(
  storage: Storage,
  parquet: ParquetHandler,
  snapshot: Snapshot,
  now: number,
): Promise<void> {
  const actions = [...checkpointActions(snapshot, now)];
  const temporary = `${logFolder}.${randomUUID()}.checkpoint.tmp`;
  try {
    const { rows, size } = await parquet.writeCheckpoint(storage, temporary, actions);
    if (rows !== actions.length) {
      throw new MurmurError(
        'delta.checkpoint_invalid',
        `writing the checkpoint of version ${snapshot.version}: ${rows} rows in the file, expected ${actions.length}`,
        { fault: 'internal' },
      );
    }
    faultPoint('delta.checkpoint.before_rename');
    const path = checkpointPath(snapshot.version);
    await storage.put(path, await storage.read(temporary));
    const hint = {
      version: snapshot.version,
      size: rows,
      sizeInBytes: size,
      numOfAddFiles: snapshot.fileCount,
    };
    await storage.put(lastCheckpointPath, Buffer.from(`${JSON.stringify(hint)}\n`));
    // Checksums that Spark left beside the files which these replace.
    await storage.delete(`${logFolder}.${path.slice(logFolder.length)}.crc`);
    await storage.delete(`${logFolder}._last_checkpoint.crc`);
  } finally {
    await storage.delete(temporary);
  }
}

/** One row an action; removed files that have expired are left out. */
export function* checkpointActions({ state, protocol, metadata }: Snapshot, now: number): Iterable<Action> {
  yield { protocol };
  yield { metaData: metadata };
  for (const txn of state.txns.values()) yield { txn };
  for (const domainMetadata of state.domains.values()) yield { domainMetadata };
  for (const add of state.live.values()) yield { add: quiet(add) };
  const expired = now - deletedFileRetention(metadata);
  for (const remove of state.tombstones.values()) {
    if ((remove.deletionTimestamp ?? 0) > expired) yield { remove: bare(remove) };
  }
}

function quiet(add: AddFile): AddFile {
  return { ...add, dataChange: false };
}

function bare({ stats, tags, ...remove }: RemoveFile): RemoveFile {
  return { ...remove, dataChange: false };
}
