/**
 * One `COPY` of rows of one partition into Parquet files, and what Delta's log says about each: name, size, time,
 * statistics. The files are on the disk when this returns; when it fails, none is left.
 */
import { randomUUID } from 'node:crypto';
import type { DataFile } from '../delta/actions.js';
import type { StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { prepareFolder, settle } from './durable.js';
import { type CopyResult, fileStatistics } from './file-statistics.js';
import { parquetUri } from './parquet-location.js';
import { type PartitionValues, partitionDirectory } from './partition-value.js';
import type { DuckSession } from './session.js';
import { quoteString } from './sql-text.js';
import { statsColumns } from './stats-columns.js';

export type Compression = 'snappy' | 'zstd';

/** How the rows are laid out in files. */
export interface FileLayout {
  /** Default `snappy`. */
  compression?: Compression;
  /** Rows that come to notably more bytes are spread over several files of about this size. Default: one file. */
  maxFileBytes?: number;
  /** Rows of a row group. Default: DuckDB's, 122,880. */
  rowGroupRows?: number;
}

export interface DataFilesOptions extends FileLayout {
  /** A query of exactly the columns of `schema`, each already of its type. */
  select: string;
  /** The columns in the files: those of the table without partition columns and void ones. */
  schema: StructType;
  /** The table's root. */
  storage: Storage;
  configuration?: Readonly<Record<string, string>>;
  partitionColumns: readonly string[];
  /** Of every row of `select`. */
  partitionValues: PartitionValues;
}

/** A file may be larger than asked for by this factor: better one of 70 MB than two of 35. */
const tolerance = 1.25;

/** Path order of the files is row order. No rows, no files. */
export async function writeDataFiles(session: DuckSession, options: DataFilesOptions): Promise<DataFile[]> {
  const { storage, partitionValues, maxFileBytes } = options;
  const name = new FileName(
    partitionDirectory(options.partitionColumns, partitionValues),
    options.compression ?? 'snappy',
  );
  await prepareFolder(storage, name.at(0));
  try {
    let copied = await copy(session, options, options.select, name.at(0));
    const [whole] = copied;
    if (whole && maxFileBytes && whole.file_size_bytes > maxFileBytes * tolerance) {
      copied = await split(session, options, whole, name, maxFileBytes);
    }
    const columns = statsColumns(options.schema, options.configuration);
    const [stats, settled] = await Promise.all([
      inTurn(copied, (file) => fileStatistics(session, file, columns)),
      settle(
        storage,
        copied.map((file) => file.path),
      ),
    ]);
    return copied.map(({ path, count }, i) => {
      const { size, mtimeMs } = settled.get(path)!;
      return {
        path,
        partitionValues,
        size,
        modificationTime: Math.floor(mtimeMs),
        numRecords: count,
        stats: stats[i]!,
      };
    });
  } catch (e) {
    await discard(storage, name);
    throw e;
  }
}

type CopiedFile = CopyResult & { path: string };

async function copy(
  session: DuckSession,
  options: DataFilesOptions,
  select: string,
  path: string,
): Promise<CopiedFile[]> {
  const target = quoteString(parquetUri(options.storage, path));
  const copied = await session.rows<CopyResult>(
    `COPY (${select}) TO ${target} (${settings(options).join(', ')})`,
  );
  return copied.map((file) => ({ ...file, path }));
}

/**
 * Cuts a file into equal ones of about the size asked for. (DuckDB's own FILE_SIZE_BYTES mixes up the order of rows.)
 */
async function split(
  session: DuckSession,
  options: DataFilesOptions,
  whole: CopiedFile,
  name: FileName,
  maxFileBytes: number,
): Promise<CopiedFile[]> {
  const files = Math.max(2, Math.round(whole.file_size_bytes / maxFileBytes));
  const rows = Math.ceil(whole.count / files);
  const pieces: CopiedFile[] = [];
  for (let from = 0; from < whole.count; from += rows) {
    const select = `SELECT * FROM read_parquet(${quoteString(whole.filename)}, hive_partitioning=false)
      WHERE file_row_number >= ${from} AND file_row_number < ${from + rows}`;
    pieces.push(...(await copy(session, options, select, name.at(pieces.length + 1))));
  }
  await options.storage.delete(whole.path);
  return pieces;
}

function settings(options: DataFilesOptions): string[] {
  return [
    'FORMAT parquet',
    `COMPRESSION ${options.compression ?? 'snappy'}`,
    // Version 2 has encodings that older readers lack.
    'PARQUET_VERSION v1',
    'RETURN_STATS',
    'WRITE_EMPTY_FILE false',
    ...(options.rowGroupRows ? [`ROW_GROUP_SIZE ${options.rowGroupRows}`] : []),
  ];
}

/** Deletes what a failed write may have left; the name occurs nowhere else. */
async function discard(storage: Storage, name: FileName): Promise<void> {
  try {
    for await (const { path } of storage.list(name.folder)) {
      if (path.includes(name.id)) await storage.delete(path);
    }
  } catch {
    // Files that no commit names are vacuum's to remove; the failure before this one is what the caller must see.
  }
}

/** The name that Spark's writers use: `part-00000-<uuid>.c000.snappy.parquet`. */
class FileName {
  readonly id = randomUUID();

  constructor(
    readonly folder: string,
    private readonly compression: Compression,
  ) {}

  at(index: number): string {
    const number = String(index).padStart(5, '0');
    return `${this.folder}part-${number}-${this.id}.c000.${this.compression}.parquet`;
  }
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
