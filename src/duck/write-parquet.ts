/**
 * Rows of a query as new Parquet files of a Delta table: exact types, exact statistics, unique names, on the disk before
 * this returns. Nothing here is visible to readers of the table until a commit names the files.
 */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import type { DataFile } from '../delta/actions.js';
import { type StructType, struct } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { columnCasts } from './column-casts.js';
import { type FileLayout, writeDataFiles } from './data-files.js';
import { assertPartitionable, partitionLiteral, partitionText } from './partition-value.js';
import type { DuckSession } from './session.js';
import { quoteIdent } from './sql-text.js';

export interface WriteParquetOptions extends FileLayout {
  /** A query whose columns are the table's, by name ignoring case; missing ones are written as null. */
  select: string;
  /** The table's root. */
  storage: Storage;
  schema: StructType;
  /** Table properties that say which columns have statistics. */
  configuration?: Readonly<Record<string, string>>;
  partitionColumns?: readonly string[];
}

/**
 * Writes the query's rows in its order: path order of the files is row order (within each partition). No rows, no files.
 * @throws duck.column_unknown, duck.column_ambiguous, duck.partition_type_unsupported, duck.sql_error (user; the last also
 *   for a null where the schema forbids it and a value that does not fit its type), duck.io_failed (external)
 */
export async function writeParquet(session: DuckSession, options: WriteParquetOptions): Promise<DataFile[]> {
  const { partitionColumns = [] } = options;
  const schema = struct(...options.schema.fields.filter((f) => f.type !== 'void'));
  // A column of type void is in no file, and may be among those of the query (a scan gives it, as null).
  const voids = new Set(
    options.schema.fields.filter((f) => f.type === 'void').map((f) => f.name.toLowerCase()),
  );
  const given = await session.columnTypesOf(options.select);
  const columns = given.map((c) => c.name).filter((name) => !voids.has(name.toLowerCase()));
  const casts = columnCasts(schema, columns);
  const select = `SELECT ${casts.join(', ')} FROM (${options.select}) AS source`;
  const files =
    partitionColumns.length > 0
      ? await writePartitions(session, { ...options, select, schema, partitionColumns })
      : await writeDataFiles(session, { ...options, select, schema, partitionColumns, partitionValues: {} });
  return files.map((file) => ({ ...file, nullsChecked: true }));
}

async function writePartitions(
  session: DuckSession,
  options: WriteParquetOptions & { partitionColumns: readonly string[] },
): Promise<DataFile[]> {
  const { schema, partitionColumns, storage } = options;
  const partitionFields = partitionColumns.map((name) => {
    const field = schema.fields.find((f) => f.name === name);
    if (!field) {
      throw new MurmurError('duck.column_unknown', `partition column ${name} is not in the schema`, {
        fault: 'internal',
      });
    }
    assertPartitionable(field);
    return field;
  });
  const dataColumns = struct(...schema.fields.filter((f) => !partitionFields.includes(f)));
  // The empty text is the null partition.
  const keys = partitionFields.map(({ name, type }) =>
    type === 'string' ? `nullif(${quoteIdent(name)}, '')` : quoteIdent(name),
  );
  const distinct = keys.map((key, i) => `${key} AS ${quoteIdent(partitionFields[i]!.name)}`).join(', ');
  const staged = quoteIdent(`write_${randomUUID()}`);
  const written: DataFile[] = [];
  await session.run(`CREATE TEMP TABLE ${staged} AS ${options.select}`);
  try {
    for (const values of await session.rows(`SELECT DISTINCT ${distinct} FROM ${staged} ORDER BY ALL`)) {
      const texts = partitionFields.map((f) => [f.name, partitionText(f.type, values[f.name]!)] as const);
      const partitionValues = Object.fromEntries(texts);
      const isHere = partitionFields.map(
        (f, i) => `${keys[i]} IS NOT DISTINCT FROM ${partitionLiteral(f.type, partitionValues[f.name])}`,
      );
      const columns = dataColumns.fields.map((f) => quoteIdent(f.name)).join(', ');
      const select = `SELECT ${columns} FROM ${staged} WHERE ${isHere.join(' AND ')}`;
      written.push(
        ...(await writeDataFiles(session, { ...options, select, schema: dataColumns, partitionValues })),
      );
    }
    return written;
  } catch (e) {
    await Promise.allSettled(written.map((file) => storage.delete(file.path)));
    throw e;
  } finally {
    await session.run(`DROP TABLE IF EXISTS ${staged}`);
  }
}
