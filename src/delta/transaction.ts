/**
 * One change of a table: collected first, then committed at once. The commit point is the put-if-absent of the commit
 * file; before it only unnamed data files exist, which vacuum removes. A lost race is checked against the winners and, where
 * nothing conflicts, tried again behind them; data files are never written twice. When a put fails without saying
 * whether it happened, the commit file itself tells: it holds our `txnId`.
 */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import { faultPoint } from '../base/fault-point.js';
import type { Storage } from '../storage/storage.js';
import type { Action, AddFile, DataFile, Metadata, Protocol, RemoveFile, Txn } from './actions.js';
import { assertTellsChanges } from './change-data-feed.js';
import {
  type CommitDescription,
  commitInfo,
  hasInCommitTimestamps,
  inCommitTimestamp,
  stampEnablement,
} from './commit-info.js';
import { type ConflictKind, type Footprint, findConflict, type ReadSet, readKeys } from './conflicts.js';
import { commitUnknown, logGap } from './delta-errors.js';
import { assertWritable } from './features.js';
import { readCommit } from './log.js';
import { commitPath } from './log-files.js';
import { assertNoNulls } from './not-null.js';
import { encodePath, fileKey } from './paths.js';
import { type Condition, planScan } from './scan.js';
import { parseSchema, type Snapshot } from './snapshot.js';
import { isolationLevel } from './table-properties.js';

/** The table that a transaction changes. */
export interface CommitTarget {
  readonly storage: Storage;
  readonly snapshot: Snapshot;
  update(): Promise<Snapshot>;
  /** Takes over a commit that has just been made. */
  committed(version: number, actions: readonly Action[]): Snapshot;
}

export type CommitResult =
  | { outcome: 'committed'; version: number; snapshot: Snapshot }
  /** `version` is the winner's. */
  | { outcome: 'conflict'; kind: ConflictKind; version: number };

export class Transaction {
  readonly #adds: AddFile[] = [];
  readonly #removes: RemoveFile[] = [];
  readonly #txns: Txn[] = [];
  #metadata: Metadata | undefined;
  #protocol: Protocol | undefined;
  #reads: ReadSet = 'nothing';
  #wholeFiles = false;
  /** Files whose writer has held every value against the schema. */
  readonly #checked = new Set<AddFile>();
  #mayBeCommitted = false;

  /** Made by `DeltaLog.begin`. */
  constructor(
    readonly table: CommitTarget,
    readonly now: () => number,
    readonly engineInfo: string,
    /** What it rests on: its files are the ones that may be read and removed. */
    readonly base: Snapshot = table.snapshot,
  ) {}

  get readVersion(): number {
    return this.base.version;
  }

  /**
   * Whether a commit may name the files: true from the first put whose outcome is not known to be a failure. While it is
   * false, the files are nobody's and may be deleted.
   */
  get mayBeCommitted(): boolean {
    return this.#mayBeCommitted;
  }

  /** @param options `nullsChecked`: of an AddFile that was in the table before, so that it holds no forbidden null */
  add(file: DataFile | AddFile, options: { dataChange?: boolean; nullsChecked?: boolean } = {}): this {
    const dataChange = options.dataChange ?? true;
    if ('numRecords' in file) {
      const { path, partitionValues, size, stats } = file;
      // Some file systems tell parts of a millisecond; the log wants a long.
      const modificationTime = Math.floor(file.modificationTime);
      const add = { path: encodePath(path), partitionValues, size, modificationTime, dataChange, stats };
      this.#adds.push(add);
      if (file.nullsChecked) this.#checked.add(add);
    } else {
      const add = { ...file, dataChange };
      this.#adds.push(add);
      if (options.nullsChecked) this.#checked.add(add);
    }
    return this;
  }

