/**
 * A lake as everybody sees it who does not run it: tables, SQL, the page's figures, and a way to talk to whoever runs it. It
 * works alike while a pipeline runs and on yesterday's data, and needs no engine.
 */
import { resolve } from 'node:path';
import type { Clock } from '../base/clock.js';
import { nearestName } from '../config/nearest-name.js';
import { lazyParquet } from '../duck/lazy-parquet.js';
import { type DuckFunctionOptions, duckFunctions } from '../posts/functions.js';
import { tables as contracts, type TableName, tableNames } from '../posts/tables.js';
import { defaultZones } from '../posts/zones.js';
import { openStorage } from '../storage/open-storage.js';
import { ReadCache, type ReadCacheOptions } from '../storage/read-cache.js';
import type { S3Options } from '../storage/s3-connection.js';
import type { Storage } from '../storage/storage.js';
import { ControlClient } from './control-client.js';
import { LakeFigures } from './figures.js';
import { LakeTable, noSuchTable, type TableSummary } from './lake-table.js';
import { OpenTables } from './open-tables.js';
import { type LakePaths, lakePaths } from './paths.js';
import { SqlDesk, type SqlResult, type SqlStream } from './sql-desk.js';

export interface LakeSetup {
  /** The lake's folder. */
  dir: string;
  /** As in murmur.yaml. */
  landing?: string;
  tables?: string;
  /** How SQL's functions of posts understand mentions, zones and labels; the defaults if not given. */
  posts?: DuckFunctionOptions;
  clock?: Clock;
  /** Copies of remote files; `dir` relative to the lake's. */
  cache?: ReadCacheOptions;
  /** How remote stores are reached, where the environment does not say it. */
  s3?: S3Options;
  /** For SQL, as `256MB`. */
  memoryLimit?: string;
}

export class Lake {
  readonly paths: LakePaths;
  /** Where posts land. */
  readonly landing: Storage;
  /** Where the tables are, each the folder of its name. */
  readonly tableStorage: Storage;
  /** Copies of remote files on this machine's disk. */
  readonly cache: ReadCache;
  /** What the live page shows. */
  readonly figures: LakeFigures;
  readonly #desk: SqlDesk;
  readonly #tables: OpenTables;

  /** Opens nothing yet: every resource is taken at first use. */
  constructor(setup: LakeSetup) {
    this.paths = lakePaths(setup.dir, setup);
    const { dir, landing, tables } = this.paths;
    this.landing = openStorage(landing, dir, setup.s3);
    this.tableStorage = openStorage(tables, dir, setup.s3);
    const { cache = {} } = setup;
    this.cache = new ReadCache(cache.dir === undefined ? cache : { ...cache, dir: resolve(dir, cache.dir) });
    this.#desk = new SqlDesk({
      tables: { names: () => this.#names(), table: (name) => this.table(name) },
      functions: duckFunctions(setup.posts ?? { mentions: 'twitter', zones: defaultZones, neutralId: null }),
      cache: this.cache,
      ...(setup.memoryLimit === undefined ? {} : { memoryLimit: setup.memoryLimit }),
    });
    const { clock } = setup;
    this.#tables = new OpenTables(this.tableStorage, {
      parquet: lazyParquet(() => this.#desk.database()),
      ...(clock === undefined ? {} : { clock }),
    });
    this.figures = new LakeFigures({
      table: (name) => this.table(name),
      withSession: (work) => this.#desk.withSession(work),
      ...(setup.posts?.labels === undefined ? {} : { labels: setup.posts.labels }),
    });
  }

  get dir(): string {
    return this.paths.dir;
  }

  /** A table by its name, whether or not it exists yet. */
  table(name: string): LakeTable {
    const contract = Object.hasOwn(contracts, name) ? contracts[name as TableName] : undefined;
    return new LakeTable(name, `${this.paths.tables}/${name}`, contract, {
      open: () => this.#tables.open(name),
      connect: () => this.#desk.connect(),
      withSession: (work) => this.#desk.withSession(work),
    });
  }

  /**
   * As `table`, for a name that a person has typed.
   * @throws lake.no_such_table with the name that was probably meant
   */
  async namedTable(name: string): Promise<LakeTable> {
    const names = await this.#names();
    if (names.includes(name)) return this.table(name);
    throw noSuchTable(name, this.paths.tables, nearestName(name, names));
  }

  /** Names of the tables that exist, ours first and in the order of a post's way. */
  async tableNames(): Promise<string[]> {
    const existing = await this.#tables.names();
    return ordered(existing).filter((name) => existing.includes(name));
  }

  /** Every table that exists, in the order of `tableNames`. */
  async tables(): Promise<TableSummary[]> {
    return Promise.all((await this.tableNames()).map((name) => this.table(name).summary()));
  }

  /**
   * DuckDB SQL over the tables, `gold VERSION AS OF 3` included; `?` or `$1` stand for `params`.
   * @throws duck.sql_error (user)
   */
  sql(text: string, params?: readonly unknown[]): Promise<SqlResult> {
    return this.#desk.query(text, params);
  }

  /** As `sql`, row chunks as they are computed. */
  sqlStream(text: string, params?: readonly unknown[]): Promise<SqlStream> {
    return this.#desk.stream(text, params);
  }

  /** A query's rows as one Parquet file (absolute path). @returns the number of rows */
  sqlToParquet(text: string, to: string): Promise<number> {
    return this.#desk.toParquet(text, to);
  }

  /** A line to the pipeline that runs this lake, or undefined when none does. */
  control(): Promise<ControlClient | undefined> {
    return ControlClient.connect(this.paths.socket);
  }

  async close(): Promise<void> {
    await this.#desk.close();
  }

  async #names(): Promise<string[]> {
    return ordered(await this.#tables.names());
  }
}

/** The tables that a lake always has, and these. */
function ordered(existing: readonly string[]): string[] {
  return [...new Set([...tableNames, ...existing])];
}
