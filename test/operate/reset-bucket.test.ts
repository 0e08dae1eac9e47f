/** Reset of a lake on Spark whose tables, and with them the checkpoints of its streams, are in a bucket. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Lake } from '../../src/lake/lake.js';
import { planReset, reset } from '../../src/operate/reset.js';
import { S3Stub } from '../storage/s3-stub.js';

const dir = mkdtempSync(join(tmpdir(), 'murmur-reset-'));
let stub: S3Stub;
let lake: Lake;
beforeEach(async () => {
  stub = await S3Stub.start();
  lake = new Lake({ dir, tables: 's3://bucket/lake', s3: stub.options });
  mkdirSync(join(lake.paths.checkpoints, 'application'), { recursive: true });
});
afterEach(async () => {
  await lake.close();
  await stub.stop();
  rmSync(dir, { recursive: true });
});

const put = (...paths: string[]) =>
  Promise.all(paths.map((path) => lake.tableStorage.put(path, Buffer.from('x'))));

const streams = ['_checkpoints/bronze/metadata', '_checkpoints/bronze/sources/0/0'];
const companion = ['_checkpoints/bronze_quarantine/commits/0', '_checkpoints/bronze_quarantine/metadata'];

it('deletes the checkpoints beside the tables, of each its id first', async () => {
  await put(...streams, ...companion, 'bronze/_delta_log/00000000000000000000.json', 'bronze/part.parquet');
  await reset(lake);
  expect([...stub.objects.keys()]).toEqual([]);
  expect(existsSync(lake.paths.checkpoints)).toBe(false);
  const deleted = stub.seen.flatMap(({ method, url }) => (method === 'DELETE' ? [url] : []));
  for (const stream of ['bronze', 'bronze_quarantine'])
    expect(deleted.find((url) => url.includes(`/${stream}/`) && url.includes('_checkpoints'))).toContain(
      `${stream}/metadata`,
    );
});

it('finds checkpoints that tables left behind', async () => {
  await put(...companion);
  expect((await planReset(lake)).folders).toContain('s3://bucket/lake');
  await reset(lake);
  expect([...stub.objects.keys()]).toEqual([]);
});

it('leaves a folder of that name that is not ours, and deletes nothing', async () => {
  await put(...streams, '_checkpoints/thesis/offsets/0');
  await expect(reset(lake)).rejects.toMatchObject({ code: 'operate.foreign_files' });
  expect(stub.objects.size).toBe(3);
});
