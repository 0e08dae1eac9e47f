/** A Delta table as its user has it. Every verb has a file of its own; here they only meet. */
import { resolve } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import type { MurmurError } from '../base/errors.js';
import type { Metadata } from '../delta/actions.js';
import type { TableSpec } from '../delta/create-table.js';
import { type DeltaEnv, DeltaLog, type HistoryEntry } from '../delta/delta-log.js';
import type { OptimizeResult } from '../delta/optimize.js';
import type { RestoreTarget } from '../delta/restore.js';
import type { Snapshot } from '../delta/snapshot.js';
import { type VacuumOptions, type VacuumResult, vacuum } from '../delta/vacuum.js';
import { DuckDatabase, type DuckDatabaseOptions } from '../duck/database.js';
import type { Row } from '../duck/json-value.js';
import { lazyParquet } from '../duck/lazy-parquet.js';
import type { StructField, StructType } from '../schema/column-types.js';
import { openStorage } from '../storage/open-storage.js';
import type { Storage } from '../storage/storage.js';
import { addColumns, dropNotNull, setProperties, unsetProperties } from './alter.js';
import { type AppendOptions, type AppendResult, append } from './append.js';
import { type ChangesQuery, changes } from './changes.js';
import { type DeleteOptions, type DeleteResult, deleteRows } from './delete.js';
import type { RowsInput } from './input.js';
import { type MergeOptions, type MergeResult, merge } from './merge.js';
import { type OptimizeQuery, optimizeTable } from './optimize.js';
import { type OverwriteOptions, type OverwriteResult, overwrite } from './overwrite.js';
import { type RestoredTable, restoreTable } from './restore.js';
import { type RowsQuery, rows } from './rows.js';
import type { TableContext } from './table-context.js';
import { type UpdateOptions, type UpdateResult, updateRows } from './update.js';

export interface DeltaTableOptions
  extends Pick<DuckDatabaseOptions, 'memoryLimit' | 'threads' | 'tempDirectory'> {
  /** A database to work in, which stays open when the table is closed. Default: one of the table's own, opened when first needed. */
  duck?: DuckDatabase;
  /** Stands in every commit. Default `murmur`. */
  engineInfo?: string;
  clock?: Clock;
  /** Hears of what failed beside the way: a checkpoint or a log clean-up never fails a commit. */
  onWarning?(warning: MurmurError): void;
}

export interface CreateOptions extends DeltaTableOptions {
  schema: StructType;
  partitionColumns?: string[];
  /** Table properties, such as `delta.appendOnly`. */
  properties?: Record<string, string>;
}

export class DeltaTable {
  readonly #context: TableContext;
  readonly #close: () => Promise<void>;

  private constructor(
    /** The table's log: snapshots, history, transactions. */
    readonly log: DeltaLog,
    work: Workshop,
  ) {
    this.#context = { log, clock: work.clock, withSession: work.withSession, connect: work.connect };
    this.#close = work.close;
  }

  /**
   * Opens a table: a folder, `file://…`, `s3://bucket/prefix`, or a storage.
   * @throws delta.not_a_table (user), delta.unsupported_feature (user), delta.log_gap (external), delta.broken_log (external)
   */
  static async open(location: string | Storage, options: DeltaTableOptions = {}): Promise<DeltaTable> {
    const work = workshop(options);
    return new DeltaTable(await DeltaLog.open(storageOf(location), work.env), work);
  }

  /** As `open`; undefined where there is no table. */
  static async openIfExists(
    location: string | Storage,
    options: DeltaTableOptions = {},
  ): Promise<DeltaTable | undefined> {
    const work = workshop(options);
    const log = await DeltaLog.openIfExists(storageOf(location), work.env);
    return log && new DeltaTable(log, work);
  }

  /**
   * Creates a table, or opens the one of the same columns that is there.
   * @throws delta.bad_schema (user), delta.schema_mismatch (user) where a table with other columns is
   */
  static async create(location: string | Storage, options: CreateOptions): Promise<DeltaTable> {
    const work = workshop(options);
    const { schema, partitionColumns = [], properties = {} } = options;
    const spec: TableSpec = { schema, partitionColumns, configuration: properties };
    return new DeltaTable(await DeltaLog.create(storageOf(location), work.env, spec), work);
  }

  /** The newest version that this object has seen; `refresh` looks for newer ones. */
  get version(): number {
    return this.log.snapshot.version;
  }

  get schema(): StructType {
    return this.log.snapshot.schema;
  }

  get metadata(): Metadata {
    return this.log.snapshot.metadata;
  }

  get properties(): Readonly<Record<string, string>> {
    return this.metadata.configuration;
  }

  /** Reads what others have committed since. */
  refresh(): Promise<Snapshot> {
    return this.log.update();
  }

  /** The table's state at a version. @throws delta.no_such_version (user), delta.log_gap */
  at(version: number): Promise<Snapshot> {
    return this.log.at(version);
  }

  /** The newest commits, newest first. */
  history(limit?: number): Promise<HistoryEntry[]> {
    return this.log.history(limit);
  }