  remove(file: AddFile, options: { dataChange?: boolean } = {}): this {
    const { modificationTime, clusteringProvider, stats, ...rest } = file;
    this.#removes.push({
      ...rest,
      dataChange: options.dataChange ?? true,
      deletionTimestamp: this.now(),
      extendedFileMetadata: true,
    });
    return this;
  }

  /** Makes the commit idempotent: of several writers with the same application and version only one gets through. */
  txn(appId: string, version: number): this {
    this.#txns.push({ appId, version, lastUpdated: this.now() });
    return this;
  }

  /** Keep the table's id, and whatever of its metadata you do not mean to change. */
  setMetadata(metadata: Metadata): this {
    this.#metadata = metadata;
    return this;
  }

  setProtocol(protocol: Protocol): this {
    this.#protocol = protocol;
    return this;
  }

  /**
   * What the change rests on: nothing (a blind append), all rows, or these files. Of files that others add meanwhile those
   * conflict that may hold a row for which all `conditions` are true; without conditions, all.
   */
  reads(what: 'nothing' | 'table' | readonly AddFile[], conditions: readonly Condition[] = []): this {
    if (typeof what === 'string') this.#reads = what;
    else {
      const { schema, metadata } = this.base;
      const mayHold = (add: AddFile) => planScan({ schema, metadata, files: [add] }, conditions).length > 0;
      this.#reads = { files: readKeys(what), mayHold };
    }
    return this;
  }

  /** Says that no row of a removed file stands in an added one: the commit tells its changes by itself. */
  wholeFiles(): this {
    this.#wholeFiles = true;
    return this;
  }

  /**
   * Files read or removed that were not live in `base` are a conflict too: they were planned on an older snapshot, and what
   * replaced them holds the same rows.
   * @throws delta.append_only (user), delta.unsupported_feature (user), delta.not_null (user), delta.log_gap,
   *   delta.commit_unknown (external), storage errors. A lost race that conflicts is an outcome, not an error.
   */
  async commit(description: CommitDescription): Promise<CommitResult> {
    const { storage } = this.table;
    this.#assertAllowed();
    const txnId = randomUUID();
    const footprint = this.#footprint();
    const gone = this.#goneBefore(footprint);
    if (gone !== undefined) return { outcome: 'conflict', kind: gone, version: this.base.version };
    // Also finds out when the log has moved on so far that the version behind `base` has been cleaned up.
    await this.table.update();
    for (let checked = this.base.version; ; ) {
      for (; checked < this.table.snapshot.version; checked++) {
        const winner = await readCommit(storage, checked + 1);
        if (winner === undefined) throw logGap(storage.root, checked + 1, 'nothing');
        // A put that was tried twice on the way can find itself there.
        if (isOurs(winner, txnId)) return this.#committed(checked + 1, winner);
        this.#mayBeCommitted = false;
        const kind = findConflict(footprint, winner);
        if (kind !== undefined) return { outcome: 'conflict', kind, version: checked + 1 };
      }
      const { snapshot } = this.table;
      // A winner may have asked for more than we know.
      if (snapshot.protocol !== this.base.protocol) {
        assertWritable(storage.root, snapshot.protocol, snapshot.metadata);
      }
      const version = checked + 1;
      const actions = this.#actions(description, txnId, version, snapshot.timestamp);
      faultPoint('delta.commit.before_put');
      this.#mayBeCommitted = true;
      if ((await this.#put(version, actions, txnId)) === 'created') {
        faultPoint('delta.commit.after_put');
        return this.#committed(version, actions);
      }
      await this.table.update();
    }
  }

  #committed(version: number, actions: readonly Action[]): CommitResult {
    return { outcome: 'committed', version, snapshot: this.table.committed(version, actions) };
  }

  async #put(version: number, actions: readonly Action[], txnId: string): Promise<'created' | 'exists'> {
    const { storage } = this.table;
    const text = actions.map((action) => `${JSON.stringify(action)}\n`).join('');
    try {
      return await storage.putIfAbsent(commitPath(version), Buffer.from(text));
    } catch (e) {
      const there = await readCommit(storage, version).catch(() => {
        throw commitUnknown(storage.root, version, e);
      });
      if (there === undefined) throw e;
      return isOurs(there, txnId) ? 'created' : 'exists';
    }
  }

  /** `commitInfo` first; the order of the others has no meaning. */
  #actions(description: CommitDescription, txnId: string, version: number, previous: number): Action[] {
    const { base } = this;
    const now = this.now();
    const info = commitInfo(description, {
      timestamp: now,
      readVersion: base.version,
      isolationLevel: this.#dataChange ? isolationLevel(base.metadata) : 'SnapshotIsolation',
      isBlindAppend: this.#reads === 'nothing' && this.#removes.length === 0 && this.#metadata === undefined,
      engineInfo: this.engineInfo,
      txnId,
    });
    const timestamp = inCommitTimestamp(now, previous);
    const timed = hasInCommitTimestamps(this.#metadata ?? base.metadata);
    const metaData = this.#metadata && stampEnablement(this.#metadata, base.metadata, version, timestamp);
    return [
      { commitInfo: timed ? { inCommitTimestamp: timestamp, ...info } : info },
      ...(this.#protocol === undefined ? [] : [{ protocol: this.#protocol }]),
      ...(metaData === undefined ? [] : [{ metaData }]),
      ...this.#txns.map((txn) => ({ txn })),
      ...this.#removes.map((remove) => ({ remove })),
      ...this.#adds.map((add) => ({ add })),
    ];
  }

  get #dataChange(): boolean {
    return this.#adds.length === 0 || [...this.#adds, ...this.#removes].some(({ dataChange }) => dataChange);
  }

  #footprint(): Footprint {
    return {
      appIds: new Set(this.#txns.map(({ appId }) => appId)),
      domains: new Set(),
      protocol: this.base.protocol,
      changesProtocol: this.#protocol !== undefined,
      reads: this.#reads,
      removes: new Set(this.#removes.map(fileKey)),
      dataChange: this.#dataChange,
      isolation: isolationLevel(this.base.metadata),
    };
  }

  #goneBefore({ reads, removes }: Footprint): ConflictKind | undefined {
    const { live } = this.base.state;
    for (const key of removes) if (live.get(key) === undefined) return 'delete_delete';
    if (typeof reads === 'string') return undefined;
    for (const key of reads.files) if (live.get(key) === undefined) return 'delete_read';
    return undefined;
  }

  #assertAllowed(): void {
    const { root } = this.table.storage;
    const { base } = this;
    const metadata = this.#metadata ?? base.metadata;
    assertWritable(root, base.protocol, base.metadata);
    assertWritable(root, this.#protocol ?? base.protocol, metadata);
    if (!this.#wholeFiles) assertTellsChanges(root, metadata, this.#adds, this.#removes);
    const schema = this.#metadata ? parseSchema(root, this.#metadata.schemaString) : base.schema;
    assertNoNulls(root, { schema, metadata }, this.#adds, (add) => this.#checked.has(add));
    if (base.metadata.configuration['delta.appendOnly'] !== 'true') return;
    if (!this.#removes.some(({ dataChange }) => dataChange)) return;
    throw new MurmurError('delta.append_only', `removing rows from ${root}: it is append-only`, {
      fault: 'user',
      fix: 'set the table property delta.appendOnly to false first',
    });
  }
}

function isOurs(actions: readonly Action[], txnId: string): boolean {
  return actions.some(({ commitInfo: info }) => info?.txnId === txnId);
}
