/** Tables that Spark wrote, with the rows that Spark reads from them. They lie outside the project. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeltaLog } from '../../src/delta/index.js';
import {
  DuckDatabase,
  DuckParquetHandler,
  type DuckSession,
  quoteIdent,
  scanSql,
} from '../../src/duck/index.js';
import { LocalStorage } from '../../src/storage/local.js';

const golden = '../shared/golden/delta';

const tables: [name: string, rows: number][] = [
  ['124-decimal-decode-bug', 1],
  ['basic-decimal-table-legacy', 4],
  ['basic-with-inserts-deletes-checkpoint', 41],
  ['basic-with-inserts-overwrite-restore', 200],
  ['data-reader-array-complex-objects', 10],
  ['data-reader-date-types-America', 1],
  ['data-reader-map', 10],
  ['data-reader-primitives', 11],
  ['data-skipping-change-stats-collected-across-versions', 3],
  ['decimal-various-scale-precision', 3],
  ['kernel-timestamp-int96', 5],
  ['log-replay-special-characters-a', 0],
  ['parquet-all-types-legacy-format', 200],
  ['snapshot-data3', 30],
  ['time-travel-partition-changes-b', 10],
  ['time-travel-schema-changes-b', 20],
];

describe.skipIf(!existsSync(golden))('a scan gives the rows that Spark gives', () => {
  let dir: string;
  let database: DuckDatabase;
  let session: DuckSession;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-golden-test-'));
    database = await DuckDatabase.open({ threads: 2 });
    session = await database.connect();
  });
  afterAll(async () => {
    await database.close();
    await rm(dir, { recursive: true, force: true });
  });

  it.each(tables)('%s', async (name, rows) => {
    const packed = execFileSync('zstd', ['-dcq', `${golden}/${name}.tar.zst`], { maxBuffer: 2 ** 28 });
    execFileSync('tar', ['-x', '-C', dir], { input: packed });
    const parquet = new DuckParquetHandler(database);
    const { snapshot, storage } = await DeltaLog.open(new LocalStorage(join(dir, name, 'delta')), {
      parquet,
    });
    const columns = snapshot.schema.fields.map((f) => quoteIdent(f.name)).join(', ');
    const ours = `SELECT ${columns} FROM (${await scanSql(session, snapshot, storage)})`;
    const files = `${dir}/${name}/expected/**/*.parquet`;
    const theirs = `SELECT ${columns} FROM read_parquet('${files}', hive_partitioning=false, union_by_name=true)`;
    expect(
      await session.rows(
        `SELECT (SELECT count(*) FROM (${ours})) AS rows, (SELECT count(*) FROM (${ours} EXCEPT ALL ${theirs})) AS more,
          (SELECT count(*) FROM (${theirs} EXCEPT ALL ${ours})) AS less`,
      ),
    ).toEqual([{ rows, more: 0, less: 0 }]);
  });
});
