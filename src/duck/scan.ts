/**
 * A Delta table's live rows as a SELECT. Types, names and partition values come from the log, never from the files: a
 * file may lack a column that was added later, spell its name in other letters, hold a narrower number, or sit in a
 * directory whose name means nothing.
 */
import { MurmurError } from '../base/errors.js';
import type { AddFile, Metadata } from '../delta/actions.js';
import type { StructField, StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { dataFileUri, stageDataFiles } from './parquet-location.js';
import { partitionLiteral } from './partition-value.js';
import type { DuckSession } from './session.js';
import { quoteIdent, quoteList } from './sql-text.js';
import { duckType } from './types.js';

/** What a scan needs to know of a snapshot. */
export interface ScanTarget {
  readonly schema: StructType;
  readonly metadata: Pick<Metadata, 'partitionColumns' | 'configuration'>;
  readonly files: readonly AddFile[];
}

export interface ScanOptions {
  /** Only these of the snapshot's files, in this order. */
  files?: readonly AddFile[];
  /** Only these columns, in this order; names ignore case. Default: all, in the schema's order. */
  columns?: readonly string[];
  /**
   * Adds `filename` (as `dataFileUri` gives it) and `file_row_number` (from 0, BIGINT), which name a row within the table.
   */
  rowNumbers?: boolean;
}

/** Names of the two columns that `rowNumbers` adds: DuckDB's own for its virtual columns. */
const rowNumberColumns = ['filename', 'file_row_number'] as const;

/**
 * Rows come file by file, each in its own order. A table without files gives no rows, with the right columns. The text may be
 * used on this session, as long as it is open.
 * @throws duck.column_unknown (user); duck.column_ambiguous (user) with `rowNumbers` on a table that has a column of such a
 *   name; duck.feature_unsupported (user) for deletion vectors and column mapping; what the storage throws
 */
export async function scanSql(
  session: DuckSession,
  snapshot: ScanTarget,
  storage: Storage,
  options: ScanOptions = {},
): Promise<string> {
  const files = options.files ?? snapshot.files;
  assertReadable(snapshot, files);
  const fields = selectedFields(snapshot.schema, options.columns);
  if (options.rowNumbers) assertNoneOf(snapshot.schema, rowNumberColumns);
  if (files.length === 0) return emptySelect(fields, options.rowNumbers ?? false);
  await stageDataFiles(session, storage, files);
  const partitionColumns = new Set(snapshot.metadata.partitionColumns.map((c) => c.toLowerCase()));
  return groupByPartition(files, snapshot.metadata.partitionColumns)
    .map((group) =>
      scanPartition(
        fields,
        partitionColumns,
        group,
        (file) => dataFileUri(session, storage, file),
        options.rowNumbers ?? false,
      ),
    )
    .join('\nUNION ALL ');
}

/** A SELECT of these columns that gives no row. */
export function emptySelect(fields: readonly StructField[], rowNumbers = false): string {
  const columns = fields.map((f) => `CAST(NULL AS ${duckType(f.type)}) AS ${quoteIdent(f.name)}`);
  if (rowNumbers)
    columns.push('CAST(NULL AS VARCHAR) AS filename', 'CAST(NULL AS BIGINT) AS file_row_number');
  return `SELECT ${columns.join(', ')} WHERE false`;
}

function scanPartition(
  fields: readonly StructField[],
  partitionColumns: ReadonlySet<string>,
  files: readonly AddFile[],
  uriOf: (file: AddFile) => string,
  rowNumbers: boolean,
): string {
  const values = files[0]!.partitionValues;
  const inFile: StructField[] = [];
  const columns = fields.map((field) => {
    const name = quoteIdent(field.name);
    const type = duckType(field.type);
    if (field.type === 'void') return `CAST(NULL AS ${type}) AS ${name}`;
    if (partitionColumns.has(field.name.toLowerCase())) {
      return `${partitionLiteral(field.type, partitionValue(values, field.name))} AS ${name}`;
    }
    inFile.push(field);
    return `CAST(${name} AS ${type}) AS ${name}`;
  });
  const virtual = rowNumbers ? `, ${rowNumberColumns.join(', ')}` : '';
  const uris = files.map(uriOf);
  // The empty branch gives every column a name and a type, also those that no file has.
  return `SELECT ${columns.join(', ')}${virtual} FROM (
  ${inFile.length > 0 || rowNumbers ? `${emptySelect(inFile, rowNumbers)} UNION ALL BY NAME ` : ''}SELECT *${virtual}
  FROM read_parquet(${quoteList(uris)}, union_by_name=true, hive_partitioning=false))`;
}

/** Files of equal partition values together, in the order of their first file; within a group order is kept. */
export function groupByPartition(files: readonly AddFile[], columns: readonly string[]): AddFile[][] {
  if (columns.length === 0) return [[...files]];
  const groups = new Map<string, AddFile[]>();
  for (const file of files) {
    const key = JSON.stringify(columns.map((c) => partitionValue(file.partitionValues, c) || null));
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return [...groups.values()];
}

function partitionValue(values: AddFile['partitionValues'], column: string): string | null {
  const exact = values[column];
  if (exact !== undefined) return exact;
  const name = Object.keys(values).find((key) => key.toLowerCase() === column.toLowerCase());
  return name === undefined ? null : (values[name] ?? null);
}

function selectedFields(schema: StructType, columns: readonly string[] | undefined): StructField[] {
  if (!columns) return schema.fields;
  return columns.map((name) => {
    const field = schema.fields.find((f) => f.name.toLowerCase() === name.toLowerCase());
    if (field) return field;
    throw new MurmurError(
      'duck.column_unknown',
      `column ${name} is not among ${schema.fields.map((f) => f.name).join(', ')}`,
      { fault: 'user' },
    );
  });
}

function assertNoneOf(schema: StructType, names: readonly string[]): void {
  const taken = schema.fields.find((f) => names.includes(f.name.toLowerCase()));
  if (!taken) return;
  throw new MurmurError(
    'duck.column_ambiguous',
    `a table column named ${taken.name}, which DuckDB uses for itself`,
    {
      fault: 'user',
      fix: 'rename the column',
    },
  );
}

/** Reading these without regard to the feature would give wrong rows. */
function assertReadable(snapshot: ScanTarget, files: readonly AddFile[]): void {
  const mapping = snapshot.metadata.configuration['delta.columnMapping.mode'] ?? 'none';
  const feature =
    mapping !== 'none'
      ? `column mapping by ${mapping}`
      : files.some((f) => f.deletionVector)
        ? 'deletion vectors'
        : undefined;
  if (!feature) return;
  throw new MurmurError('duck.feature_unsupported', `reading a table with ${feature}`, { fault: 'user' });
}
