/** The Delta table properties with which an engine creates its tables. */
import type { StructType } from '../schema/column-types.js';

/** The engine that writes a table; a table has one. */
export const engineProperty = 'murmur.engine';
export type EngineName = 'embedded' | 'spark';
/** The query that alone appends to a table. */
export const queryIdProperty = 'murmur.queryId';
/** Options that change what rows mean stand under `murmur.<key>`. */
export const stampProperty = (key: string): string => `murmur.${key}`;

/** How long a table keeps what it no longer needs, as Delta intervals. */
export interface Retention {
  /** Removed files: time for readers that still use them. */
  files: string;
  log: string;
}

export const defaultRetention: Retention = { files: 'interval 1 days', log: 'interval 2 days' };

/** Columns that tell what a person wrote or who they are: their values stay out of the log's statistics. */
const personal = new Set(['text', 'cleaned_text', 'user', 'row', '_rescued_data']);

export function tableProperties(
  engine: EngineName,
  schema: StructType,
  retention: Retention,
  query?: { queryId?: string; stamp: Readonly<Record<string, string>> },
): Record<string, string> {
  return {
    'delta.checkpointInterval': '10',
    'delta.deletedFileRetentionDuration': retention.files,
    'delta.logRetentionDuration': retention.log,
    'delta.dataSkippingStatsColumns': schema.fields
      .filter(({ name, type }) => typeof type === 'string' && !personal.has(name))
      .map(({ name }) => name)
      .join(','),
    [engineProperty]: engine,
    ...(query?.queryId !== undefined && { [queryIdProperty]: query.queryId }),
    ...Object.fromEntries(
      Object.entries(query?.stamp ?? {}).map(([key, value]) => [stampProperty(key), value]),
    ),
  };
}
