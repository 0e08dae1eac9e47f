import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeltaLog } from '../../src/delta/index.js';
import {
  DuckDatabase,
  DuckParquetHandler,
  type DuckSession,
  planMerge,
  scanSql,
  writeParquet,
} from '../../src/duck/index.js';
import { column, struct } from '../../src/schema/column-types.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { ReadCache } from '../../src/storage/read-cache.js';
import { addsOf, liveTable } from './live-table.js';

/** A far store that counts what goes over the line, and may refuse to take it. */
class FarStorage extends MemoryStorage {
  readonly fetched: string[] = [];
  refuses: (path: string) => boolean = () => false;

  override download(path: string, localFile: string): Promise<void> {
    this.fetched.push(path);
    return super.download(path, localFile);
  }

  override async upload(localFile: string, path: string): Promise<void> {
    if (this.refuses(path)) throw new Error('no');
    return super.upload(localFile, path);
  }
}

const schema = struct(column('i', 'long'), column('p', 'string'), column('s', 'string'));
const rows = (n: number) => `SELECT i, 'p/' || i % 3 AS p, md5(i::VARCHAR) AS s FROM range(${n}) r(i)`;
const layout = { schema, partitionColumns: ['p'] };

let dir: string;
let far: FarStorage;
let database: DuckDatabase;
let session: DuckSession;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-staging-'));
  far = new FarStorage();
  database = await DuckDatabase.open({ threads: 2, cache: new ReadCache({ dir }) });
  session = await database.connect();
});
afterEach(async () => {
  await database.close();
  await rm(dir, { recursive: true, force: true });
});

/** The same store seen by somebody who has no copies. */
async function withoutCopies<T>(work: (stranger: DuckSession) => Promise<T>): Promise<T> {
  const cache = new ReadCache({ dir: join(dir, 'stranger') });
  const other = await DuckDatabase.open({ threads: 1, cache });
  return work(await other.connect()).finally(() => other.close());
}

/** Links by which this process uses copies, and files it is making. */
async function inUse(): Promise<string[]> {
  const names = await readdir(join(dir, 'processes'), { recursive: true });
  return names.filter((name) => name.endsWith('.parquet') || name.endsWith('.arriving'));
}

describe('tables of a store that DuckDB cannot open', () => {
  it('are written and read, and what this process wrote it need not fetch', async () => {
    const files = await writeParquet(session, { select: rows(1000), storage: far, ...layout });
    expect(files).toHaveLength(3);
    for (const { path, size } of files) expect((await far.stat(path))?.size).toBe(size);
    const sum = async (by: DuckSession) =>
      by.rows(`SELECT count(*) AS n, sum(i)::BIGINT AS sum, count(DISTINCT p) AS parts
        FROM (${await scanSql(by, liveTable(schema, files, ['p']), far)})`);
    expect(await sum(session)).toEqual([{ n: 1000, sum: 499_500, parts: 3 }]);
    expect(far.fetched).toEqual([]);
    expect(await withoutCopies(sum)).toEqual([{ n: 1000, sum: 499_500, parts: 3 }]);
    expect(far.fetched.sort()).toEqual(files.map(({ path }) => path).sort());
  });

  it('hold copies until their session closes or lets go of them', async () => {
    const files = await writeParquet(session, { select: rows(30), storage: far, ...layout });
    expect(await inUse()).toEqual([]);
    const table = liveTable(schema, files, ['p']);
    const other = await database.connect();
    const select = await scanSql(session, table, far);
    expect(await scanSql(other, table, far)).toBe(select);
    await other.close();
    expect(await session.scalar(`SELECT count(*) FROM (${select})`)).toBe(30);
    expect(await inUse()).toHaveLength(3);
    await session.staging.release();
    expect(await inUse()).toEqual([]);
  });

  it('leave nothing behind when an upload fails', async () => {
    let taken = 0;
    far.refuses = () => taken++ === 2;
    await expect(writeParquet(session, { select: rows(30), storage: far, ...layout })).rejects.toThrow('no');
    const left: string[] = [];
    for await (const { path } of far.list('')) left.push(path);
    expect(left).toEqual([]);
    expect(await inUse()).toEqual([]);
  });

  it('are merged into', async () => {
    const keyed = struct(column('k', 'string'), column('n', 'long'));
    const select = `SELECT 'k' || i AS k, i AS n FROM range(10) r(i)`;
    const files = await writeParquet(session, { select, storage: far, schema: keyed });
    const log = await tableOf(keyed, files);
    await session.run(`CREATE TEMP TABLE news AS SELECT 'k3' AS k, 100 AS n UNION ALL SELECT 'new', 1`);
    const plan = await planMerge(session, { table: log, source: 'news', keys: ['k'], columns: { n: 'add' } });
    expect(plan.rows).toMatchObject({ source: 2, inserted: 1, updated: 1 });
    const merged = await scanSql(session, liveTable(keyed, plan.adds), far);
    expect(await session.rows(`SELECT * FROM (${merged}) WHERE n > 50 OR k = 'new' ORDER BY k`)).toEqual([
      { k: 'k3', n: 103 },
      { k: 'new', n: 1 },
    ]);
  });

  it('are compacted, and have checkpoints that others read', async () => {
    const handler = new DuckParquetHandler(database);
    const parts = [];
    for (const n of [10, 20, 30])
      parts.push(...(await writeParquet(session, { select: rows(n), storage: far, schema })));
    const made = await handler.rewrite({
      storage: far,
      schema,
      configuration: {},
      partitionColumns: [],
      files: addsOf(parts),
      targetSize: 2 ** 20,
    });
    expect(made.map(({ numRecords }) => numRecords)).toEqual([60]);
    const path = '_delta_log/00000000000000000010.checkpoint.parquet';
    const { size } = await handler.writeCheckpoint(far, path, [{ add: addsOf(made)[0]! }]);
    expect((await far.stat(path))?.size).toBe(size);
    const [action] = await handler.readCheckpoint(far, [path]);
    expect(action?.add).toMatchObject({ path: made[0]!.path, size: made[0]!.size });
    expect(await inUse()).toEqual([]);
  });

  async function tableOf(of: typeof schema, files: Awaited<ReturnType<typeof writeParquet>>) {
    const log = await DeltaLog.create(far, { parquet: new DuckParquetHandler(database) }, { schema: of });
    const transaction = log.begin();
    for (const file of files) transaction.add(file);
    await transaction.commit({ operation: 'WRITE' });
    return log;
  }
});
