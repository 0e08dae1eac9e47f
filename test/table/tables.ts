/** Tables for tests of the verbs: in folders of one temporary directory, over one DuckDB. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { readCommit } from '../../src/delta/log.js';
import {
  type Action,
  type CreateOptions,
  DeltaTable,
  DuckDatabase,
  type Row,
} from '../../src/table/index.js';
import { collect } from './collect.js';

let dir: string;
let database: DuckDatabase;
let tables = 0;

/** Call once in a test file. */
export function useTables(): void {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-table-test-'));
    database = await DuckDatabase.open({ threads: 2 });
  });
  afterAll(async () => {
    await database.close();
    await rm(dir, { recursive: true, force: true });
  });
}

export const duck = () => database;

export function newTable(options: CreateOptions): Promise<DeltaTable> {
  return DeltaTable.create(join(dir, `t${tables++}`), { duck: database, ...options });
}

/** The table as another process would open it. */
export function reopen(table: DeltaTable): Promise<DeltaTable> {
  return DeltaTable.open(table.log.storage.root, { duck: database });
}

/** All rows, in an order that depends on them alone. */
export async function rowsOf(table: DeltaTable, where?: string): Promise<Row[]> {
  return sorted(await collect(table.rows(where === undefined ? {} : { where })));
}

export function sorted(rows: Row[]): Row[] {
  const text = new Map(rows.map((row) => [row, JSON.stringify(row)]));
  return rows.sort((a, b) => (text.get(a)! < text.get(b)! ? -1 : 1));
}

export async function commitOf(table: DeltaTable, version = table.version): Promise<Action[]> {
  return (await readCommit(table.log.storage, version))!;
}

/** The Parquet files in the table's folder, live or not. */
export async function dataFiles(table: DeltaTable): Promise<string[]> {
  const files = await collect(table.log.storage.list(''));
  return files.map(({ path }) => path).filter((path) => path.endsWith('.parquet') && !path.startsWith('_'));
}
