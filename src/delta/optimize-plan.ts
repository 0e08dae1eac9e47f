/**
 * What OPTIMIZE would rewrite: small files of a partition together as long as they fit the target, files of which many rows
 * are deleted, or, to put a partition into Z-order, all of its files. Plans only; nothing is read or written here.
 */
import type { AddFile } from './actions.js';
import { byPath, recordsIn } from './snapshot.js';
import { isZOrdered, zCubeOf } from './z-order.js';

/** Files of one partition that are rewritten together. */
export interface RewriteGroup {
  files: readonly AddFile[];
  /** What the new files are to say of themselves. */
  tags?: Record<string, string>;
}

/** A file of which a greater share of the rows is deleted is rewritten for that alone. */
const maxDeletedShare = 0.05;

export interface BinOptions {
  /** Bytes; files below it are candidates, and bins are filled up to it. */
  targetSize: number;
  /** Fewest files that are worth a rewrite. */
  minFiles: number;
}

/**
 * Per partition: candidates in the order they were written, so that rows stay near their neighbours, filled up to the target.
 * Files that were put into Z-order together are joined with each other only.
 */
export function planBins(files: readonly AddFile[], { targetSize, minFiles }: BinOptions): RewriteGroup[] {
  const candidates = files.filter((file) => file.size < targetSize || losesRows(file));
  const groups: RewriteGroup[] = [];
  for (const together of groupBy(candidates, (file) => `${partitionKey(file)}\n${zCubeOf(file) ?? ''}`)) {
    const tags = zCubeOf(together[0]!) === undefined ? undefined : together[0]!.tags;
    for (const bin of fill(together.sort(byAge), targetSize)) {
      if (bin.length < Math.max(2, minFiles) && !bin.some(losesRows)) continue;
      groups.push({ files: bin, ...(tags === undefined ? {} : { tags }) });
    }
  }
  return groups;
}

/** Every partition that is not, as a whole, in this Z-order already. @param tags of the new files, which say that they are */
export function planZOrder(files: readonly AddFile[], tags: () => Record<string, string>): RewriteGroup[] {
  const isDone = (partition: readonly AddFile[]) =>
    isZOrdered(partition, tags()) && !partition.some(losesRows);
  return groupBy(files, partitionKey)
    .filter((partition) => !isDone(partition))
    .map((partition) => ({ files: partition, tags: tags() }));
}

function fill(files: readonly AddFile[], targetSize: number): AddFile[][] {
  const bins: AddFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    if (bytes + file.size > targetSize) {
      bins.push([]);
      bytes = 0;
    }
    bins.at(-1)!.push(file);
    bytes += file.size;
  }
  return bins;
}

/** Where nobody knows how many rows there were, whoever reads the file pays for those that are gone. */
function losesRows(file: AddFile): boolean {
  if (file.deletionVector === undefined) return false;
  const records = recordsIn(file);
  return records === undefined || file.deletionVector.cardinality > records * maxDeletedShare;
}

function byAge(a: AddFile, b: AddFile): number {
  return a.modificationTime - b.modificationTime || byPath(a, b);
}

function partitionKey({ partitionValues }: AddFile): string {
  const values = Object.entries(partitionValues).map(([name, value]) => [name, value === '' ? null : value]);
  return JSON.stringify(values.sort(([a], [b]) => (a! < b! ? -1 : 1)));
}

function groupBy(files: readonly AddFile[], keyOf: (file: AddFile) => string): AddFile[][] {
  const groups = new Map<string, AddFile[]>();
  for (const file of files) {
    const key = keyOf(file);
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return [...groups.values()];
}