  /** Rows as JSON-safe objects, streamed; in no particular order. */
  rows(query: RowsQuery = {}): AsyncGenerator<Row> {
    return rows(this.#context, query);
  }

  /**
   * The rows that the commits of a range of versions changed: the table's columns, then `_change_type` (`insert`, `delete`, and
   * from change data files `update_preimage` and `update_postimage`), `_commit_version` and `_commit_timestamp`.
   * @throws delta.changes_gone (user) where log or files of a version are gone, delta.no_such_version (user),
   *   delta.schema_mismatch (user) where the schema changed so that older rows do not fit
   */
  changes(query: ChangesQuery): AsyncGenerator<Row> {
    return changes(this.#context, query);
  }

  /**
   * Adds rows. Columns match by name, ignoring case; missing ones are null.
   * @throws table.column_unknown (user), table.value_mismatch (user), delta.not_null (user), delta.conflict (external)
   */
  append(input: RowsInput, options: AppendOptions = {}): Promise<AppendResult> {
    return append(this.#context, input, options);
  }

  /**
   * Puts rows in place of all others or, with `where`, of those for which it is true.
   * @throws table.replace_mismatch (user) when a new row does not match `where`, and what `append` throws
   */
  overwrite(input: RowsInput, options: OverwriteOptions = {}): Promise<OverwriteResult> {
    return overwrite(this.#context, input, options);
  }

  /**
   * Deletes rows. Nothing is committed when none matches.
   * @throws delta.append_only (user), delta.unsupported_feature (user), delta.conflict (external), duck.sql_error (user)
   */
  delete(options: DeleteOptions = {}): Promise<DeleteResult> {
    return deleteRows(this.#context, options);
  }

  /**
   * Changes rows. Nothing is committed when none matches.
   * @throws table.column_unknown (user), duck.type_mismatch (user), and what `delete` throws
   */
  update(options: UpdateOptions): Promise<UpdateResult> {
    return updateRows(this.#context, options);
  }

  /**
   * Merges rows of a source into the table in one commit. Nothing is committed when there is nothing to do.
   * @throws table.merge_ambiguous (user) when several rows of the source would change the same row of the table,
   *   table.bad_options (user), and what `append` and `delete` throw
   */
  merge(options: MergeOptions): Promise<MergeResult> {
    return merge(this.#context, options);
  }

  /**
   * Sets table properties, and raises the protocol where one needs it.
   * @returns the version that the table has now
   * @throws delta.bad_property (user); delta.unsupported_feature (user) for one that asks for a feature that cannot be written
   */
  setProperties(properties: Readonly<Record<string, string>>): Promise<number> {
    return setProperties(this.#context, properties);
  }

  unsetProperties(...keys: string[]): Promise<number> {
    return unsetProperties(this.#context, keys);
  }

  /**
   * Adds nullable columns behind the others; rows that are there have nulls in them.
   * @throws delta.column_exists (user), delta.not_null (user), delta.bad_schema (user)
   */
  addColumns(...columns: StructField[]): Promise<number> {
    return addColumns(this.#context, columns);
  }

  /** Lets a NOT NULL column hold nulls from now on. @throws delta.schema_mismatch (user) where there is no such column */
  dropNotNull(column: string): Promise<number> {
    return dropNotNull(this.#context, column);
  }

  /**
   * Joins small files, rewrites those of which many rows are deleted or, with `zOrderBy`, puts rows in order so that conditions
   * on these columns need few files. Rows stay what they are; a second call does nothing.
   * @throws delta.conflict (external) when others changed files that were being rewritten; delta.zorder_column (user)
   */
  optimize(options: OptimizeQuery = {}): Promise<OptimizeResult> {
    return optimizeTable(this.#context, options);
  }

  /**
   * Deletes files that no version within the retention needs.
   * @throws delta.retention_too_short (user) unless `allowShorter`
   */
  vacuum(options: VacuumOptions = {}): Promise<VacuumResult> {
    return vacuum(this.log, options);
  }

  /**
   * Makes an older version (or the one of a time, milliseconds since the epoch) the newest again, by a new commit.
   * @throws delta.files_vacuumed (user), delta.restore_to_newest (user), delta.no_such_version (user), delta.conflict (external)
   */
  restore(to: RestoreTarget): Promise<RestoredTable> {
    return restoreTable(this.#context, to);
  }

  /** Waits for checkpoints under way and frees the memory. Closing twice is fine. */
  async close(): Promise<void> {
    await this.log.settled();
    await this.#close();
  }
}

function storageOf(location: string | Storage): Storage {
  return typeof location === 'string' ? openStorage(location, resolve()) : location;
}

/** The tools of one table. */
interface Workshop extends Omit<TableContext, 'log'> {
  env: DeltaEnv;
  close(): Promise<void>;
}

function workshop(options: DeltaTableOptions): Workshop {
  const { duck, clock = systemClock, engineInfo, onWarning, memoryLimit, threads, tempDirectory } = options;
  let own: Promise<DuckDatabase> | undefined;
  const database = () => {
    if (duck !== undefined) return Promise.resolve(duck);
    own ??= DuckDatabase.open({
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
      ...(threads === undefined ? {} : { threads }),
      ...(tempDirectory === undefined ? {} : { tempDirectory }),
    });
    return own;
  };
  const connect = async () => (await database()).connect();
  return {
    clock,
    connect,
    withSession: async (work) => {
      const session = await connect();
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    },
    env: {
      parquet: lazyParquet(database),
      clock,
      ...(engineInfo === undefined ? {} : { engineInfo }),
      ...(onWarning === undefined ? {} : { onWarning }),
    },
    close: async () => (await own)?.close(),
  };
}
