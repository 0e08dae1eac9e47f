/** A table as another engine writes it: log, checkpoints and Parquet files made by hand from the protocol's text. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Action, AddFile } from '../../src/delta/actions.js';
import { DeltaLog, encodePath } from '../../src/delta/index.js';
import { type DuckDatabase, DuckParquetHandler, type DuckSession, scanSql } from '../../src/duck/index.js';
import { quoteString } from '../../src/duck/sql-text.js';
import { type DataType, type StructField, type StructType, struct } from '../../src/schema/column-types.js';
import type { LocalStorage } from '../../src/storage/local.js';

export class ForeignTable {
  #files = 0;
  readonly warnings: string[] = [];

  constructor(
    readonly storage: LocalStorage,
    readonly database: DuckDatabase,
    readonly session: DuckSession,
  ) {}

  /** Writes one Parquet file; `options` are COPY's, such as FIELD_IDS. */
  async file(select: string, change: Partial<AddFile> = {}, options = ''): Promise<AddFile> {
    const { path = `part-${this.#files++}.parquet` } = change;
    await this.parquet(path, select, options);
    const size = (await this.storage.stat(path))!.size;
    return {
      ...{ partitionValues: {}, size, modificationTime: 1, dataChange: true, ...change },
      path: encodePath(path),
    };
  }

  async parquet(path: string, select: string, options = ''): Promise<void> {
    const to = this.storage.uri(path);
    await mkdir(dirname(to), { recursive: true });
    await this.session.run(`COPY (${select}) TO ${quoteString(to)} (FORMAT parquet${options})`);
  }

  async commit(version: number, ...actions: Action[]): Promise<void> {
    const lines = actions.map((action) => `${JSON.stringify(action)}\n`).join('');
    await this.storage.put(logPath(version, 'json'), Buffer.from(lines));
  }

  open(): Promise<DeltaLog> {
    return DeltaLog.open(this.storage, {
      parquet: new DuckParquetHandler(this.database),
      onWarning: ({ code }) => this.warnings.push(code),
    });
  }

  /** Of the newest snapshot, in the order of the scan. */
  async rows(select = '*', order = ''): Promise<unknown[]> {
    const { snapshot } = await this.open();
    const scan = await scanSql(this.session, snapshot, this.storage);
    return this.session.rows(`SELECT ${select} FROM (${scan}) ${order}`);
  }
}

export function logPath(version: number, rest: string): string {
  return `_delta_log/${String(version).padStart(20, '0')}.${rest}`;
}

/** Protocol and metadata of a table with these features. */
export function tableOf(
  schema: StructType,
  o: { features?: string[]; partitionColumns?: string[]; configuration?: Record<string, string> } = {},
): [Action, Action] {
  const { features = [], partitionColumns = [], configuration = {} } = o;
  return [
    {
      protocol: {
        ...{ minReaderVersion: 3, minWriterVersion: 7 },
        ...{ readerFeatures: features, writerFeatures: features },
      },
    },
    {
      metaData: {
        ...{ id: 'test', format: { provider: 'parquet', options: {} }, configuration, createdTime: 1 },
        ...{ schemaString: JSON.stringify(schema), partitionColumns },
      },
    },
  ];
}

/** A field under column mapping. */
export function mapped(id: number, name: string, physicalName: string, type: DataType): StructField {
  const metadata = { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': physicalName };
  return { name, type, nullable: true, metadata };
}

/** A field whose type has grown. */
export function widened(name: string, fromType: string, toType: DataType): StructField {
  return { name, type: toType, nullable: true, metadata: { 'delta.typeChanges': [{ fromType, toType }] } };
}

export function mapOf(keyType: DataType, valueType: DataType): DataType {
  return { type: 'map', keyType, valueType, valueContainsNull: true };
}

export { struct };
