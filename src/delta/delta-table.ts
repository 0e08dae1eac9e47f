/**
 * A Delta table: its newest known snapshot, and the ways to move on from it. Opening reads the last checkpoint and the
 * commits behind it; `update` reads only commits that are new.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../base/clock.js';
import { asMurmurError, MurmurError } from '../base/errors.js';
import type { StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import type { Action, CommitInfo } from './actions.js';
import { checkpointIsDue, writeCheckpoint } from './checkpoint.js';
import { logGap, noSuchVersion, notATable } from './delta-errors.js';
import { assertReadable } from './features.js';
import { listLog, readCommit } from './log.js';
import { cleanUpLog } from './log-cleanup.js';
import { commitPath } from './log-files.js';
import type { ParquetHandler } from './parquet-handler.js';
import { emptyState, replay, Snapshot, type TableState } from './snapshot.js';
import { Transaction } from './transaction.js';

/** What a table needs from the world. */
export interface DeltaEnv {
  parquet: ParquetHandler;
  clock?: Clock;
  /** Stands in every commitInfo, like `murmur/0.1.0`. */
  engineInfo?: string;
  /** Hears of what failed beside the way: checkpoints and log clean-up never fail a commit. */
  onWarning?(warning: MurmurError): void;
}

export interface TableSpec {
  schema: StructType;
  partitionColumns?: string[];
  configuration?: Record<string, string>;
}

export interface HistoryEntry extends CommitInfo {
  version: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

export class DeltaTable {
  #snapshot: Snapshot;
  #upkeep: Promise<void> = Promise.resolve();

  private constructor(
    readonly storage: Storage,
    readonly env: DeltaEnv,
    snapshot: Snapshot,
  ) {
    this.#snapshot = snapshot;
  }

  /** @throws delta.not_a_table (user), delta.unsupported_feature (user), delta.log_gap, delta.broken_log */
  static async open(storage: Storage, env: DeltaEnv): Promise<DeltaTable> {
    const table = await DeltaTable.openIfExists(storage, env);
    if (table === undefined) throw notATable(storage.root);
    return table;
  }

  static async openIfExists(storage: Storage, env: DeltaEnv): Promise<DeltaTable | undefined> {
    const snapshot = await load(storage, env);
    return snapshot && new DeltaTable(storage, env, snapshot);
  }

  /**
   * Creates the table (protocol 1,2), or opens it where another process was faster.
   * @throws delta.schema_mismatch (user) when a table with other columns is there
   */
  static async create(storage: Storage, env: DeltaEnv, spec: TableSpec): Promise<DeltaTable> {
    const bytes = Buffer.from(
      creation(spec, env)
        .map((action) => `${JSON.stringify(action)}\n`)
        .join(''),
    );
    await storage.putIfAbsent(commitPath(0), bytes);
    const table = await DeltaTable.open(storage, env);
    assertSameShape(table, spec);
    return table;
  }

  /** The newest snapshot that this object has seen. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Reads what others have committed since. */
  async update(): Promise<Snapshot> {
    let state = this.#snapshot.state;
    for (;;) {
      const actions = await readCommit(this.storage, state.version + 1);
      if (actions === undefined) break;
      state = replay(state, state.version + 1, actions);
    }
    return this.#advance(state);
  }

