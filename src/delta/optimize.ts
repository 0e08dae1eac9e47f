/**
 * OPTIMIZE: rewrites files so that there are fewer, fuller ones, or ones in Z-order. Rows stay what they are, so the commits
 * say `dataChange: false` and readers that follow the table see nothing. The work is cut into batches, each a commit of its
 * own: a kill loses one of them, and what another writer removed meanwhile stops only the batch that read it.
 * Idempotent: when there is nothing to gain, nothing is committed.
 */
import { faultPoint } from '../base/fault-point.js';
import type { AddFile, DataFile } from './actions.js';
import type { ConflictKind } from './conflicts.js';
import type { DeltaLog } from './delta-log.js';
import { assertWritable } from './features.js';
import { planBins, planZOrder, type RewriteGroup } from './optimize-plan.js';
import { decodePath, encodePath, fileKey } from './paths.js';
import { bytesOf, type Snapshot } from './snapshot.js';
import { targetFileSize } from './table-properties.js';
import type { CommitResult, Transaction } from './transaction.js';
import { zCubeTags, zOrderColumns } from './z-order.js';

export interface OptimizeOptions {
  /** Bytes that files should have. Default: the table's `delta.targetFileSize`, else 128 MiB. */
  targetSize?: number;
  /** Bytes, the second exclusive: other files are left alone, so that one who joins often can join like with like. */
  sizes?: { from: number; to: number };
  /** Puts rows into Z-order by these columns. Partitions that are in it already are left alone. */
  zOrderBy?: readonly string[];
  /** Only files of partitions that match; `predicate` is its text, for the history. */
  where?: { predicate: string; matches(file: AddFile): boolean };
  /** Fewest files that are worth a rewrite. Default 2. */
  minFiles?: number;
  /** Most bytes to read in this call: the cap on what it may cost. Default: no cap. */
  maxBytes?: number;
  /** Bytes read for one commit, at least one bin or one partition. Default 1 GiB. */
  batchBytes?: number;
  /** Whether nobody asked for it; stands in the history. */
  auto?: boolean;
  onProgress?(progress: OptimizeProgress): void;
}

export interface OptimizeProgress {
  /** Bytes of files rewritten so far, and of all that will be by what is known now. */
  doneBytes: number;
  totalBytes: number;
}

export interface OptimizeResult {
  /** What was committed, ascending; empty when there was nothing to do. */
  versions: number[];
  filesAdded: number;
  filesRemoved: number;
  bytesAdded: number;
  bytesRemoved: number;
  /** Set when others changed files that were being rewritten: theirs stands, and so do the commits before. */
  conflict?: { version: number; kind: ConflictKind };
}

const defaultBatchBytes = 2 ** 30;

/** @throws delta.unsupported_feature (user), delta.zorder_column (user), what the Parquet handler throws, storage errors */
export async function optimize(table: DeltaLog, options: OptimizeOptions = {}): Promise<OptimizeResult> {
  const first = await table.update();
  const { root } = table.storage;
  assertWritable(root, first.protocol, first.metadata);
  const targetSize = options.targetSize ?? targetFileSize(first.metadata);
  const zOrderBy = zOrderColumns(root, first, options.zOrderBy ?? []);
  const { where, sizes } = options;
  const matches = (file: AddFile) =>
    (!sizes || (file.size >= sizes.from && file.size < sizes.to)) && (where?.matches(file) ?? true);
  // What others add meanwhile is for the next run: on a busy table this one would never end.
  const ours = new Set(first.files.filter(matches).map(fileKey));
  const plan = ({ files }: Snapshot): RewriteGroup[] => {
    const mine = files.filter((file) => ours.has(fileKey(file)));
    return zOrderBy.length > 0
      ? planZOrder(mine, () => zCubeTags(zOrderBy, targetSize))
      : planBins(mine, { targetSize, minFiles: options.minFiles ?? 2 });
  };

  const result = emptyResult();
  const report = (doneBytes: number, toDo: readonly RewriteGroup[]) =>
    options.onProgress?.({ doneBytes, totalBytes: doneBytes + bytesIn(toDo) });
  for (;;) {
    // Begun before the work: whatever happens to these files meanwhile is then a conflict.
    const transaction = table.begin();
    const budget = (options.maxBytes ?? Number.POSITIVE_INFINITY) - result.bytesRemoved;
    const groups = upTo(plan(transaction.base), budget);
    const batch = groups.slice(0, batchLength(groups, options.batchBytes ?? defaultBatchBytes));
    if (batch.length === 0) return result;
    const added = await rewrite(table, transaction.base, batch, { targetSize, zOrderBy }, (done) =>
      report(result.bytesRemoved + bytesIn(batch.slice(0, done)), groups.slice(done)),
    );
    const committed = await commit(table, transaction, batch, added, options, zOrderBy);
    if (committed.outcome === 'conflict') {
      return { ...result, conflict: { version: committed.version, kind: committed.kind } };
    }
    const removed = batch.flatMap(({ files }) => files);
    // What a rewrite that gained nothing has left is not tried again.
    if (added.length < removed.length || hasVectors(removed))
      for (const file of added) ours.add(fileKey(file));
    result.versions.push(committed.version);
    result.filesAdded += added.length;
    result.filesRemoved += removed.length;
    result.bytesAdded += bytesOf(added);
    result.bytesRemoved += bytesOf(removed);
  }
}

