/** One Delta table, read: counts, rows, history, description, export. It never writes to the table. */
import { MurmurError } from '../base/errors.js';
import type { DeltaLog } from '../delta/delta-log.js';
import type { Snapshot } from '../delta/snapshot.js';
import { exportParquet } from '../duck/export.js';
import type { Row } from '../duck/json-value.js';
import { emptySelect, scanSql } from '../duck/scan.js';
import type { DuckSession } from '../duck/session.js';
import type { DataType, StructType } from '../schema/column-types.js';
import { type ChangesQuery, changes } from '../table/changes.js';
import { snapshotAt, type When } from './point-in-time.js';

export interface TableCount {
  table: string;
  rows: number;
  /** Null when the table does not exist yet. */
  version: number | null;
}

export interface TableSummary {
  table: string;
  /** Live rows, or null where the log's statistics cannot say. */
  rows: number | null;
  version: number | null;
  files: number;
  bytes: number;
  /** Time of the newest commit, milliseconds since the epoch. */
  updatedAt: number | null;
}

export interface TableDescription extends TableSummary {
  path: string;
  id: string;
  createdAt: number | null;
  protocol: { minReaderVersion: number; minWriterVersion: number; features: string[] };
  partitionColumns: string[];
  properties: Record<string, string>;
  columns: { name: string; type: string; nullable: boolean }[];
}

export interface TableCommit {
  version: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
  operation: string | null;
  operationParameters: Record<string, unknown>;
  operationMetrics: Record<string, unknown>;
  engineInfo: string | null;
  /** What a streaming query told about its batch. */
  murmur: unknown;
}

export interface RowsQuery extends When {
  /** A condition in SQL, with `?` for `params`. */
  where?: string;
  params?: readonly unknown[];
  columns?: readonly string[];
  limit?: number;
}

/** A table and one of its states. */
export interface TableAt {
  table: DeltaLog;
  snapshot: Snapshot;
}

/** What a LakeTable needs of the lake it belongs to. */
export interface TableAccess {
  /** The table at its newest version; undefined when it does not exist. */
  open(): Promise<DeltaLog | undefined>;
  /** Runs work on a SQL session of its own. */
  withSession<T>(work: (session: DuckSession) => Promise<T>): Promise<T>;
  connect(): Promise<DuckSession>;
}

export class LakeTable {
  /** @param contract columns that the table will have once it exists; a table of ours */
  constructor(
    readonly name: string,
    readonly path: string,
    readonly contract: StructType | undefined,
    readonly access: TableAccess,
  ) {}

  async exists(): Promise<boolean> {
    return (await this.access.open()) !== undefined;
  }

  /** Of a table of ours that does not exist yet: the one that it will have. @throws lake.no_such_table */
  async schema(when: When = {}): Promise<StructType> {
    return (await this.at(when))?.snapshot.schema ?? this.contract!;
  }

  /**
   * The table and one of its states; undefined for a table of ours that does not exist yet.
   * @throws lake.no_such_table, delta.no_such_version, lake.bad_timestamp (user)
   */
  async at(when: When = {}): Promise<TableAt | undefined> {
    const table = await this.access.open();
    if (table !== undefined) return { table, snapshot: await snapshotAt(table, when) };
    const newest = when.version === undefined && when.timestamp === undefined;
    if (newest && this.contract !== undefined) return undefined;
    throw noSuchTable(this.name, this.path);
  }

  /** From the statistics where they are exact, else counted. */
  async count(when: When = {}): Promise<TableCount> {
    const at = await this.at(when);
    if (at === undefined) return { table: this.name, rows: 0, version: null };
    const rows =
      at.snapshot.numRecords ?? (await this.access.withSession((session) => countRows(session, at)));
    return { table: this.name, rows, version: at.snapshot.version };
  }

  async summary(): Promise<TableSummary> {
    return summarize(this.name, (await this.at())?.snapshot);
  }