  /** @throws delta.no_such_version (user), delta.log_gap when it is no longer there */
  async at(version: number): Promise<Snapshot> {
    if (version === this.#snapshot.version) return this.#snapshot;
    const { version: latest } = await this.update();
    if (version < 0 || version > latest) throw noSuchVersion(this.storage.root, version, latest);
    const snapshot = await load(this.storage, this.env, version);
    if (snapshot?.version !== version)
      throw logGap(this.storage.root, version, snapshot?.version ?? 'nothing');
    return snapshot;
  }

  begin(): Transaction {
    const { clock = systemClock, engineInfo = 'murmur' } = this.env;
    return new Transaction(this, () => clock.now(), engineInfo);
  }

  /** The newest commits, newest first, as far as the log still holds them. */
  async history(limit = Number.POSITIVE_INFINITY): Promise<HistoryEntry[]> {
    const entries: HistoryEntry[] = [];
    for (let { version } = await this.update(); version >= 0 && entries.length < limit; version--) {
      const actions = await readCommit(this.storage, version);
      if (actions === undefined) break;
      const info = actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo ?? {};
      const timestamp =
        info.inCommitTimestamp ??
        info.timestamp ??
        (await this.storage.stat(commitPath(version)))?.mtimeMs ??
        0;
      entries.push({ ...info, version, timestamp });
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
      const info = actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo;
      yield { version, timestamp: info?.inCommitTimestamp ?? info?.timestamp ?? 0, actions };
    }
  }

  /** Takes over a commit of our own, without reading it back, and does what is due after it. */
  committed(version: number, actions: readonly Action[]): Snapshot {
    if (version !== this.#snapshot.version + 1) return this.#snapshot;
    const snapshot = this.#advance(replay(this.#snapshot.state, version, actions));
    if (checkpointIsDue(snapshot)) this.#upkeep = this.#upkeep.then(() => this.#keepUp(snapshot));
    return snapshot;
  }

  /** Resolves when checkpoints and clean-up that were begun are done. */
  settled(): Promise<void> {
    return this.#upkeep;
  }

  #advance(state: TableState): Snapshot {
    if (state.version > this.#snapshot.version) {
      const { protocol, metadata } = this.#snapshot;
      const next = new Snapshot(state, this.storage.root, this.#snapshot);
      if (next.protocol !== protocol || next.metadata !== metadata) {
        assertReadable(this.storage.root, next.protocol, next.metadata);
      }
      this.#snapshot = next;
    }
    return this.#snapshot;
  }

  async #keepUp(snapshot: Snapshot): Promise<void> {
    try {
      const clock = this.env.clock ?? systemClock;
      await writeCheckpoint(this.storage, this.env.parquet, snapshot, clock.now());
      await cleanUpLog(this.storage, snapshot, clock.now());
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

async function load(storage: Storage, env: DeltaEnv, maxVersion?: number): Promise<Snapshot | undefined> {
  const segment = await listLog(storage, maxVersion);
  let state = emptyState;
  if (segment.checkpoint !== undefined) {
    const actions = await env.parquet.readCheckpoint(storage, segment.checkpoint.paths);
    state = replay(state, segment.checkpoint.version, actions);
  }
  for (const version of segment.commits) {
    const expected = state.version + 1;
    if (version !== expected) throw logGap(storage.root, expected, version);
    state = replay(state, version, (await readCommit(storage, version)) ?? []);
  }
  if (state.version < 0) return undefined;
  const snapshot = new Snapshot(state, storage.root);
  assertReadable(storage.root, snapshot.protocol, snapshot.metadata);
  return snapshot;
}

/** Version 0. It leaves `readVersion` out: there was nothing to read. */
function creation({ schema, partitionColumns = [], configuration = {} }: TableSpec, env: DeltaEnv): Action[] {
  const now = (env.clock ?? systemClock).now();
  return [
    {
      commitInfo: {
        timestamp: now,
        operation: 'CREATE TABLE',
        operationParameters: {
          isManaged: 'false',
          description: 'null',
          partitionBy: JSON.stringify(partitionColumns),
          properties: JSON.stringify(configuration),
        },
        isolationLevel: 'Serializable',
        isBlindAppend: true,
        engineInfo: env.engineInfo ?? 'murmur',
        txnId: randomUUID(),
      },
    },
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: randomUUID(),
        format: { provider: 'parquet', options: {} },
        schemaString: JSON.stringify(schema),
        partitionColumns,
        configuration,
        createdTime: now,
      },
    },
  ];
}

function assertSameShape({ storage, snapshot }: DeltaTable, spec: TableSpec): void {
  const shape = ({ fields }: StructType) =>
    JSON.stringify(fields.map(({ name, type }) => [name.toLowerCase(), type]));
  const partitions = JSON.stringify(spec.partitionColumns ?? []);
  if (
    shape(snapshot.schema) === shape(spec.schema) &&
    JSON.stringify(snapshot.metadata.partitionColumns) === partitions
  ) {
    return;
  }
  throw new MurmurError(
    'delta.schema_mismatch',
    `creating ${storage.root}: a table with other columns is there`,
    {
      fault: 'user',
      fix: 'use another folder, or remove the table that is in this one',
    },
  );
}
