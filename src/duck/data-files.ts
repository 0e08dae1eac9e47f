/**
 * One `COPY` of rows of one partition into Parquet files, and what Delta's log says about each: name, size, time,
 * statistics. The files are on the disk when this returns; when it fails, none is left.
 */
import { randomUUID } from 'node:crypto';
import type { DataFile } from '../delta/actions.js';
import { statsColumns } from '../delta/stats-columns.js';
import type { StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { type CopyResult, fileStatistics } from './file-statistics.js';
import { type PartitionValues, partitionDirectory } from './partition-value.js';
import type { DuckSession } from './session.js';
import { quoteString } from './sql-text.js';
import type { FileTarget } from './staging.js';

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
  const target = await session.staging.target(storage);
  const writing: Writing = { session, options, target, name, begun: [] };
  try {
    let copied = await copy(writing, options.select);
    const [whole] = copied;
    if (whole && maxFileBytes && whole.file_size_bytes > maxFileBytes * tolerance) {
      copied = await split(writing, whole, maxFileBytes);
    }
    const columns = statsColumns(options.schema, options.configuration);
    const [stats, settled] = await Promise.all([
      inTurn(copied, (file) => fileStatistics(session, file, columns)),
      target.settle(copied.map((file) => file.path)),
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
    await target.discard(writing.begun);
    throw e;
  } finally {
    await target.close();
  }
}

interface Writing {
  session: DuckSession;
  options: DataFilesOptions;
  target: FileTarget;
  name: FileName;
  /** Paths of all files that were begun. */
  begun: string[];
}

type CopiedFile = CopyResult & { path: string };

/** Writes the rows as the next file. */
async function copy(
  { session, options, target, name, begun }: Writing,
  select: string,
): Promise<CopiedFile[]> {
  const path = name.at(begun.length);
  begun.push(path);
  const file = quoteString(await target.localName(path));
  const copied = await session.rows<CopyResult>(
    `COPY (${select}) TO ${file} (${settings(options).join(', ')})`,
  );
  return copied.map((file) => ({ ...file, path }));
}

/**
 * Cuts a file into equal ones of about the size asked for. (DuckDB's own FILE_SIZE_BYTES mixes up the order of rows.)
 */
async function split(writing: Writing, whole: CopiedFile, maxFileBytes: number): Promise<CopiedFile[]> {
  const files = Math.max(2, Math.round(whole.file_size_bytes / maxFileBytes));
  const rows = Math.ceil(whole.count / files);
  const pieces: CopiedFile[] = [];
  for (let from = 0; from < whole.count; from += rows) {
    const select = `SELECT * FROM read_parquet(${quoteString(whole.filename)}, hive_partitioning=false)
      WHERE file_row_number >= ${from} AND file_row_number < ${from + rows}`;
    pieces.push(...(await copy(writing, select)));
  }
  await writing.target.discard([whole.path]);
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
