/**
 * The state of a table at one version, immutable. Replay (PROTOCOL.md, "Action Reconciliation") is one function that makes
 * the next state from a state and one commit; a snapshot shares all that a commit does not touch with the one before it.
 */
import type { StructType } from '../schema/column-types.js';
import { compareUtf8 } from '../storage/utf8-order.js';
import type { Action, AddFile, DomainMetadata, Metadata, Protocol, RemoveFile, Txn } from './actions.js';
import { brokenLog } from './delta-errors.js';
import { OverlayMap } from './overlay-map.js';
import { decodePath, fileKey } from './paths.js';
import { parseStats } from './stats.js';

/** What replay has found so far; protocol and metadata may still be missing. */
export interface TableState {
  readonly version: number;
  /** Of the newest commit replayed, milliseconds since the epoch. */
  readonly timestamp: number;
  readonly protocol: Protocol | undefined;
  readonly metadata: Metadata | undefined;
  readonly live: OverlayMap<AddFile>;
  readonly tombstones: OverlayMap<RemoveFile>;
  readonly txns: ReadonlyMap<string, Txn>;
  readonly domains: ReadonlyMap<string, DomainMetadata>;
}

export const emptyState: TableState = {
  version: -1,
  timestamp: 0,
  protocol: undefined,
  metadata: undefined,
  live: OverlayMap.empty(),
  tombstones: OverlayMap.empty(),
  txns: new Map(),
  domains: new Map(),
};

/** What old writers leave out. */
const bareMetadata = {
  schemaString: '{"type":"struct","fields":[]}',
  partitionColumns: [],
  configuration: {},
};

/** The state after one more commit, or after a checkpoint. Within a version removes come before adds. */
export function replay(state: TableState, version: number, actions: readonly Action[]): TableState {
  let { protocol, metadata, domains, timestamp } = state;
  const live = new Map<string, AddFile | undefined>();
  const tombstones = new Map<string, RemoveFile | undefined>();
  const txns = new Map<string, Txn>();
  for (const { remove } of actions) {
    if (remove === undefined) continue;
    const key = fileKey(remove);
    live.set(key, undefined);
    tombstones.set(key, remove);
  }
  for (const action of actions) {
    if (action.add) {
      const key = fileKey(action.add);
      live.set(key, action.add);
      if (tombstones.has(key) || state.tombstones.get(key)) tombstones.set(key, undefined);
    } else if (action.txn) {
      txns.set(action.txn.appId, action.txn);
    } else if (action.domainMetadata) {
      const next = new Map(domains);
      if (action.domainMetadata.removed) next.delete(action.domainMetadata.domain);
      else next.set(action.domainMetadata.domain, action.domainMetadata);
      domains = next;
    } else if (action.protocol) protocol = action.protocol;
    else if (action.metaData) metadata = { ...bareMetadata, ...action.metaData };
    else if (action.commitInfo) {
      timestamp = action.commitInfo.inCommitTimestamp ?? action.commitInfo.timestamp ?? timestamp;
    }
  }
  return {
    version,
    timestamp,
    protocol,
    metadata,
    live: state.live.with(live),
    tombstones: state.tombstones.with(tombstones),
    txns: txns.size === 0 ? state.txns : new Map([...state.txns, ...txns]),
    domains,
  };
}

/** The same state without the removed files that nobody may ask for any more. */
export function forgetTombstones(state: TableState, removedBefore: number): TableState {
  const expired = new Map<string, undefined>();
  for (const remove of state.tombstones.values()) {
    if ((remove.deletionTimestamp ?? 0) < removedBefore) expired.set(fileKey(remove), undefined);
  }
  return { ...state, tombstones: state.tombstones.with(expired) };
}

export class Snapshot {
  readonly version: number;
  readonly timestamp: number;
  readonly protocol: Protocol;
  readonly metadata: Metadata;
  readonly schema: StructType;
  #files: readonly AddFile[] | undefined;
  #bytes: number | undefined;
  #records: { sum: number | undefined } | undefined;

  /** @throws delta.broken_log when protocol or metadata are missing */
  constructor(
    readonly state: TableState,
    root: string,
    previous?: Snapshot,
  ) {
    const { protocol, metadata, version, timestamp } = state;
    if (protocol === undefined) throw brokenLog(root, 'no protocol action', { version });
    if (metadata === undefined) throw brokenLog(root, 'no metaData action', { version });
    this.version = version;
    this.timestamp = timestamp;
    this.protocol = protocol;
    this.metadata = metadata;
    this.schema =
      previous?.metadata.schemaString === metadata.schemaString
        ? previous.schema
        : parseSchema(root, metadata.schemaString);
  }

  /** Live files in UTF-8 byte order of their decoded paths. */
  get files(): readonly AddFile[] {
    this.#files ??= [...this.state.live.values()].sort(byPath);
    return this.#files;
  }

  get fileCount(): number {
    return this.state.live.size;
  }

  get sizeInBytes(): number {
    this.#bytes ??= sumOf(this.state.live.values(), ({ size }) => size) ?? 0;
    return this.#bytes;
  }

  /** Live rows by the statistics; undefined where a file has none. */
  get numRecords(): number | undefined {
    this.#records ??= { sum: sumOf(this.state.live.values(), liveRecordsIn) };
    return this.#records.sum;
  }

  /** The last version that an application has committed with `txn`. */
  txnVersion(appId: string): number | undefined {
    return this.state.txns.get(appId)?.version;
  }

  /** Whether this very file (path and deletion vector) is live. */
  has(file: AddFile): boolean {
    return this.state.live.get(fileKey(file)) !== undefined;
  }
}

/** The sizes of files together, in bytes. */
export function bytesOf(files: readonly { size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Physical rows of a file by its statistics. */
export function recordsIn(file: AddFile): number | undefined {
  let records = counted.get(file);
  if (records === undefined && !counted.has(file)) {
    // Every writer puts the count first, and a table has many files.
    const first = /^\{\s*"numRecords"\s*:\s*(\d{1,15})\s*[,}]/.exec(file.stats ?? '');
    if (first) records = Number(first[1]);
    else records = file.stats === undefined ? undefined : parseStats(file.stats)?.numRecords;
    counted.set(file, records);
  }
  return records;
}
const counted = new WeakMap<AddFile, number | undefined>();

/** Rows of a file that are not deleted, by its statistics. */
export function liveRecordsIn(file: AddFile): number | undefined {
  const records = recordsIn(file);
  return records === undefined ? undefined : records - (file.deletionVector?.cardinality ?? 0);
}

/** Undefined when a part is. */
function sumOf(files: Iterable<AddFile>, part: (file: AddFile) => number | undefined): number | undefined {
  let sum = 0;
  for (const file of files) {
    const value = part(file);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

/** Path order decides the index of a file within a commit or a snapshot, wherever it matters. */
export function byPath(a: AddFile, b: AddFile): number {
  const order = compareUtf8(decodePath(a.path), decodePath(b.path));
  // A broken log may name a file twice; even then the order is always the same.
  return order === 0 ? compareUtf8(fileKey(a), fileKey(b)) : order;
}

/** @throws delta.broken_log (external) */
export function parseSchema(root: string, text: string): StructType {
  try {
    return JSON.parse(text) as StructType;
  } catch (cause) {
    throw brokenLog(root, `the schema is not JSON (${cause instanceof Error ? cause.message : cause})`);
  }
}
