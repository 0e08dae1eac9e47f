/**
 * SQL over a lake: the tables under their names, at any version, and the functions of posts. Each question has a session of
 * its own, so long ones do not hold up short ones; only tables that a text may mean are looked at.
 */
import { isMurmurError, MurmurError } from '../base/errors.js';
import { nearestName } from '../config/nearest-name.js';
import { DuckDatabase } from '../duck/database.js';
import type { Row } from '../duck/json-value.js';
import { type RegisteredTable, registerTables } from '../duck/register-tables.js';
import { scanSql } from '../duck/scan.js';
import type { DuckSession, ResultColumn } from '../duck/session.js';
import { quoteIdent, quoteString } from '../duck/sql-text.js';
import type { ScalarFunction } from '../schema/scalar-function.js';
import type { ReadCache } from '../storage/read-cache.js';
import { type TravelledRead, travel } from './as-of.js';
import type { LakeTable } from './lake-table.js';

export interface SqlResult {
  columns: ResultColumn[];
  rows: Row[];
}

/** Rows that have not been computed yet; read to the end, or `close`. */
export interface SqlStream {
  columns: ResultColumn[];
  rows: AsyncIterable<Row[]>;
  close(): Promise<void>;
}

export interface SqlDeskSetup {
  /** What a lake's SQL may name. */
  tables: { names(): string[] | Promise<string[]>; table(name: string): LakeTable };
  functions: { scalars: readonly ScalarFunction[]; macros: readonly string[] };
  memoryLimit?: string;
  cache?: ReadCache;
}

export class SqlDesk {
  #database: Promise<DuckDatabase> | undefined;
  /** Schemas of versions take turns: they belong to the database, not to a session. */
  #travelling: Promise<unknown> = Promise.resolve();

  constructor(readonly setup: SqlDeskSetup) {}

  /** The instance, opened at first use. */
  database(): Promise<DuckDatabase> {
    this.#database ??= this.#open();
    return this.#database;
  }

  async connect(): Promise<DuckSession> {
    return (await this.database()).connect();
  }

  async withSession<T>(work: (session: DuckSession) => Promise<T>): Promise<T> {
    const session = await this.connect();
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  /** @throws duck.sql_error, lake.no_such_table (user), delta.no_such_version */
  query(sql: string, params: readonly unknown[] = []): Promise<SqlResult> {
    return this.withSession(async (session) =>
      session.query(await this.#prepare(session, sql), params),
    ).catch((e) => this.#refused(e));
  }

  /** As `query`, for results of any size. */
  async stream(sql: string, params: readonly unknown[] = []): Promise<SqlStream> {
    const session = await this.connect();
    try {
      const opened = await session.open(await this.#prepare(session, sql), params);
      return { ...opened, close: () => session.close() };
    } catch (error) {
      await session.close();
      return this.#refused(error);
    }
  }

  /** Writes a query's rows as one Parquet file (absolute path). @returns the number of rows */
  toParquet(sql: string, to: string, params: readonly unknown[] = []): Promise<number> {
    return this.withSession(async (session) => {
      const query = (await this.#prepare(session, sql)).trim().replace(/;$/, '');
      return session.scalar<number>(`COPY (${query}) TO ${quoteString(to)} (FORMAT parquet)`, params);
    }).catch((e) => this.#refused(e));
  }

  /** Of a table that is not there DuckDB proposes names of its own catalogue; who asks means one of the lake. */
  async #refused(error: unknown): Promise<never> {
    const unknown = isMurmurError(error, 'duck.sql_error')
      ? /Table with name (\w+) does not exist/.exec(error.message)?.[1]
      : undefined;
    if (unknown === undefined) throw error;
    const names = await this.setup.tables.names();
    const nearest = nearestName(unknown, names);
    throw new MurmurError('lake.no_such_table', `asking for table ${unknown}: this lake has none`, {
      fault: 'user',
      fix: nearest === undefined ? `its tables are ${names.join(', ')}` : `did you mean ${nearest}?`,
      cause: error,
    });
  }

  async close(): Promise<void> {
    const database = await this.#database?.catch(() => undefined);
    await database?.close();
  }

  async #open(): Promise<DuckDatabase> {
    const { functions, memoryLimit, cache } = this.setup;
    const database = await DuckDatabase.open({
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
      ...(cache === undefined ? {} : { cache }),
    });
    const session = await database.connect();
    for (const scalar of functions.scalars) session.register(scalar);
    for (const macro of functions.macros) await session.run(macro);
    await session.close();
    return database;
  }

  /** Makes the tables that the text may mean, and gives the text with time travel resolved. */
  async #prepare(session: DuckSession, sql: string): Promise<string> {
    const { text, reads, names } = travel(sql);
    const known = await this.setup.tables.names();
    const lower = new Set([...names].map((name) => name.toLowerCase()));
    const meant = catalogueWords.some((word) => lower.has(word))
      ? known
      : known.filter((name) => lower.has(name.toLowerCase()));
    const views: Record<string, RegisteredTable> = {};
    for (const name of meant) {
      const table = this.setup.tables.table(name);
      const at = await table.at();
      views[name] =
        at === undefined ? { schema: table.contract! } : { snapshot: at.snapshot, storage: at.table.storage };
    }
    await registerTables(session, views);
    for (const read of reads) {
      const made = this.#travelling.then(() => this.#makeVersion(session, read, known));
      this.#travelling = made.catch(() => {});
      await made;
    }
    return text;
  }

  async #makeVersion(session: DuckSession, read: TravelledRead, known: readonly string[]): Promise<void> {
    const name = known.find((each) => each.toLowerCase() === read.table.toLowerCase());
    const table = this.setup.tables.table(name ?? read.table);
    const at = (await table.at(read.at))!;
    await session.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(read.schema)}`);
    const view = `${quoteIdent(read.schema)}.${quoteIdent(read.table)}`;
    const scan = await scanSql(session, at.snapshot, at.table.storage);
    await session.run(`CREATE OR REPLACE VIEW ${view} AS ${scan}`);
  }
}

/** With one of these a text may mean any table. */
const catalogueWords = [
  'show',
  'information_schema',
  'duckdb_views',
  'duckdb_columns',
  'pragma',
  'sqlite_master',
];
