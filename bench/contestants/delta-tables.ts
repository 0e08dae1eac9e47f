/** Tables for the Delta bench. Logs of many commits or files are written as logs alone: opening never looks at data files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Action, AddFile } from '../../src/delta/actions.js';
import { writeCheckpoint } from '../../src/delta/checkpoint.js';
import { DeltaLog } from '../../src/delta/delta-log.js';
import { commitPath } from '../../src/delta/log-files.js';
import { DuckDatabase, DuckParquetHandler, writeParquet } from '../../src/duck/index.js';
import { column, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';

export const schema = struct(column('id', 'long'), column('mention', 'string'), column('score', 'double'));

/** Live files of the table with many commits: each commit adds one and takes the oldest away. */
const liveFiles = 100;
const day = 86_400_000;

/** One file a commit, and a checkpoint every ten. */
export async function manyCommits(folder: string, commits: number): Promise<void> {
  await withLog(folder, async (log) => {
    const old = Date.now() - 30 * day;
    for (let v = 1; v <= commits; v++) {
      const actions: Action[] = [{ commitInfo: { timestamp: Date.now(), operation: 'WRITE' } }];
      if (v > liveFiles) {
        const { path, size, partitionValues } = fileNamed(v - liveFiles);
        actions.push({ remove: { path, size, partitionValues, deletionTimestamp: old, dataChange: true } });
      }
      actions.push({ add: fileNamed(v) });
      writeFileSync(
        join(folder, commitPath(v)),
        actions.map((action) => `${JSON.stringify(action)}\n`).join(''),
      );
      log.committed(v, actions);
      await log.settled();
    }
  });
}

/** So many files in one commit, behind which stands a checkpoint. */
export async function manyFiles(folder: string, files: number): Promise<void> {
  await withLog(folder, async (log) => {
    const transaction = log.begin();
    for (let n = 0; n < files; n++) transaction.add(fileNamed(n));
    await transaction.commit({ operation: 'WRITE' });
    await writeCheckpoint(log.storage, log.env.parquet, log.snapshot, Date.now());
  });
}

/** Files of a few rows each, one a commit: what a stream leaves behind. */
export async function smallFiles(folder: string, files: number, rows: number): Promise<void> {
  await withLog(folder, async (log, duck) => {
    const session = await duck.connect();
    for (let n = 0; n < files; n++) {
      const select = `SELECT i AS id, 'user' || (i % 100) AS mention, i / ${rows} AS score
        FROM range(${n * rows}, ${(n + 1) * rows}) AS r(i)`;
      const written = await writeParquet(session, { select, storage: log.storage, schema });
      const transaction = log.begin();
      for (const file of written) transaction.add(file);
      await transaction.commit({ operation: 'WRITE' });
    }
    await log.settled();
  });
}

/** One commit of files in which every mention may stand: as posts come, not as they are asked for. */
export async function shuffled(folder: string, rows: number, files: number): Promise<void> {
  await withLog(folder, async (log, duck) => {
    const session = await duck.connect();
    const each = Math.ceil(rows / files);
    const transaction = log.begin();
    for (let n = 0; n < files; n++) {
      const select = `SELECT i AS id, 'user' || (hash(i) % 10000) AS mention, hash(i + 7) / 1.8446744073709552e19 AS score
        FROM range(${n * each}, ${Math.min(rows, (n + 1) * each)}) AS r(i)`;
      for (const file of await writeParquet(session, { select, storage: log.storage, schema }))
        transaction.add(file);
    }
    await transaction.commit({ operation: 'WRITE' });
  });
}

export async function empty(folder: string): Promise<void> {
  await withLog(folder, async () => undefined);
}

function fileNamed(n: number): AddFile {
  const at = String(n).padStart(8, '0');
  return {
    path: `part-${at}-6f1c1a52-0b1e-4c3f-9a53-3d6e9f0c7a11.c000.snappy.parquet`,
    partitionValues: {},
    size: 1_048_576 + n,
    modificationTime: 1_760_000_000_000 + n,
    dataChange: true,
    stats: `{"numRecords":1000,"minValues":{"id":${n * 1000},"mention":"user${n % 7}","score":0.001},"maxValues":{"id":${n * 1000 + 999},"mention":"user9${n % 7}","score":0.999},"nullCount":{"id":0,"mention":12,"score":0}}`,
  };
}

async function withLog(
  folder: string,
  work: (log: DeltaLog, duck: DuckDatabase) => Promise<void>,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const duck = await DuckDatabase.open();
  try {
    const env = { parquet: new DuckParquetHandler(duck) };
    await work(await DeltaLog.create(new LocalStorage(folder), env, { schema }), duck);
  } finally {
    await duck.close();
  }
}
