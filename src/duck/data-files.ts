/**
 * One `COPY` of rows of one partition into Parquet files, and what Delta's log says about each: name, size, time,
 * statistics. The files are on the disk when this returns; when it fails, none is left.
 */
import { randomUUID } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DataFile } from '../delta/actions.js';
import type { StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { prepareFolder, settle } from './durable.js';
import { type CopyResult, fileStatistics } from './file-statistics.js';
import { type PartitionValues, partitionDirectory } from './partition-value.js';
import type { DuckSession } from './session.js';
import { quoteString } from './sql-text.js';
import { statsColumns } from './stats-columns.js';

export type Compression = 'snappy' | 'zstd';

/** How the rows are laid out in files. */
export interface FileLayout {
  /** Default `snappy`. */
  compression?: Compression;
  /**
   * A file that has grown beyond this many bytes is followed by another one. Loose: DuckDB looks after each row group.
   * Default: one file, whatever its size.
   */
  maxFileBytes?: number;
  /** Rows of a row group, the least that `maxFileBytes` can cut off. Default: DuckDB's, 122,880. */
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

/** Path order of the files is row order. No rows, no files. */
export async function writeDataFiles(session: DuckSession, options: DataFilesOptions): Promise<DataFile[]> {
  const { storage, partitionValues } = options;
  const name = new FileName(
    partitionDirectory(options.partitionColumns, partitionValues),
    options.compression ?? 'snappy',
  );
  await prepareFolder(storage, name.at(0));
  try {
    const copied = options.maxFileBytes
      ? await copyToMany(session, options, name, options.maxFileBytes)
      : await copyToOne(session, options, name);
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

async function copyToOne(
  session: DuckSession,
  options: DataFilesOptions,
  name: FileName,
): Promise<CopiedFile[]> {
  const path = name.at(0);
  const target = quoteString(options.storage.uri(path));
  const copied = await session.rows<CopyResult>(
    `COPY (${options.select}) TO ${target} (${settings(options).join(', ')})`,
  );
  return copied.map((file) => ({ ...file, path }));
}

async function copyToMany(
  session: DuckSession,
  options: DataFilesOptions,
  name: FileName,
  maxFileBytes: number,
): Promise<CopiedFile[]> {
  const { storage } = options;
  const many = [
    ...settings(options),
    `FILE_SIZE_BYTES ${Math.ceil(maxFileBytes)}`,
    `FILENAME_PATTERN ${quoteString(name.duckPattern)}`,
    // The folder holds the table's other files. Nothing is overwritten, since the name is new.
    'OVERWRITE_OR_IGNORE',
  ];
  const folder = quoteString(dirname(storage.uri(name.at(0))));
  const copied = await session.rows<CopyResult>(`COPY (${options.select}) TO ${folder} (${many.join(', ')})`);
  const files: CopiedFile[] = [];
  for (const file of copied) {
    const path = name.at(name.indexOf(file.filename));
    const filename = storage.uri(path);
    await rename(file.filename, filename);
    files.push({ ...file, filename, path });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
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
    return `${this.folder}part-${String(index).padStart(5, '0')}${this.tail}.parquet`;
  }

  /** DuckDB numbers files without padding, which would put the tenth before the second. */
  get duckPattern(): string {
    return `part-{i}${this.tail}`;
  }

  indexOf(filename: string): number {
    return Number(/part-(\d+)-[^/\\]*$/.exec(filename)?.[1]);
  }

  private get tail(): string {
    return `-${this.id}.c000.${this.compression}`;
  }
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
