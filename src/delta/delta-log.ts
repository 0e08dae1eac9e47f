/**
 * A Delta table: its newest known snapshot, and the ways to move on from it. Opening reads the last checkpoint and the
 * commits behind it; `update` reads only commits that are new.
 */
import { type Clock, systemClock } from '../base/clock.js';
import { asMurmurError, isMurmurError, type MurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';
import type { Action, CommitInfo } from './actions.js';
import { checkpointIsDue, writeCheckpoint } from './checkpoint.js';
import { CommitTimes } from './commit-times.js';
import { assertSameShape, creation, type TableSpec } from './create-table.js';
import { logGap, noSuchVersion, notATable } from './delta-errors.js';
import { assertReadable } from './features.js';
import { commitTime, load } from './load-snapshot.js';
import { readCommit } from './log.js';
import { cleanUpLog, logCutoff, oldestVersion } from './log-cleanup.js';
import { commitPath } from './log-files.js';
import type { ParquetHandler } from './parquet-handler.js';
import { assertSchema } from './schema-rules.js';
import { forgetTombstones, replay, Snapshot, type TableState } from './snapshot.js';
import { deletedFileRetention } from './table-properties.js';
import { Transaction } from './transaction.js';

/** What a table needs from the world. */
export interface DeltaEnv {
  parquet: ParquetHandler;
  clock?: Clock;
  /** Stands in every commitInfo, like `murmur/0.1.0`. */
  engineInfo?: string;
  /** Hears of what failed beside the way: checkpoints and log clean-up never fail a commit. */
  onWarning?(warning: MurmurError): void;
  /** The first version of a table (by its storage) that somebody has yet to read; clean-up leaves its log alone. */
  logNeededFrom?(storage: Storage): Promise<number | undefined>;
}

export interface HistoryEntry extends CommitInfo {
  version: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/** Commits between two looks at the removed files in memory. */
const trimEvery = 100;

export class DeltaLog {
  #snapshot: Snapshot;
  #upkeep: Promise<void> = Promise.resolve();
  /** The cutoff of the last clean-up: listing a long log again before it moves would find nothing. */
  #cleanedTo: number | undefined;
  #trimmedAt: number;

  private constructor(
    readonly storage: Storage,
    readonly env: DeltaEnv,
    snapshot: Snapshot,
  ) {
    this.#snapshot = snapshot;
    this.#trimmedAt = snapshot.version;
  }

  /** @throws delta.not_a_table (user), delta.unsupported_feature (user), delta.log_gap, delta.broken_log */
  static async open(storage: Storage, env: DeltaEnv): Promise<DeltaLog> {
    const table = await DeltaLog.openIfExists(storage, env);
    if (table === undefined) throw notATable(storage.root);
    return table;
  }

  static async openIfExists(storage: Storage, env: DeltaEnv): Promise<DeltaLog | undefined> {
    const snapshot = await load(storage, env);
    return snapshot && new DeltaLog(storage, env, snapshot);
  }

  /**
   * Creates the table with the least protocol that it needs (1,2 mostly), or opens it where another process was faster.
   * @throws delta.schema_mismatch (user) when a table with other columns is there, delta.bad_schema (user),
   *   delta.bad_property (user), delta.unsupported_feature (user)
   */
  static async create(storage: Storage, env: DeltaEnv, spec: TableSpec): Promise<DeltaLog> {
    assertSchema(spec.schema, spec.partitionColumns ?? []);
    // Version 0 of an old table may have been cleaned up, so that its name is free.
    let table = await DeltaLog.openIfExists(storage, env);
    if (table === undefined) {
      const { clock = systemClock, engineInfo = 'murmur' } = env;
      const actions = creation(storage.root, spec, clock.now(), engineInfo);
      const text = actions.map((action) => `${JSON.stringify(action)}\n`).join('');
      await storage.putIfAbsent(commitPath(0), Buffer.from(text));
      table = await DeltaLog.open(storage, env);
    }
    assertSameShape(storage.root, table.snapshot, spec);
    return table;
  }

  /** The newest snapshot that this object has seen. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Reads what others have committed since. @throws delta.not_a_table (user) when it is gone */
  async update(): Promise<Snapshot> {
    const before = this.#snapshot.state;
    let state = before;
    for (;;) {
      const actions = await readCommit(this.storage, state.version + 1);
      if (actions === undefined) break;
      state = replay(state, state.version + 1, actions);
    }
    // Where even the commit that we stand on is gone, the log was cleaned up or made anew behind us.
    if (state === before && (await this.storage.stat(commitPath(state.version))) === undefined) {
      const snapshot = await load(this.storage, this.env);
      if (snapshot === undefined) throw notATable(this.storage.root);
      if (this.#snapshot.state === before) this.#snapshot = snapshot;
      return this.#snapshot;
    }
    return this.#advance(state);
  }

  /** @throws delta.no_such_version (user), also when the log no longer reaches back to it; delta.log_gap */
  async at(version: number): Promise<Snapshot> {
    if (version === this.#snapshot.version) return this.#snapshot;
    const { version: latest } = await this.update();
    if (version < 0 || version > latest) throw noSuchVersion(this.storage.root, version, latest);
    const { root } = this.storage;
    let gap: unknown;
    try {
      const snapshot = await load(this.storage, this.env, version);
      if (snapshot?.version === version) return snapshot;
      gap = logGap(root, version, snapshot?.version ?? 'nothing');
    } catch (e) {
      if (!isMurmurError(e, 'delta.log_gap')) throw e;
      gap = e;
    }
    const oldest = await oldestVersion(this.storage);
    throw version < oldest ? noSuchVersion(root, version, latest, oldest) : gap;
  }

  /**
   * The newest version committed at or before a time (milliseconds since the epoch).
   * @throws delta.no_such_version (user) for times before the log begins, and for the future
   */
  async atTime(timestamp: number): Promise<Snapshot> {
    const { metadata } = await this.update();
    const times = await CommitTimes.read(this.storage, metadata);
    return this.at(await times.versionAt(timestamp, (this.env.clock ?? systemClock).now()));
  }

  /** @param base the snapshot that the change was planned on; default: the newest known */
  begin(base: Snapshot = this.#snapshot): Transaction {
    const { clock = systemClock, engineInfo = 'murmur' } = this.env;
    return new Transaction(this, () => clock.now(), engineInfo, base);
  }

  /** The newest commits, newest first, as far as the log still holds them. */
  async history(limit = Number.POSITIVE_INFINITY): Promise<HistoryEntry[]> {
    const entries: HistoryEntry[] = [];
    if (limit <= 0) return entries;
    const { version: latest, metadata } = await this.update();
    const times = await CommitTimes.read(this.storage, metadata, Math.max(0, latest - limit));
    for (let version = latest; version >= 0 && entries.length < limit; version--) {
      const actions = await readCommit(this.storage, version);
      if (actions === undefined) break;
      const info = actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo ?? {};
      entries.push({ ...info, version, timestamp: times.of(version, info) });
    }
    return entries;
  }

  /** Commits from one version to another (inclusive), or to the newest. @throws delta.log_gap */
  async *commits(from: number, to = Number.POSITIVE_INFINITY): AsyncIterable<Commit> {
    for (let version = from; version <= to; version++) {
      const actions = await readCommit(this.storage, version);
      if (actions === undefined) {
        if (version <= this.#snapshot.version) throw logGap(this.storage.root, version, 'nothing');
        return;
      }
      const { timestamp } = await commitTime(this.storage, version, actions);
      yield { version, timestamp, actions };
    }
  }

  /** Takes over a commit of our own, without reading it back, and does what is due after it. */
  committed(version: number, actions: readonly Action[]): Snapshot {
    let snapshot = this.#snapshot;
    // A concurrent update may have read it back already.
    if (version === snapshot.version + 1) snapshot = this.#advance(replay(snapshot.state, version, actions));
    if (snapshot.version === version && checkpointIsDue(snapshot))
      this.#upkeep = this.#upkeep.then(() => this.#keepUp(snapshot));
    return snapshot;
  }

  /** Resolves when checkpoints and clean-up that were begun are done. */
  settled(): Promise<void> {
    return this.#upkeep;
  }

  #advance(state: TableState): Snapshot {
    if (state.version > this.#snapshot.version) {
      const { protocol, metadata } = this.#snapshot;
      const next = new Snapshot(this.#trim(state), this.storage.root, this.#snapshot);
      if (next.protocol !== protocol || next.metadata !== metadata) {
        assertReadable(this.storage.root, next.protocol, next.metadata);
      }
      this.#snapshot = next;
    }
    return this.#snapshot;
  }

  /** A table that is open for weeks must not keep every file that ever left it in memory. */
  #trim(state: TableState): TableState {
    if (state.version < this.#trimmedAt + trimEvery || state.metadata === undefined) return state;
    this.#trimmedAt = state.version;
    const { clock = systemClock } = this.env;
    return forgetTombstones(state, clock.now() - deletedFileRetention(state.metadata));
  }

  async #keepUp(snapshot: Snapshot): Promise<void> {
    try {
      const clock = this.env.clock ?? systemClock;
      await writeCheckpoint(this.storage, this.env.parquet, snapshot, clock.now());
      const cutoff = logCutoff(snapshot, clock.now());
      if (cutoff === undefined || cutoff === this.#cleanedTo) return;
      const neededFrom = await this.env.logNeededFrom?.(this.storage);
      await cleanUpLog(this.storage, this.env.parquet, { cutoff, now: clock.now(), neededFrom });
      this.#cleanedTo = cutoff;
    } catch (e) {
      this.env.onWarning?.(asMurmurError(e));
    }
  }
}

export interface Commit {
  version: number;
  timestamp: number;
  actions: Action[];
}
