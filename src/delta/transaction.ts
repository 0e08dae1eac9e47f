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
import type { Action, AddFile, CommitInfo, DataFile, Metadata, RemoveFile, Txn } from './actions.js';
import { type ConflictKind, type Footprint, findConflict, readKeys } from './conflicts.js';
import { logGap } from './delta-errors.js';
import { assertWritable } from './features.js';
import { readCommit } from './log.js';
import { commitPath } from './log-files.js';
import { assertNoNulls } from './not-null.js';
import { encodePath, fileKey } from './paths.js';
import type { Snapshot } from './snapshot.js';

/** The table that a transaction changes. */
export interface CommitTarget {
  readonly storage: Storage;
  readonly snapshot: Snapshot;
  update(): Promise<Snapshot>;
  /** Takes over a commit that has just been made. */
  committed(version: number, actions: readonly Action[]): Snapshot;
}

export interface CommitDescription {
  /** A native operation name: `WRITE`, `STREAMING UPDATE`, `OPTIMIZE`, … */
  operation: string;
  /** Values that are not strings are written as JSON text, which is what every reader takes. */
  operationParameters?: Record<string, unknown>;
  operationMetrics?: Record<string, string>;
  /** What a streaming query says about its batch (JSON text). */
  murmur?: string;
  /** Any text of the user's. */
  userMetadata?: string;
  isolationLevel?: string;
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
  #reads: Footprint['reads'] = 'nothing';
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

  add(file: DataFile | AddFile, options: { dataChange?: boolean } = {}): this {
    const dataChange = options.dataChange ?? true;
    if ('numRecords' in file) {
      const { path, partitionValues, size, stats } = file;
      // Some file systems tell parts of a millisecond; the log wants a long.
      const modificationTime = Math.floor(file.modificationTime);
      this.#adds.push({ path: encodePath(path), partitionValues, size, modificationTime, dataChange, stats });
    } else this.#adds.push({ ...file, dataChange });
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

  setMetadata(metadata: Metadata): this {
    this.#metadata = metadata;
    return this;
  }

  /** What the change rests on: nothing (a blind append), all rows, or these files. */
  reads(what: 'nothing' | 'table' | readonly AddFile[]): this {
    this.#reads = typeof what === 'string' ? what : readKeys(what);
    return this;
  }

  /**
   * Files read or removed that were not live in `base` are a conflict too: they were planned on an older snapshot, and what
   * replaced them holds the same rows.
   * @throws delta.append_only (user), delta.unsupported_feature (user), delta.not_null (user), delta.log_gap, storage errors.
   *   A lost race that conflicts is an outcome, not an error.
   */
  async commit(description: CommitDescription): Promise<CommitResult> {
    const { storage } = this.table;
    assertWritable(storage.root, this.base.protocol, this.base.metadata);
    this.#assertAppendOnly();
    assertNoNulls(storage.root, this.base, this.#adds);
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
        const kind = findConflict(footprint, winner);
        if (kind !== undefined) return { outcome: 'conflict', kind, version: checked + 1 };
      }
      const version = checked + 1;
      const actions = this.#actions(description, txnId);
      faultPoint('delta.commit.before_put');
      this.#mayBeCommitted = true;
      if ((await this.#put(version, actions, txnId)) === 'created') {
        faultPoint('delta.commit.after_put');
        return { outcome: 'committed', version, snapshot: this.table.committed(version, actions) };
      }
      this.#mayBeCommitted = false;
      await this.table.update();
    }
  }

  async #put(version: number, actions: readonly Action[], txnId: string): Promise<'created' | 'exists'> {
    const { storage } = this.table;
    const text = actions.map((action) => `${JSON.stringify(action)}\n`).join('');
    try {
      return await storage.putIfAbsent(commitPath(version), Buffer.from(text));
    } catch (e) {
      const there = await readCommit(storage, version).catch(() => undefined);
      if (there === undefined) throw e;
      return there.some(({ commitInfo }) => commitInfo?.txnId === txnId) ? 'created' : 'exists';
    }
  }

  /** `commitInfo` first; the order of the others has no meaning. */
  #actions(description: CommitDescription, txnId: string): Action[] {
    const {
      operation,
      operationParameters = {},
      operationMetrics,
      murmur,
      userMetadata,
      isolationLevel,
    } = description;
    const commitInfo: CommitInfo = {
      timestamp: this.now(),
      operation,
      operationParameters: Object.fromEntries(
        Object.entries(operationParameters).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      ),
      readVersion: this.base.version,
      isolationLevel: isolationLevel ?? (this.#dataChange ? 'Serializable' : 'SnapshotIsolation'),
      isBlindAppend: this.#reads === 'nothing' && this.#removes.length === 0 && this.#metadata === undefined,
      ...(operationMetrics === undefined ? {} : { operationMetrics }),
      ...(userMetadata === undefined ? {} : { userMetadata }),
      engineInfo: this.engineInfo,
      txnId,
      ...(murmur === undefined ? {} : { murmur }),
    };
    return [
      { commitInfo },
      ...(this.#metadata === undefined ? [] : [{ metaData: this.#metadata }]),
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
      reads: this.#reads,
      removes: new Set(this.#removes.map(fileKey)),
      dataChange: this.#dataChange,
    };
  }

  #goneBefore({ reads, removes }: Footprint): ConflictKind | undefined {
    const { live } = this.base.state;
    for (const key of removes) if (live.get(key) === undefined) return 'delete_delete';
    if (typeof reads === 'string') return undefined;
    for (const key of reads) if (live.get(key) === undefined) return 'delete_read';
    return undefined;
  }

  #assertAppendOnly(): void {
    const { configuration } = this.base.metadata;
    if (configuration['delta.appendOnly'] !== 'true' || !this.#removes.some(({ dataChange }) => dataChange)) {
      return;
    }
    throw new MurmurError(
      'delta.append_only',
      `removing rows from ${this.table.storage.root}: it is append-only`,
      {
        fault: 'user',
        fix: 'set the table property delta.appendOnly to false first',
      },
    );
  }
}
