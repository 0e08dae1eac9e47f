/** Version 0 of a table, and what another table in its place must be like to be taken for it. */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import type { StructType } from '../schema/column-types.js';
import type { Action, Metadata } from './actions.js';
import { hasInCommitTimestamps } from './commit-info.js';
import { assertWritable } from './features.js';
import { assertProperties, neededProtocol } from './needed-protocol.js';
import type { Snapshot } from './snapshot.js';

export interface TableSpec {
  schema: StructType;
  partitionColumns?: string[];
  configuration?: Record<string, string>;
}

/**
 * Version 0. It leaves `readVersion` out: there was nothing to read.
 * @throws delta.unsupported_feature (user), delta.bad_property (user)
 */
export function creation(
  root: string,
  { schema, partitionColumns = [], configuration = {} }: TableSpec,
  now: number,
  engineInfo: string,
): Action[] {
  assertProperties(configuration);
  const metaData: Metadata = {
    id: randomUUID(),
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns,
    configuration,
    createdTime: now,
  };
  const protocol = neededProtocol(metaData);
  assertWritable(root, protocol, metaData);
  return [
    {
      commitInfo: {
        ...(hasInCommitTimestamps(metaData) ? { inCommitTimestamp: now } : {}),
        timestamp: now,
        operation: 'CREATE TABLE',
        operationParameters: {
          isManaged: 'false',
          description: 'null',
          partitionBy: JSON.stringify(partitionColumns),
          properties: JSON.stringify(configuration),
        },
        isolationLevel: 'Serializable',
        isBlindAppend: true,
        engineInfo,
        txnId: randomUUID(),
      },
    },
    { protocol },
    { metaData },
  ];
}

/** @throws delta.schema_mismatch (user) */
export function assertSameShape(root: string, snapshot: Snapshot, spec: TableSpec): void {
  const shape = ({ fields }: StructType) =>
    JSON.stringify(fields.map(({ name, type }) => [name.toLowerCase(), type]));
  const partitions = JSON.stringify(spec.partitionColumns ?? []);
  if (
    shape(snapshot.schema) === shape(spec.schema) &&
    JSON.stringify(snapshot.metadata.partitionColumns) === partitions
  ) {
    return;
  }
  throw new MurmurError('delta.schema_mismatch', `creating ${root}: a table with other columns is there`, {
    fault: 'user',
    fix: 'use another folder, or remove the table that is in this one',
  });
}
