/**
 * The checkpoint's columns (PROTOCOL.md, "Checkpoint Schema") as DuckDB types: one nullable struct a kind of action, with
 * exactly the names and types that Spark writes. `*_parsed` fields are left out, which is allowed.
 */
interface Fields {
  readonly [name: string]: string | Fields;
}

const texts = 'MAP(VARCHAR, VARCHAR)';

const deletionVector: Fields = {
  storageType: 'VARCHAR',
  pathOrInlineDv: 'VARCHAR',
  offset: 'INTEGER',
  sizeInBytes: 'INTEGER',
  cardinality: 'BIGINT',
  maxRowIndex: 'BIGINT',
};

const classic = {
  txn: { appId: 'VARCHAR', version: 'BIGINT', lastUpdated: 'BIGINT' },
  add: {
    path: 'VARCHAR',
    partitionValues: texts,
    size: 'BIGINT',
    modificationTime: 'BIGINT',
    dataChange: 'BOOLEAN',
    tags: texts,
    deletionVector,
    baseRowId: 'BIGINT',
    defaultRowCommitVersion: 'BIGINT',
    clusteringProvider: 'VARCHAR',
    stats: 'VARCHAR',
  },
  remove: {
    path: 'VARCHAR',
    deletionTimestamp: 'BIGINT',
    dataChange: 'BOOLEAN',
    extendedFileMetadata: 'BOOLEAN',
    partitionValues: texts,
    size: 'BIGINT',
    deletionVector,
    baseRowId: 'BIGINT',
    defaultRowCommitVersion: 'BIGINT',
  },
  metaData: {
    id: 'VARCHAR',
    name: 'VARCHAR',
    description: 'VARCHAR',
    format: { provider: 'VARCHAR', options: texts },
    schemaString: 'VARCHAR',
    partitionColumns: 'VARCHAR[]',
    configuration: texts,
    createdTime: 'BIGINT',
  },
  protocol: {
    minReaderVersion: 'INTEGER',
    minWriterVersion: 'INTEGER',
    readerFeatures: 'VARCHAR[]',
    writerFeatures: 'VARCHAR[]',
  },
  domainMetadata: { domain: 'VARCHAR', configuration: 'VARCHAR', removed: 'BOOLEAN' },
} satisfies Record<string, Fields>;

/** Kinds of action a classic checkpoint holds, in its column order. */
export const checkpointKinds = Object.keys(classic) as (keyof typeof classic)[];

/** What to read: the classic columns, and those of V2 checkpoints (uuid-named top files and sidecars). */
export const readableColumns: Readonly<Record<string, Fields>> = {
  ...classic,
  checkpointMetadata: { version: 'BIGINT', tags: texts },
  sidecar: { path: 'VARCHAR', sizeInBytes: 'BIGINT', modificationTime: 'BIGINT', tags: texts },
};

/** A field without which the action is none: tells a present struct from one whose fields are all null. */
export const requiredField: Readonly<Record<string, string>> = {
  txn: 'appId',
  add: 'path',
  remove: 'path',
  metaData: 'id',
  protocol: 'minReaderVersion',
  domainMetadata: 'domain',
  checkpointMetadata: 'version',
  sidecar: 'path',
};

/** The classic columns in the form that DuckDB's `from_json` takes. */
export const checkpointStructure: string = JSON.stringify(classic);
