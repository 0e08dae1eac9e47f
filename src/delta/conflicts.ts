/**
 * Whether a commit that was made meanwhile stands in the way of mine. The rules and their order are those of Spark's
 * ConflictChecker and of delta-rs.
 */
import type { Action, AddFile, Protocol } from './actions.js';
import { bindsWriters } from './needed-protocol.js';
import { fileKey } from './paths.js';

export type ConflictKind =
  /** The winner committed a `txn` of an application that I commit for. */
  | 'txn'
  /** The winner changed schema, properties, or a domain that I write. */
  | 'metadata'
  | 'protocol'
  /** The winner added rows that may be among those I have read. */
  | 'concurrent_append'
  /** The winner removed a file that I have read. */
  | 'delete_read'
  /** The winner removed a file that I remove. */
  | 'delete_delete';

/** `Serializable`: as if all commits came one after the other. `WriteSerializable`: blind appends may slip in before mine. */
export type IsolationLevel = 'Serializable' | 'WriteSerializable';

/** What my transaction rests on. */
export interface Footprint {
  appIds: ReadonlySet<string>;
  /** Domains that I write. */
  domains: ReadonlySet<string>;
  /** The one that it was prepared under. */
  protocol: Protocol;
  changesProtocol: boolean;
  reads: ReadSet;
  /** Keys of the files that I remove. */
  removes: ReadonlySet<string>;
  /** Whether any of my actions changes rows; a pure rearrangement lets appends through. */
  dataChange: boolean;
  isolation: IsolationLevel;
}

/** Nothing (a blind append), all rows, or some files and whatever `mayHold` cannot rule out. */
export type ReadSet =
  | 'nothing'
  | 'table'
  | {
      files: ReadonlySet<string> /** Whether a new file may hold rows that I would have read. */;
      mayHold(add: AddFile): boolean;
    };

export function readKeys(files: readonly AddFile[]): Set<string> {
  return new Set(files.map(fileKey));
}

/** The first rule that a winner's actions break, or undefined when mine may follow them. */
export function findConflict(mine: Footprint, winner: readonly Action[]): ConflictKind | undefined {
  for (const { protocol } of winner) {
    if (protocol && (mine.changesProtocol || bindsWriters(mine.protocol, protocol))) return 'protocol';
  }
  if (winner.some(({ metaData }) => metaData !== undefined)) return 'metadata';
  if (winner.some(({ domainMetadata: d }) => d !== undefined && mine.domains.has(d.domain)))
    return 'metadata';
  if (winner.some(({ txn }) => txn !== undefined && mine.appIds.has(txn.appId))) return 'txn';
  const blind = winner.some(({ commitInfo }) => commitInfo?.isBlindAppend === true);
  if (!(blind && mine.isolation === 'WriteSerializable')) {
    if (winner.some(({ add }) => add?.dataChange === true && mayHaveRead(mine, add)))
      return 'concurrent_append';
  }
  const removed = winner.flatMap(({ remove }) => remove ?? []);
  // What is only rearranged still holds the rows that I read.
  const readOnly = removed.filter((remove) => remove.dataChange && !mine.removes.has(fileKey(remove)));
  if (readOnly.some((remove) => hasRead(mine.reads, fileKey(remove)))) return 'delete_read';
  return removed.some((remove) => mine.removes.has(fileKey(remove))) ? 'delete_delete' : undefined;
}

function mayHaveRead({ dataChange, reads, removes }: Footprint, add: AddFile): boolean {
  if (!dataChange) return false;
  // What I remove I have read.
  if (typeof reads === 'string') return reads === 'table' || removes.size > 0;
  return reads.mayHold(add);
}

function hasRead(reads: ReadSet, key: string): boolean {
  return typeof reads === 'string' ? reads === 'table' : reads.files.has(key);
}
