/** Files that a verb has written: how large they may be, and what they come to. */
import type { DataFile, Metadata } from '../delta/actions.js';
import type { FileLayout } from '../duck/data-files.js';

const defaultFileBytes = 128 * 1024 * 1024;

/** Files of about `delta.targetFileSize` bytes; default 128 MiB. */
export function layoutOf({ configuration }: Metadata): FileLayout {
  const target = Number(configuration['delta.targetFileSize']);
  return { maxFileBytes: Number.isSafeInteger(target) && target > 0 ? target : defaultFileBytes };
}

export function rowsOf(files: readonly DataFile[]): number {
  return files.reduce((sum, { numRecords }) => sum + numRecords, 0);
}

export function bytesOf(files: readonly { size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}
