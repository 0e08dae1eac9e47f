/** Nothing of a rebuild is renamed or moved, so it does in a bucket what it does on a disk. */

import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeltaLog } from '../../src/delta/index.js';
import { DuckDatabase, DuckParquetHandler, scanSql } from '../../src/duck/index.js';
import { startRebuild } from '../../src/engine/embedded/rebuild/rebuild.js';
import { mendCheckpoint } from '../../src/engine/embedded/recovery/mend.js';
import { openStorage } from '../../src/storage/open-storage.js';
import { ReadCache } from '../../src/storage/read-cache.js';
import { S3Stub } from '../storage/s3-stub.js';
import { posts, query, TestLake } from './lake.js';

let lake: TestLake;
let stub: S3Stub;
let duck: DuckDatabase;
beforeEach(async () => {
  lake = new TestLake();
  stub = await S3Stub.start();
  duck = await DuckDatabase.open({ threads: 2, cache: new ReadCache({ dir: lake.path('cache') }) });
});
afterEach(async () => {
  await duck.close();
  await stub.stop();
  await lake.remove();
});

it('tables in a bucket are made anew, and lost checkpoints made again from them', async () => {
  const tables = openStorage('s3://bucket/tables', '/', stub.options);
  const delta = { parquet: new DuckParquetHandler(duck) };
  const places = { tables, duck, delta };
  const all = (rule: string) => [
    query('bronze', { stamp: {} }),
    query('silver', { posts: 8, stamp: { mentions: rule } }),
    query('gold', { stamp: {} }),
  ];
  const idsIn = async (name: string) => {
    const { snapshot, storage } = await DeltaLog.open(tables.at(name), delta);
    const session = await duck.connect();
    const rows = await session.rows(
      `SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM (${await scanSql(session, snapshot, storage)})`,
    );
    await session.close();
    return rows;
  };

  lake.land('a.ndjson', posts(20));
  expect((await lake.runOnce(all('twitter'), places)).error).toBeUndefined();
  const request = { queries: all('word'), name: 'silver', fingerprint: '' };
  await (await startRebuild(await lake.context(places), request)).finish();
  expect(await idsIn('silver')).toEqual([{ n: 40, ids: 20 }]);
  const log = await DeltaLog.open(tables.at('silver'), delta);
  expect(log.snapshot.metadata.configuration).toMatchObject({ 'murmur.mentions': 'word' });
  expect([...stub.objects.keys()].some((key) => key.includes('.rebuild'))).toBe(false);

  rmSync(lake.path('checkpoints'), { recursive: true });
  for (const definition of all('word'))
    expect(await mendCheckpoint(await lake.context(places), definition)).toMatchObject({ outcome: 'mended' });
  lake.land('b.ndjson', posts(5, 20));
  expect((await lake.runOnce(all('word'), places)).error).toBeUndefined();
  expect(await idsIn('gold')).toEqual([{ n: 50, ids: 25 }]);
});
