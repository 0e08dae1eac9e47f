/**
 * Joins small files (OPTIMIZE): rows stay what they are, so the commit says `dataChange: false` and readers that follow the
 * table see nothing. Idempotent: when no two files fit together, nothing is committed.
 */
import type { AddFile, DataFile } from './actions.js';
import type { DeltaLog } from './delta-log.js';
import { assertWritable } from './features.js';
import type { Snapshot } from './snapshot.js';
import type { Transaction } from './transaction.js';

export interface CompactOptions {
  /** Bytes; files below it are candidates, and bins are filled up to it. */
  targetSize: number;
  /** Fewest files that are worth a rewrite. Default 2. */
  minFiles?: number;
  /** Most bytes to read in one call: the cap on what it may cost. */
  maxBytes?: number;
}

export type CompactResult =
  | { outcome: 'compacted'; version: number; filesAdded: number; filesRemoved: number; bytes: number }
  | { outcome: 'nothing to do' }
  /** Others removed some of the same files meanwhile; theirs stands. */
  | { outcome: 'conflict'; version: number };

/** One commit for all bins. @throws delta.unsupported_feature (user), storage errors */
export async function compact(table: DeltaLog, options: CompactOptions): Promise<CompactResult> {
  await table.update();
  // Begun before the work: whatever happens to these files meanwhile is then a conflict.
  const transaction = table.begin();
  const snapshot = transaction.base;
  assertWritable(table.storage.root, snapshot.protocol, snapshot.metadata);
  const bins = planBins(snapshot, options);
  if (bins.length === 0) return { outcome: 'nothing to do' };

  const { schema, metadata } = snapshot;
  const written: DataFile[] = [];
  for (const files of bins) {
    const rewritten = await table.env.parquet.rewrite({
      storage: table.storage,
      schema,
      partitionColumns: metadata.partitionColumns,
      configuration: metadata.configuration,
      files,
      targetSize: options.targetSize,
    });
    written.push(...rewritten);
  }
  return commitRewrite(table, transaction, bins.flat(), written);
}

/** Per partition: small files in the order they were written, so that rows stay near their neighbours, filled up to the target. */
export function planBins(snapshot: Snapshot, options: CompactOptions): AddFile[][] {
  const { targetSize, minFiles = 2, maxBytes = Number.POSITIVE_INFINITY } = options;
  const byPartition = new Map<string, AddFile[]>();
  for (const file of snapshot.files) {
    if (file.size >= targetSize) continue;
    const key = JSON.stringify(Object.entries(file.partitionValues).sort());
    byPartition.set(key, [...(byPartition.get(key) ?? []), file]);
  }
  const bins: AddFile[][] = [];
  for (const files of byPartition.values()) {
    let bin: AddFile[] = [];
    let bytes = 0;
    for (const file of files.sort((a, b) => a.modificationTime - b.modificationTime)) {
      if (bin.length > 0 && bytes + file.size > targetSize) {
        bins.push(bin);
        bin = [];
        bytes = 0;
      }
      bin.push(file);
      bytes += file.size;
    }
    if (bin.length > 0) bins.push(bin);
  }
  let total = 0;
  return bins
    .filter((bin) => bin.length >= Math.max(2, minFiles))
    .filter((bin) => {
      total += bin.reduce((sum, { size }) => sum + size, 0);
      return total <= maxBytes;
    });
}

async function commitRewrite(
  table: DeltaLog,
  transaction: Transaction,
  removed: readonly AddFile[],
  added: readonly DataFile[],
): Promise<CompactResult> {
  transaction.reads(removed);
  for (const file of removed) transaction.remove(file, { dataChange: false });
  for (const file of added) transaction.add(file, { dataChange: false });
  const bytesOf = (files: readonly { size: number }[]) => files.reduce((sum, { size }) => sum + size, 0);
  const result = await transaction.commit({
    operation: 'OPTIMIZE',
    operationParameters: { predicate: '[]', zOrderBy: '[]', auto: 'true' },
    operationMetrics: {
      numAddedFiles: String(added.length),
      numRemovedFiles: String(removed.length),
      numAddedBytes: String(bytesOf(added)),
      numRemovedBytes: String(bytesOf(removed)),
    },
    isolationLevel: 'SnapshotIsolation',
  });
  if (result.outcome === 'conflict') {
    // No commit names them, and none ever will.
    for (const { path } of added) await table.storage.delete(path);
    return { outcome: 'conflict', version: result.version };
  }
  return {
    outcome: 'compacted',
    version: result.version,
    filesAdded: added.length,
    filesRemoved: removed.length,
    bytes: bytesOf(removed),
  };
}
