/**
 * One DuckDB instance, in memory, without the network: it never downloads an extension. Tables live in Parquet files;
 * what the instance itself holds is a batch in flight. Spilling goes to a folder of its own that DuckDB makes when
 * it first needs it.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBInstance } from '@duckdb/node-api';
import { ReadCache } from '../storage/read-cache.js';
import { duckError } from './duck-errors.js';
import { type DuckApi, loadDuckApi } from './native.js';
import { DuckSession } from './session.js';
import { quoteList } from './sql-text.js';
import { Staging } from './staging.js';

export interface DuckDatabaseOptions {
  /** What DuckDB's buffers may take before it spills to disk. Default `256MB`. */
  memoryLimit?: string;
  /** Default: the cores of the machine, at most 4. */
  threads?: number;
  /** Folder for spilling. Default: a new one under the system's, removed by `close`. */
  tempDirectory?: string;
  /**
   * Confines SQL to files below these absolute folders (for statements from strangers, such as the page's SQL box) and locks
   * the configuration. Default: no confinement.
   */
  onlyFilesIn?: readonly string[];
  /** Where copies of files of far stores are kept. Default: in the user's cache folder. */
  cache?: ReadCache;
}

export class DuckDatabase {
  private readonly sessions = new Set<DuckSession>();
  private closed = false;

  private constructor(
    private readonly api: DuckApi,
    private readonly instance: DuckDBInstance,
    private readonly ownTempDirectory: string | undefined,
    private readonly cache: ReadCache,
  ) {}

  /** @throws duck.native_missing (external), duck.sql_error (user) for an option that DuckDB refuses */
  static async open(options: DuckDatabaseOptions = {}): Promise<DuckDatabase> {
    const api = await loadDuckApi();
    const own =
      options.tempDirectory === undefined ? join(tmpdir(), `murmur-duck-${randomUUID()}`) : undefined;
    try {
      const instance = await api.DuckDBInstance.create(':memory:', {
        memory_limit: options.memoryLimit ?? '256MB',
        threads: String(options.threads ?? Math.min(4, availableParallelism())),
        temp_directory: options.tempDirectory ?? own!,
        preserve_insertion_order: 'true',
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      const database = new DuckDatabase(api, instance, own, options.cache ?? new ReadCache());
      await database.configure(options);
      return database;
    } catch (e) {
      throw duckError(e);
    }
  }

  /** A new connection; cheap (below 1 ms), so work that runs beside other work takes one of its own. */
  async connect(): Promise<DuckSession> {
    try {
      const session = new DuckSession(
        this.api,
        await this.instance.connect(),
        () => this.sessions.delete(session),
        new Staging(this.cache),
      );
      this.sessions.add(session);
      return session;
    } catch (e) {
      throw duckError(e);
    }
  }

  /** Closes every session (interrupting what they run) and frees the memory. Closing twice is fine. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all([...this.sessions].map((s) => s.close()));
    this.instance.closeSync();
    if (this.ownTempDirectory) await rm(this.ownTempDirectory, { recursive: true, force: true });
  }

  private async configure(options: DuckDatabaseOptions): Promise<void> {
    const session = await this.connect();
    // Every connection takes the global value: dates in SQL, in statistics and in Parquet are UTC on any machine.
    await session.run("SET GLOBAL TimeZone = 'UTC'");
    if (options.onlyFilesIn) {
      const folders = options.onlyFilesIn.map((f) => (f.endsWith('/') ? f : `${f}/`));
      await session.run(`SET GLOBAL allowed_directories = ${quoteList(folders)}`);
      await session.run('SET GLOBAL enable_external_access = false');
      await session.run('SET GLOBAL lock_configuration = true');
    }
    await session.close();
  }
}
