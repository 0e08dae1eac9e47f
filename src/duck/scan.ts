/**
 * A Delta table's live rows as a SELECT. Types, names and partition values come from the log, never from the files: a
 * file may lack a column that was added later, spell its name in other letters, hold a narrower number, or sit in a
 * directory whose name means nothing.
 */
import { MurmurError } from '../base/errors.js';
import type { AddFile, Metadata } from '../delta/actions.js';
import { columnMappingMode, partitionValue, physicalName, physicalSchema } from '../delta/index.js';
import { type StructField, type StructType, struct } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { type LocatedFile, notDeleted } from './deleted-rows.js';
import { namesInFiles } from './field-ids.js';
import { dataFileUri, stageDataFiles } from './parquet-location.js';
import { partitionLiteral } from './partition-value.js';
import { readAs } from './physical-columns.js';
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
 * Rows come file by file, each in its own order; only where deletion vectors take rows out, the others have no order. A table
 * without files gives no rows, with the right columns. The text may be used on this session, as long as it is open.
 * @throws duck.column_unknown (user); duck.column_ambiguous (user) with `rowNumbers` or deletion vectors on a table that
 *   has a column of such a name; delta.bad_deletion_vector (external); what the storage throws
 */
export async function scanSql(
  session: DuckSession,
  snapshot: ScanTarget,
  storage: Storage,
  options: ScanOptions = {},
): Promise<string> {
  const { rowNumbers = false } = options;
  const files = options.files ?? snapshot.files;
  const fields = selectedFields(snapshot.schema, options.columns);
  if (rowNumbers || files.some((file) => file.deletionVector)) assertNoneOf(snapshot, rowNumberColumns);
  if (files.length === 0) return emptySelect(fields, rowNumbers);
  const partitioned = new Set(snapshot.metadata.partitionColumns.map((name) => name.toLowerCase()));
  const columns = {
    partition: fields.filter(({ name }) => partitioned.has(name.toLowerCase())),
    data: fields.filter(({ name, type }) => !partitioned.has(name.toLowerCase()) && type !== 'void'),
  };
  await stageDataFiles(session, storage, files);
  const located = files.map((file) => ({ file, uri: dataFileUri(session, storage, file) }));
  const live = await notDeleted(session, storage, located);
  const groups = await alike(session, snapshot, columns, located);
  return groups.map((group) => scanGroup(fields, group, { live, rowNumbers })).join('\nUNION ALL ');
}

/** A SELECT of these columns that gives no row. */
export function emptySelect(fields: readonly StructField[], rowNumbers = false): string {
  const columns = fields.map((f) => `CAST(NULL AS ${duckType(f.type)}) AS ${quoteIdent(f.name)}`);
  if (rowNumbers)
    columns.push('CAST(NULL AS VARCHAR) AS filename', 'CAST(NULL AS BIGINT) AS file_row_number');
  return `SELECT ${columns.join(', ')} WHERE false`;
}

/** Files that one `read_parquet` gives with the same columns. */
interface FileGroup {
  uris: string[];
  /** Constants by the name of a partition column. */
  partition: ReadonlyMap<string, string>;
  /** Data columns by name: as the files call them. */
  data: ReadonlyMap<string, StructField>;
}

async function alike(
  session: DuckSession,
  { metadata }: ScanTarget,
  columns: Readonly<Record<'partition' | 'data', StructField[]>>,
  files: readonly LocatedFile[],
): Promise<FileGroup[]> {
  const mode = columnMappingMode(metadata);
  const logical = struct(...columns.data);
  const physical = physicalSchema(logical, mode);
  const names =
    mode === 'id'
      ? await namesInFiles(
          session,
          files.map(({ uri }) => uri),
          logical,
        )
      : undefined;
  const keys = columns.partition.map((field) => physicalName(field, mode));
  const groups = new Map<string, FileGroup>();
  for (const { file, uri } of files) {
    const values = keys.map((key) => partitionValue(file.partitionValues, key));
    const inFile = names?.get(uri) ?? physical;
    const key = JSON.stringify(names === undefined ? values : [values, inFile]);
    const group = groups.get(key);
    if (group) group.uris.push(uri);
    else {
      groups.set(key, {
        uris: [uri],
        partition: new Map(
          columns.partition.map(({ name, type }, i) => [name, partitionLiteral(type, values[i])]),
        ),
        data: new Map(columns.data.map(({ name }, i) => [name, inFile.fields[i]!])),
      });
    }
  }
  return [...groups.values()];
}

function scanGroup(
  fields: readonly StructField[],
  { uris, partition, data }: FileGroup,
  { live, rowNumbers }: { live: string | undefined; rowNumbers: boolean },
): string {
  const columns = fields.map((field) => {
    const inFile = data.get(field.name);
    const value = inFile
      ? readAs(quoteIdent(inFile.name), inFile.type, field.type)
      : (partition.get(field.name) ?? `CAST(NULL AS ${duckType(field.type)})`);
    return `${value} AS ${quoteIdent(field.name)}`;
  });
  const virtual = rowNumbers ? `, ${rowNumberColumns.join(', ')}` : '';
  // The empty branch gives every column a name and a type, also those that no file has.
  const typed =
    data.size > 0 || rowNumbers ? `${emptySelect([...data.values()], rowNumbers)} UNION ALL BY NAME ` : '';
  return `SELECT ${columns.join(', ')}${virtual} FROM (
  ${typed}SELECT *${virtual}
  FROM read_parquet(${quoteList(uris)}, union_by_name=true, hive_partitioning=false)${live ? `\n  WHERE ${live}` : ''})`;
}

/** Files of equal partition values together, in the order of their first file; within a group order is kept. */
export function groupByPartition(files: readonly AddFile[], columns: readonly string[]): AddFile[][] {
  if (columns.length === 0) return [[...files]];
  const groups = new Map<string, AddFile[]>();
  for (const file of files) {
    const key = JSON.stringify(columns.map((c) => partitionValue(file.partitionValues, c)));
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return [...groups.values()];
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

function assertNoneOf({ schema, metadata }: ScanTarget, names: readonly string[]): void {
  const mode = columnMappingMode(metadata);
  const taken = schema.fields.find((f) => {
    return names.includes(f.name.toLowerCase()) || names.includes(physicalName(f, mode).toLowerCase());
  });
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
