/** Records of the landing place beside what they become in bronze. */
import type { OpenLake } from '../index.js';
import { canonicalPost } from '../posts/canonical.js';
import { bronze } from '../posts/tables.js';
import type { FileSource } from '../sources/files/file-source.js';
import type { RawRecord } from '../sources/source.js';

export interface MappedRecord {
  source_file: string;
  position: number;
  /** As it stands in the file; absent when it could not be read. */
  raw?: Record<string, unknown>;
  /** The row of bronze, without its processing time. */
  mapped?: Record<string, unknown>;
  /** Why there is no such row: it goes to quarantine … */
  fault?: { rule: string; reason: string };
  /** … or is no post and not meant to be one. */
  skipped?: string;
}

export async function mappedRecords(
  lake: OpenLake,
  files: FileSource,
  limit: number,
): Promise<MappedRecord[]> {
  const found: MappedRecord[] = [];
  for (const record of await files.head(limit)) {
    for (const plain of await plainRecords(lake, record, limit)) {
      if (found.length < limit) found.push(mappedRecord(lake, plain));
    }
  }
  return found;
}

type PlainRecord = Exclude<RawRecord, { parquet: unknown }>;

function mappedRecord({ spec }: OpenLake, record: PlainRecord): MappedRecord {
  const { source_file, position } = record;
  if ('fault' in record) {
    const { rule, reason } = record.fault;
    return { source_file, position, fault: { rule, reason } };
  }
  const outcome = canonicalPost(record, spec.columns, 0n);
  const place = { source_file, position, raw: record.fields };
  if ('skipped' in outcome) return { ...place, skipped: outcome.skipped };
  if ('row' in outcome) return { ...place, mapped: bronzeRow(outcome.row) };
  const { rule, reason } = outcome.fault;
  return { ...place, fault: { rule, reason } };
}

function bronzeRow(values: readonly unknown[]): Record<string, unknown> {
  const entries = bronze.fields.map(({ name }, i) => [name, jsonSafe(values[i])] as const);
  return Object.fromEntries(entries.filter(([name]) => name !== 'processing_time'));
}

/** Integers beyond 2^53 as text, as everywhere in Murmur's JSON. */
function jsonSafe(value: unknown): unknown {
  if (typeof value !== 'bigint') return value ?? null;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

/** The rows of a Parquet file are read by DuckDB; everything else is a record already. */
async function plainRecords({ lake }: OpenLake, record: RawRecord, limit: number): Promise<PlainRecord[]> {
  if (!('parquet' in record)) return [record];
  const path = `'${record.parquet.uri.replaceAll("'", "''")}'`;
  const { rows } = await lake.sql(
    `SELECT * FROM read_parquet(${path}, hive_partitioning = false) LIMIT ${limit}`,
  );
  return rows.map((fields, i) => ({ source_file: record.source_file, position: i + 1, fields }));
}