/** New files for every group, as the log will name them. Where one fails, none is left. */
async function rewrite(
  { storage, env }: DeltaLog,
  { schema, metadata }: Snapshot,
  batch: readonly RewriteGroup[],
  layout: { targetSize: number; zOrderBy: readonly string[] },
  onDone: (groups: number) => void,
): Promise<AddFile[]> {
  const { partitionColumns, configuration } = metadata;
  const added: AddFile[] = [];
  try {
    onDone(0);
    for (const [i, { files, tags }] of batch.entries()) {
      const request = { storage, schema, partitionColumns, configuration, files: [...files], ...layout };
      const written = await env.parquet.rewrite(request);
      added.push(...written.map((file) => asAdd(file, tags)));
      onDone(i + 1);
    }
    return added;
  } catch (e) {
    await discard({ storage }, added);
    throw e;
  }
}

async function commit(
  table: DeltaLog,
  transaction: Transaction,
  batch: readonly RewriteGroup[],
  added: readonly AddFile[],
  { where, auto = false }: OptimizeOptions,
  zOrderBy: readonly string[],
): Promise<CommitResult> {
  const removed = batch.flatMap(({ files }) => files);
  transaction.reads(removed);
  for (const file of removed) transaction.remove(file, { dataChange: false });
  for (const file of added) transaction.add(file, { dataChange: false });
  faultPoint('delta.optimize.after_write');
  let unnamed = false;
  try {
    const result = await transaction.commit({
      operation: 'OPTIMIZE',
      operationParameters: {
        predicate: where === undefined ? [] : [where.predicate],
        zOrderBy,
        clusterBy: [],
        auto: String(auto),
      },
      operationMetrics: metricsOf(added, removed),
      isolationLevel: 'SnapshotIsolation',
    });
    unnamed = result.outcome === 'conflict';
    return result;
  } catch (e) {
    unnamed = !transaction.mayBeCommitted;
    throw e;
  } finally {
    if (unnamed) await discard(table, added);
  }
}

/** Spark's names; sizes are those of the new files. */
function metricsOf(added: readonly AddFile[], removed: readonly AddFile[]): Record<string, string> {
  const sizes = added.map(({ size }) => size).sort((a, b) => a - b);
  const at = (share: number) =>
    String(sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))] ?? 0);
  return {
    numAddedFiles: String(added.length),
    numRemovedFiles: String(removed.length),
    numAddedBytes: String(bytesOf(added)),
    numRemovedBytes: String(bytesOf(removed)),
    minFileSize: at(0),
    p25FileSize: at(0.25),
    p50FileSize: at(0.5),
    p75FileSize: at(0.75),
    maxFileSize: at(1),
    numDeletionVectorsRemoved: String(
      removed.filter(({ deletionVector }) => deletionVector !== undefined).length,
    ),
  };
}

/** The groups that may be read within a budget, in their order. Bytes. */
function upTo(groups: readonly RewriteGroup[], budget: number): RewriteGroup[] {
  let total = 0;
  return groups.filter((group) => {
    total += bytesOf(group.files);
    return total <= budget;
  });
}

/** How many groups come to about so many bytes; at least one. */
function batchLength(groups: readonly RewriteGroup[], batchBytes: number): number {
  let bytes = 0;
  const end = groups.findIndex(({ files }) => {
    bytes += bytesOf(files);
    return bytes > batchBytes;
  });
  return end < 0 ? groups.length : Math.max(1, end);
}

/** Files that no commit names, and none will. What cannot be deleted now is vacuum's. */
async function discard({ storage }: Pick<DeltaLog, 'storage'>, files: readonly AddFile[]): Promise<void> {
  await Promise.allSettled(files.map(({ path }) => storage.delete(decodePath(path))));
}

function asAdd(file: DataFile, tags: Record<string, string> | undefined): AddFile {
  const { path, partitionValues, size, modificationTime, stats } = file;
  const add = {
    path: encodePath(path),
    partitionValues,
    size,
    modificationTime: Math.floor(modificationTime),
  };
  return { ...add, dataChange: false, stats, ...(tags === undefined ? {} : { tags }) };
}

function emptyResult(): OptimizeResult {
  return { versions: [], filesAdded: 0, filesRemoved: 0, bytesAdded: 0, bytesRemoved: 0 };
}

function hasVectors(files: readonly AddFile[]): boolean {
  return files.some(({ deletionVector }) => deletionVector !== undefined);
}

function bytesIn(groups: readonly RewriteGroup[]): number {
  return groups.reduce((sum, { files }) => sum + bytesOf(files), 0);
}
