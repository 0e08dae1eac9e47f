/**
 * Delta tables as Murmur, Spark and Python's deltalake see them. What each reads becomes a SELECT on one DuckDB session, so that
 * rows are compared value by value: the others write what they read to Parquet files, with its types.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type DeltaEnv, DeltaLog } from '../../src/delta/index.js';
import {
  DuckDatabase,
  DuckParquetHandler,
  type DuckSession,
  quoteString,
  scanSql,
} from '../../src/duck/index.js';
import { LocalStorage } from '../../src/storage/local.js';
import { DeltaTable } from '../../src/table/index.js';
import { pythonWith } from './setup/python.js';
import { PythonWorker } from './setup/python-worker.js';
import { startSpark } from './setup/spark.js';

export class Readers {
  #exports = 0;
  #spark: Promise<PythonWorker> | undefined;

  private constructor(
    readonly dir: string,
    readonly database: DuckDatabase,
    readonly session: DuckSession,
    readonly deltalake: PythonWorker,
  ) {}

  static async open(): Promise<Readers> {
    const dir = mkdtempSync(join(tmpdir(), 'murmur-readers-'));
    mkdirSync(join(dir, 'exports'));
    const database = await DuckDatabase.open({ threads: 2 });
    const session = await database.connect();
    await session.run(`SET TimeZone = 'UTC'`);
    return new Readers(dir, database, session, startDeltalake());
  }

  async close(): Promise<void> {
    await Promise.all([this.deltalake.stop(), this.#spark?.then((spark) => spark.stop())]);
    await this.database.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  path(table: string): string {
    return join(this.dir, table);
  }

  get env(): DeltaEnv {
    return { parquet: new DuckParquetHandler(this.database), engineInfo: 'murmur/test' };
  }

  open(table: string): Promise<DeltaLog> {
    return DeltaLog.open(new LocalStorage(this.path(table)), this.env);
  }

  /** The table as we change it. */
  table(table: string): Promise<DeltaTable> {
    return DeltaTable.open(this.path(table), { duck: this.database, engineInfo: 'murmur/test' });
  }

  /** Runs Spark SQL (the first call starts it) in which `{name}` stands for the table in this folder. */
  async sql<T = Record<string, unknown>>(text: string): Promise<T[]> {
    this.#spark ??= startSpark(this.dir);
    return (await this.#spark).ask<T[]>('sql', {
      text: text.replaceAll(/\{([\w-]+)\}/g, (_, name) => `delta.\`${this.path(name)}\``),
    });
  }

  /** What we read, at a version or the newest. */
  async ours(table: string, version?: number): Promise<string> {
    const log = await this.open(table);
    const snapshot = version === undefined ? log.snapshot : await log.at(version);
    return scanSql(this.session, snapshot, log.storage);
  }

  async sparks(table: string, version?: number): Promise<string> {
    const to = this.#nextExport();
    const at = version === undefined ? '' : ` VERSION AS OF ${version}`;
    await this.sql(`INSERT OVERWRITE DIRECTORY '${to}' USING parquet SELECT * FROM {${table}}${at}`);
    return readParquet(`${to}/*.parquet`);
  }

  async deltalakes(table: string, version?: number): Promise<string> {
    const to = `${this.#nextExport()}.parquet`;
    await this.deltalake.ask('export', { table: this.path(table), to, version });
    return readParquet(to);
  }

  /** Rows of a query as a Parquet file, for others to write into a table. */
  async parquet(select: string): Promise<string> {
    const to = `${this.#nextExport()}.parquet`;
    await this.session.run(`COPY (${select}) TO ${quoteString(to)} (FORMAT parquet)`);
    return to;
  }

  /** Fails unless two queries give the same columns, types and rows, in any order. */
  async expectSame(actual: string, expected: string): Promise<void> {
    expect(await this.#types(actual)).toEqual(await this.#types(expected));
    const columns = (await this.#columns(expected)).map((name) => `"${name}"`).join(', ');
    const [a, b] = [actual, expected].map((query) => `SELECT ${columns} FROM (${query})`);
    const count = (query: string) => this.session.scalar<number>(`SELECT count(*) FROM (${query})`);
    expect({
      rows: await count(a!),
      more: await this.session.rows(`(${a}) EXCEPT ALL (${b}) LIMIT 3`),
      less: await this.session.rows(`(${b}) EXCEPT ALL (${a}) LIMIT 3`),
    }).toEqual({ rows: await count(b!), more: [], less: [] });
  }

  async #types(query: string): Promise<Record<string, string>> {
    const columns = await this.session.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE ${query}`,
    );
    return Object.fromEntries(columns.map((c) => [c.column_name, c.column_type]));
  }

  async #columns(query: string): Promise<string[]> {
    return Object.keys(await this.#types(query));
  }

  #nextExport(): string {
    return join(this.dir, 'exports', String(this.#exports++));
  }
}

export function startDeltalake(): PythonWorker {
  const python = pythonWith('deltalake', ['deltalake==1.6.6', 'pyarrow']);
  return new PythonWorker(python, [fileURLToPath(new URL('./setup/deltalake_worker.py', import.meta.url))]);
}

function readParquet(files: string): string {
  return `SELECT * FROM read_parquet(${quoteString(files)}, hive_partitioning=false)`;
}
