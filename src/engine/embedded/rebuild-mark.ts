/**
 * What the commit that puts a rebuilt table in the place of the old one tells in `commitInfo.murmur`. It is no batch, but it
 * says as a batch's report does where the input ended, so that the table alone still knows it.
 */
import type { CommitInfo } from '../../delta/actions.js';

const format = 1;

export interface RebuildMark {
  /** Of the rebuild; several tables may have been part of it. */
  id: string;
  stream: string;
  queryId: string;
  /** The last batch in the table, or null when there was none. */
  batchId: number | null;
  /** As in a batch's report. */
  endOffset: unknown;
}

export function markText(mark: RebuildMark): string {
  return JSON.stringify({ format, rebuild: mark });
}

/** Undefined for every other commit. */
export function parseMark(info: CommitInfo | undefined): RebuildMark | undefined {
  if (typeof info?.murmur !== 'string') return undefined;
  try {
    const { format: found, rebuild } = JSON.parse(info.murmur) as { format?: number; rebuild?: RebuildMark };
    return found === format ? rebuild : undefined;
  } catch {
    return undefined;
  }
}
