/**
 * RESTORE: makes an older version the newest again, by a commit that brings back its files and removes those that came since.
 * Every file is looked for first: a version whose files vacuum has taken cannot come back. Anything that others change
 * meanwhile wins, and the restore says so.
 */
import { isDeepStrictEqual as isEqual } from 'node:util';
import { bounded } from '../base/bounded.js';
import { MurmurError } from '../base/errors.js';
import { faultPoint } from '../base/fault-point.js';
import type { Storage } from '../storage/storage.js';
import type { AddFile, Metadata, Protocol } from './actions.js';
import type { ConflictKind } from './conflicts.js';
import { deletionVectorPath } from './deletion-vector.js';
import type { DeltaLog } from './delta-log.js';
import { assertWritable } from './features.js';
import { literalPath } from './paths.js';
import { bytesOf, type Snapshot } from './snapshot.js';

/** A version, or a time in milliseconds since the epoch. */
export type RestoreTarget = { version: number } | { timestamp: number };

export interface RestorePlan {
  /** The version whose state comes back, and the newest, which it replaces. */
  target: number;
  from: number;
  /** Files of the target that are not live now, and live ones that are not the target's. */
  restored: readonly AddFile[];
  removed: readonly AddFile[];
}

export type RestoreResult =
  | ({ outcome: 'restored'; version: number } & RestorePlan)
  /** Others were faster: `version` is theirs. */
  | { outcome: 'conflict'; version: number; kind: ConflictKind };

/** Files looked for at the same time. */
const looksAtOnce = 16;

/**
 * What a restore would do.
 * @throws delta.no_such_version (user); delta.restore_to_newest (user); delta.files_vacuumed (user) when files are gone
 */
export async function planRestore(table: DeltaLog, to: RestoreTarget): Promise<RestorePlan> {
  const now = await table.update();
  return planOn(table, now, await stateAt(table, to));
}

/**
 * @param kept what of the newest metadata stays, when that of the target comes back; nothing, if not given
 * @throws as `planRestore`; delta.unsupported_feature, delta.append_only (user); storage errors
 */
export async function restore(
  table: DeltaLog,
  to: RestoreTarget,
  kept: (then: Metadata, now: Metadata) => Metadata = (then) => then,
): Promise<RestoreResult> {
  const now = await table.update();
  const { root } = table.storage;
  assertWritable(root, now.protocol, now.metadata);
  const then = await stateAt(table, to);
  const plan = await planOn(table, now, then);
  const { restored, removed } = plan;

  const transaction = table.begin(now).reads('table').wholeFiles();
  for (const file of removed) transaction.remove(file);
  for (const file of restored) transaction.add(file, { nullsChecked: true });
  const metadata = kept(then.metadata, now.metadata);
  if (!isEqual(metadata, now.metadata)) transaction.setMetadata(metadata);
  const protocol = union(now.protocol, then.protocol);
  if (!isEqual(protocol, now.protocol)) transaction.setProtocol(protocol);
  faultPoint('delta.restore.before_commit');
  const result = await transaction.commit({
    operation: 'RESTORE',
    operationParameters:
      'version' in to
        ? { version: String(to.version), timestamp: '' }
        : { version: '', timestamp: new Date(to.timestamp).toISOString() },
    operationMetrics: {
      tableSizeAfterRestore: String(then.sizeInBytes),
      numOfFilesAfterRestore: String(then.fileCount),
      numRemovedFiles: String(removed.length),
      numRestoredFiles: String(restored.length),
      removedFilesSize: String(bytesOf(removed)),
      restoredFilesSize: String(bytesOf(restored)),
    },
  });
  if (result.outcome === 'conflict') {
    return { outcome: 'conflict', version: result.version, kind: result.kind };
  }
  return { outcome: 'restored', version: result.version, ...plan };
}

function stateAt(table: DeltaLog, to: RestoreTarget): Promise<Snapshot> {
  return 'version' in to ? table.at(to.version) : table.atTime(to.timestamp);
}

async function planOn({ storage }: DeltaLog, now: Snapshot, then: Snapshot): Promise<RestorePlan> {
  if (then.version >= now.version) {
    throw new MurmurError(
      'delta.restore_to_newest',
      `restoring ${storage.root} to version ${then.version}: it is the newest`,
      { fault: 'user', fix: `name a version below ${now.version}, see its history` },
    );
  }
  const restored = then.files.filter((file) => !now.has(file));
  const removed = now.files.filter((file) => !then.has(file));
  await assertThere(storage, then.version, restored);
  return { target: then.version, from: now.version, restored, removed };
}

/** Data files and their deletion vectors. */
async function assertThere(storage: Storage, version: number, files: readonly AddFile[]): Promise<void> {
  const paths = new Set<string>();
  for (const { path, deletionVector } of files) {
    paths.add(literalPath(path));
    const vector = deletionVector && deletionVectorPath(deletionVector);
    if (vector !== undefined) paths.add(vector);
  }
  // Files of shallow clones lie elsewhere, and are not this table's to vacuum.
  const own = [...paths].filter((path) => !/^(?:\/|[a-z][a-z0-9+.-]*:\/)/i.test(path));
  const found = await bounded(own, looksAtOnce, (path) => storage.stat(path));
  const gone = own.filter((_, i) => found[i] === undefined);
  if (gone.length === 0) return;
  throw new MurmurError(
    'delta.files_vacuumed',
    `restoring ${storage.root} to version ${version}: ${gone.length} of the ${own.length} files that it needs are gone`,
    {
      fault: 'user',
      fix: 'restore a later version; files that were removed stay for delta.deletedFileRetentionDuration only',
      context: { root: storage.root, version, missing: gone.length, needed: own.length, first: gone[0]! },
    },
  );
}

/** Never less than either asks for: files of both may have to be read. */
function union(a: Protocol, b: Protocol): Protocol {
  const features = (x: string[] | undefined, y: string[] | undefined) => [
    ...new Set([...(x ?? []), ...(y ?? [])]),
  ];
  const minReaderVersion = Math.max(a.minReaderVersion, b.minReaderVersion);
  const minWriterVersion = Math.max(a.minWriterVersion, b.minWriterVersion);
  return {
    ...{ minReaderVersion, minWriterVersion },
    ...(minReaderVersion === 3 ? { readerFeatures: features(a.readerFeatures, b.readerFeatures) } : {}),
    ...(minWriterVersion === 7 ? { writerFeatures: features(a.writerFeatures, b.writerFeatures) } : {}),
  };
}
