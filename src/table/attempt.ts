/** One try of a change: what it plans on, the files it writes, and the transaction that names them. */
import type { DataFile, Metadata } from '../delta/actions.js';
import type { DeltaLog } from '../delta/delta-log.js';
import { assertProperties, neededProtocol } from '../delta/needed-protocol.js';
import { assertNoExtraColumns, mergeSchema } from '../delta/schema-evolution.js';
import { assertSchema } from '../delta/schema-rules.js';
import type { Snapshot } from '../delta/snapshot.js';
import { targetFileSize } from '../delta/table-properties.js';
import type { Transaction } from '../delta/transaction.js';
import type { FileLayout } from '../duck/data-files.js';
import type { DuckSession } from '../duck/session.js';
import { incomingSchema, type QueryColumn } from '../duck/store-assignment.js';
import { writeParquet } from '../duck/write-parquet.js';
import type { StructType } from '../schema/column-types.js';

export class Attempt {
  readonly transaction: Transaction;
  /** Every file of this try, committed or not. */
  readonly written: DataFile[] = [];
  #schema: StructType;
  #metadata: Metadata;

  constructor(
    readonly log: DeltaLog,
    readonly session: DuckSession,
    /** The table as the try finds it. */
    readonly snapshot: Snapshot,
  ) {
    this.transaction = log.begin(snapshot);
    this.#schema = snapshot.schema;
    this.#metadata = snapshot.metadata;
  }

  /** The columns that the table will have. */
  get schema(): StructType {
    return this.#schema;
  }

  /** The snapshot's live files under the columns that the table will have. */
  get target() {
    return { schema: this.#schema, metadata: this.#metadata, files: this.snapshot.files };
  }

  /**
   * Makes the commit change columns or properties too, and the protocol where they need more of it.
   * @throws delta.bad_schema (user), delta.bad_property (user)
   */
  alter(
    schema: StructType,
    metadata: Partial<Pick<Metadata, 'configuration' | 'partitionColumns'>> = {},
  ): void {
    this.#schema = schema;
    this.#metadata = { ...this.snapshot.metadata, ...metadata, schemaString: JSON.stringify(schema) };
    assertSchema(schema, this.#metadata.partitionColumns);
    if (metadata.configuration) assertProperties(metadata.configuration);
    this.transaction.setMetadata(this.#metadata);
    const protocol = neededProtocol(this.#metadata, this.snapshot.protocol);
    if (protocol !== this.snapshot.protocol) this.transaction.setProtocol(protocol);
  }

  /**
   * Holds a query's columns against the table's, and adds those that it lacks where `grow` says so.
   * @throws delta.schema_mismatch (user), duck.type_mismatch (user), duck.type_unsupported (user)
   */
  admit(columns: readonly QueryColumn[], grow: boolean): void {
    const incoming = incomingSchema(columns, this.#schema);
    if (!grow) assertNoExtraColumns(this.log.storage.root, this.#schema, incoming);
    const schema = mergeSchema(this.#schema, incoming);
    if (schema !== this.#schema) this.alter(schema);
  }

  /** Writes a query's rows as files of the table, to be added by the commit. Its columns match by name; missing ones are null. */
  async write(select: string): Promise<DataFile[]> {
    const files = await writeParquet(this.session, {
      ...layoutOf(this.#metadata),
      select,
      storage: this.log.storage,
      schema: this.#schema,
      configuration: this.#metadata.configuration,
      partitionColumns: this.#metadata.partitionColumns,
    });
    this.written.push(...files);
    for (const file of files) this.transaction.add(file);
    return files;
  }

  /** Removes the files that no commit names, and none will. What cannot be deleted now is vacuum's. */
  async discard(): Promise<void> {
    if (this.transaction.mayBeCommitted) return;
    await Promise.allSettled(this.written.map(({ path }) => this.log.storage.delete(path)));
  }
}

/** Files of about `delta.targetFileSize` bytes; default 128 MiB. */
function layoutOf(metadata: Metadata): FileLayout {
  return { maxFileBytes: targetFileSize(metadata) };
}

export function rowsIn(files: readonly DataFile[]): number {
  return files.reduce((sum, { numRecords }) => sum + numRecords, 0);
}