  /** Some rows, cheaply: the first that come. */
  async head(limit = 10, when: When = {}): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const row of this.rows({ ...when, limit })) rows.push(row);
    return rows;
  }

  /** Rows as JSON-safe objects, streamed; in no particular order. */
  async *rows(query: RowsQuery = {}): AsyncGenerator<Row> {
    const at = await this.at(query);
    const where = query.where === undefined ? '' : ` WHERE ${query.where}`;
    const limit = query.limit === undefined ? '' : ` LIMIT ${Math.trunc(query.limit)}`;
    const session = await this.access.connect();
    try {
      const sql = `SELECT * FROM (${await this.#scan(session, at, query.columns)})${where}${limit}`;
      for await (const chunk of session.stream(sql, query.params ?? [])) yield* chunk;
    } finally {
      await session.close();
    }
  }

  /** Rows that the commits of a range of versions changed, as `DeltaTable.changes` gives them. @throws delta.changes_gone (user) */
  async *changes(query: ChangesQuery): AsyncGenerator<Row> {
    const log = await this.access.open();
    if (log !== undefined) yield* changes({ log, connect: () => this.access.connect() }, query);
    else if (this.contract === undefined) throw noSuchTable(this.name, this.path);
  }

  /** Newest first. */
  async history(limit?: number): Promise<TableCommit[]> {
    const table = await this.access.open();
    if (table === undefined) {
      if (this.contract !== undefined) return [];
      throw noSuchTable(this.name, this.path);
    }
    return (await table.history(limit)).map((info) => ({
      version: info.version,
      timestamp: info.timestamp,
      operation: info.operation ?? null,
      operationParameters: info.operationParameters ?? {},
      operationMetrics: info.operationMetrics ?? {},
      engineInfo: info.engineInfo ?? null,
      murmur: parsed(info.murmur),
    }));
  }

  /** @throws lake.no_such_table when it does not exist, with or without a contract */
  async describe(when: When = {}): Promise<TableDescription> {
    const at = await this.at(when);
    if (at === undefined) throw noSuchTable(this.name, this.path);
    const { snapshot } = at;
    const { protocol, metadata } = snapshot;
    const features = [...(protocol.readerFeatures ?? []), ...(protocol.writerFeatures ?? [])];
    return {
      ...summarize(this.name, snapshot),
      path: this.path,
      id: metadata.id,
      createdAt: metadata.createdTime ?? null,
      protocol: {
        minReaderVersion: protocol.minReaderVersion,
        minWriterVersion: protocol.minWriterVersion,
        features: [...new Set(features)].sort(),
      },
      partitionColumns: metadata.partitionColumns,
      properties: metadata.configuration,
      columns: snapshot.schema.fields.map(({ name, type, nullable }) => ({
        name,
        type: typeText(type),
        nullable,
      })),
    };
  }

  /** Writes one version as one Parquet file (absolute path). @returns the rows in it */
  async export(to: string, when: When = {}): Promise<TableCount> {
    const at = await this.at(when);
    if (at === undefined) throw noSuchTable(this.name, this.path);
    const { snapshot, table } = at;
    const rows = await this.access.withSession((session) =>
      exportParquet(session, snapshot, table.storage, to),
    );
    return { table: this.name, rows, version: snapshot.version };
  }

  async #scan(session: DuckSession, at: TableAt | undefined, columns?: readonly string[]): Promise<string> {
    if (at !== undefined)
      return scanSql(session, at.snapshot, at.table.storage, columns === undefined ? {} : { columns });
    const fields = this.contract!.fields;
    return emptySelect(columns === undefined ? fields : fields.filter(({ name }) => columns.includes(name)));
  }
}

async function countRows(session: DuckSession, { snapshot, table }: TableAt): Promise<number> {
  return session.scalar(`SELECT count(*) FROM (${await scanSql(session, snapshot, table.storage)})`);
}

export function summarize(table: string, snapshot: Snapshot | undefined): TableSummary {
  if (snapshot === undefined) return { table, rows: 0, version: null, files: 0, bytes: 0, updatedAt: null };
  return {
    table,
    rows: snapshot.numRecords ?? null,
    version: snapshot.version,
    files: snapshot.fileCount,
    bytes: snapshot.sizeInBytes,
    updatedAt: snapshot.timestamp,
  };
}

/** `array<string>`, `struct<a: long>`: a type as SQL people write it. */
export function typeText(type: DataType): string {
  if (typeof type === 'string') return type;
  if (type.type === 'array') return `array<${typeText(type.elementType)}>`;
  if (type.type === 'map') return `map<${typeText(type.keyType)}, ${typeText(type.valueType)}>`;
  return `struct<${type.fields.map(({ name, type: inner }) => `${name}: ${typeText(inner)}`).join(', ')}>`;
}

export function noSuchTable(name: string, path: string, nearest?: string): MurmurError {
  return new MurmurError('lake.no_such_table', `opening table ${name}: there is none in ${path}`, {
    fault: 'user',
    fix: nearest === undefined ? 'see "murmur table ls"' : `did you mean ${nearest}?`,
  });
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
