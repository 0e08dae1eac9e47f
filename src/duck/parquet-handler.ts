/** The Parquet work of the Delta room, each call on a connection of its own, so that it may run beside others. */
import { MurmurError } from '../base/errors.js';
import type { Action, AddFile, DataFile } from '../delta/actions.js';
import { liveRecordsIn } from '../delta/index.js';
import type { ParquetHandler, RewriteRequest } from '../delta/parquet-handler.js';
import { type StructType, struct } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { readCheckpointFiles, writeCheckpointFile } from './checkpoint-parquet.js';
import { writeDataFiles } from './data-files.js';
import type { DuckDatabase } from './database.js';
import { stagedParquet } from './parquet-location.js';
import { groupByPartition, type ScanTarget, scanSql } from './scan.js';
import type { DuckSession } from './session.js';
import { zOrdered } from './z-order.js';

export class DuckParquetHandler implements ParquetHandler {
  constructor(private readonly database: DuckDatabase) {}

  /** Also gives the `sidecar` and `checkpointMetadata` actions of V2 checkpoints. */
  readCheckpoint(storage: Storage, paths: string[]): Promise<Action[]> {
    return this.withSession(async (session) =>
      readCheckpointFiles(session, await stagedParquet(session, storage, paths)),
    );
  }

  writeCheckpoint(
    storage: Storage,
    path: string,
    actions: Iterable<Action>,
  ): Promise<{ rows: number; size: number }> {
    return this.withSession(async (session) => {
      const target = await session.staging.target(storage);
      try {
        const rows = await writeCheckpointFile(session, await target.localName(path), actions);
        const settled = await target.settle([path]);
        return { rows, size: settled.get(path)!.size };
      } finally {
        await target.close();
      }
    });
  }

  /** @throws duck.rewrite_mismatch (internal) when the new files do not hold as many rows as the old ones */
  rewrite(request: RewriteRequest): Promise<DataFile[]> {
    return this.withSession((session) => rewriteFiles(session, request));
  }

  private async withSession<T>(work: (session: DuckSession) => Promise<T>): Promise<T> {
    const session = await this.database.connect();
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }
}

async function rewriteFiles(session: DuckSession, request: RewriteRequest): Promise<DataFile[]> {
  const { storage, partitionColumns, configuration } = request;
  const schema = dataColumns(request.schema, partitionColumns);
  const table: ScanTarget = { schema, metadata: { partitionColumns, configuration }, files: request.files };
  const written: DataFile[] = [];
  try {
    for (const files of groupByPartition(request.files, partitionColumns)) {
      const scan = await scanSql(session, table, storage, { files });
      const select = await zOrdered(session, scan, request.zOrderBy ?? []);
      const partitionValues = files[0]!.partitionValues;
      const made = await writeDataFiles(session, {
        ...{ select, schema, storage, configuration, partitionColumns, partitionValues },
        maxFileBytes: request.targetSize,
      });
      written.push(...made);
      assertSameCount(files, made);
    }
    return written;
  } catch (e) {
    await Promise.allSettled(written.map((file) => storage.delete(file.path)));
    throw e;
  }
}

function dataColumns(schema: StructType, partitionColumns: readonly string[]): StructType {
  return struct(...schema.fields.filter((f) => f.type !== 'void' && !partitionColumns.includes(f.name)));
}

function assertSameCount(before: readonly AddFile[], after: readonly DataFile[]): void {
  const expected = countRows(before);
  const actual = after.reduce((sum, file) => sum + file.numRecords, 0);
  if (expected === undefined || expected === actual) return;
  throw new MurmurError('duck.rewrite_mismatch', `rewriting ${expected} rows gave ${actual}`, {
    fault: 'internal',
    context: { files: before.length },
  });
}

/** Live rows by the files' statistics; undefined where one has none. */
function countRows(files: readonly AddFile[]): number | undefined {
  let sum = 0;
  for (const file of files) {
    const count = liveRecordsIn(file);
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}
