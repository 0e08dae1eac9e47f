/**
 * Whether a commit that was made meanwhile stands in the way of mine. The rules and their order are those of Spark's
 * ConflictChecker and of delta-rs, with Serializable isolation.
 */
import type { Action, AddFile } from './actions.js';
import { fileKey } from './paths.js';

export type ConflictKind =
  /** The winner committed a `txn` of an application that I commit for. */
  'txn' | 'metadata' | 'protocol' | 'concurrent_append' | 'delete_read' | 'delete_delete';

/** What my transaction rests on. */
export interface Footprint {
  appIds: ReadonlySet<string>;
  /** Domains that I write. */
  domains: ReadonlySet<string>;
  reads: 'nothing' | 'table' | ReadonlySet<string>;
  /** Keys of the files that I remove. */
  removes: ReadonlySet<string>;
  /** Whether any of my actions changes rows; a pure rearrangement lets appends through. */
  dataChange: boolean;
}

export function readKeys(files: readonly AddFile[]): Set<string> {
  return new Set(files.map(fileKey));
}

/** The first rule that a winner's actions break, or undefined when mine may follow them. */
export function findConflict(mine: Footprint, winner: readonly Action[]): ConflictKind | undefined {
  if (winner.some(({ protocol }) => protocol !== undefined)) return 'protocol';
  if (winner.some(({ metaData }) => metaData !== undefined)) return 'metadata';
  if (winner.some(({ domainMetadata: d }) => d !== undefined && mine.domains.has(d.domain)))
    return 'metadata';
  if (winner.some(({ txn }) => txn !== undefined && mine.appIds.has(txn.appId))) return 'txn';
  for (const { remove } of winner) {
    if (remove === undefined) continue;
    const key = fileKey(remove);
    if (mine.removes.has(key)) return 'delete_delete';
    if (mine.reads === 'table' ? remove.dataChange : mine.reads !== 'nothing' && mine.reads.has(key)) {
      return 'delete_read';
    }
  }
  // What I rewrite I have read.
  const dependsOnRows = mine.dataChange && (mine.reads !== 'nothing' || mine.removes.size > 0);
  if (dependsOnRows && winner.some(({ add }) => add?.dataChange === true)) return 'concurrent_append';
  return undefined;
}
