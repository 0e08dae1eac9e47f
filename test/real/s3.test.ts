/** Storage, tables and lakes on a real S3 server. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { packageRoot } from '../../src/base/package-root.js';
import { DuckDatabase, type DuckSession, quoteString } from '../../src/duck/index.js';
import { column, struct } from '../../src/schema/column-types.js';
import { openStorage } from '../../src/storage/open-storage.js';
import { DeltaTable } from '../../src/table/delta-table.js';
import { storageContract } from '../contract/storage.contract.js';
import { landedTexts } from '../e2e/landed.js';
import { countPosts } from '../e2e/ledger.js';
import { killGroup, murmur, murmurJson, sqlRows, start, temporaryFolder } from '../e2e/murmur.js';
import { expectSoundLake } from '../e2e/sound-lake.js';
import { runTogether } from '../storage/child-processes.js';
import { startDeltalake } from './readers.js';
import { type S3Server, startS3 } from './setup/s3.js';

const folder = temporaryFolder('murmur-s3-');
let server: S3Server;
let stores = 0;

beforeAll(async () => {
  server = await startS3();
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
  const { endpoint, credentials } = server;
  const client = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
  client.destroy();
});
afterAll(async () => {
  await server?.stop();
  vi.unstubAllEnvs();
  folder.remove();
});

storageContract('s3', async () => openStorage(`s3://lake/contract/${stores++}`, '/'));

async function pathsIn(location: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of openStorage(location, '/').list('')) found.push(path);
  return found;
}

async function rowsOf(location: string): Promise<Record<string, unknown>[]> {
  const table = await DeltaTable.open(location);
  const rows: Record<string, unknown>[] = [];
  for await (const row of table.rows()) rows.push(row);
  await table.close();
  return rows;
}

it('eight processes append 250 times each: 2,000 contiguous versions, no row lost or twice', {
  timeout: 1_200_000,
}, async () => {
  const location = 's3://lake/many';
  const schema = struct(column('who', 'string'), column('n', 'long'));
  await (await DeltaTable.create(location, { schema })).close();
  const names = [...'abcdefgh'];
  await runTogether(
    new URL('./table-appender.ts', import.meta.url),
    names.map((name) => [location, name, '250']),
  );
  const commits = (await pathsIn(`${location}/_delta_log`)).filter((path) => /^\d{20}\.json$/.test(path));
  expect(commits).toEqual(
    Array.from({ length: 2_001 }, (_, version) => `${String(version).padStart(20, '0')}.json`),
  );
  const rows = await rowsOf(location);
  const expected = names.flatMap((who) => Array.from({ length: 250 }, (_, n) => `${who} ${n}`));
  expect(rows.map(({ who, n }) => `${who} ${n}`).sort()).toEqual(expected.sort());
});

it('a lake on S3, killed in the middle, holds every post once in each layer', async () => {
  const lake = join(folder.dir, 'lake');
  const { code } = await murmur(['init', lake, '--sample', '1500']);
  expect(code).toBe(0);
  const landing = openStorage('s3://lake/posts', '/');
  for (const name of readdirSync(join(lake, 'landing')))
    await landing.upload(join(lake, 'landing', name), name);
  writeFileSync(
    join(lake, 'murmur.yaml'),
    `landing: s3://lake/posts\ntables: s3://lake/tables\ncache: { dir: cache }\n${Object.entries({
      bronze: 200,
      silver: 200,
      gold: 200,
    })
      .map(([name, posts], i) => `${i === 0 ? 'streams:\n' : ''}  ${name}: { max_posts: ${posts} }\n`)
      .join('')}`,
  );
  const run = start(['-C', lake, 'run', '--once', '--json', '--follow']);
  for await (const line of createInterface({ input: run.stdout! }))
    if (line.includes('"batch_committed"') && line.includes('"stream":"gold"')) break;
  await killGroup(run);
  const [{ posts: before } = { posts: 0 }] = await sqlRows<{ posts: number }>(
    lake,
    'select count(distinct post_id) posts from gold',
  );
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(1_500);

  const again = await murmur(['-C', lake, 'run', '--once']);
  expect(again.code, again.stderr).toBe(0);
  await expectSoundLake(lake, countPosts(landedTexts(lake)));
  expect(readdirSync(lake)).not.toContain('tables');
  const checkpoints = readdirSync(join(lake, 'checkpoints')).filter((name) => !name.startsWith('.'));
  expect(checkpoints.sort()).toEqual(['application', 'bronze', 'gold', 'silver']);

  const checks = await murmurJson<{ check: string; ok: boolean }[]>(['-C', lake, 'doctor']);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const [post] = await sqlRows<{ post_id: string; text: string }>(lake, 'select * from bronze limit 1');
  const traced = await murmurJson<{ source: { line: number }[] }>(['-C', lake, 'trace', post!.post_id]);
  expect(traced.source[0]!.line).toBeGreaterThan(0);
  const shown = await murmurJson<unknown[]>([
    'table',
    'head',
    '--path',
    's3://lake/tables/gold',
    '--limit',
    '3',
  ]);
  expect(shown).toHaveLength(3);

  expect((await murmur(['-C', lake, 'reset', '--yes'])).code).toBe(0);
  expect(await pathsIn('s3://lake/tables')).toEqual([]);
});

it('Parquet lands, and a model comes, from a bucket', async () => {
  const lake = join(folder.dir, 'parquet');
  await murmur(['init', lake, '--sample', '300']);
  const sample = join(lake, 'landing', readdirSync(join(lake, 'landing'))[0]!);
  const made = join(folder.dir, 'posts.parquet');
  const bucket = openStorage('s3://lake', '/');
  await murmurJson(['-C', lake, 'sql', `from read_json('${sample}')`, '--parquet', made]);
  await bucket.upload(made, 'parquet/posts.parquet');
  const bundled = join(packageRoot(), 'models', 'bundled');
  for (const name of readdirSync(bundled)) await bucket.upload(join(bundled, name), `model/${name}`);
  writeFileSync(
    join(lake, 'murmur.yaml'),
    'landing: s3://lake/parquet\nmodel: s3://lake/model\ncache: { dir: cache }\nstreams: { bronze: { max_posts: 100 } }\n',
  );
  const run = await murmur(['-C', lake, 'run', '--once']);
  expect(run.code, run.stderr).toBe(0);
  const texts = readFileSync(sample, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text as string);
  await expectSoundLake(lake, countPosts(texts));
  expect(readdirSync(join(lake, 'cache', 'bundles'))).toHaveLength(1);
  // One digest for the folder and its copy.
  const models = await sqlRows(lake, 'select distinct model from gold');
  expect(models).toHaveLength(1);
});

it('deltalake and Murmur append to one table in turn and side by side', async () => {
  const location = 's3://lake/shared';
  const schema = struct(column('who', 'string'), column('n', 'long'));
  const table = await DeltaTable.create(location, { schema });
  for (const [name, value] of Object.entries({ AWS_ALLOW_HTTP: 'true', AWS_CONDITIONAL_PUT: 'etag' }))
    vi.stubEnv(name, value);
  const python = startDeltalake();
  try {
    mkdirSync(join(folder.dir, 'py'), { recursive: true });
    const rows = join(folder.dir, 'py', 'rows.parquet');
    await table.append([{ who: 'ours', n: 0 }]);
    const about = await python.ask<{ version: number; files: number }>('about', { table: location });
    expect(about).toMatchObject({ version: 1, files: 1 });
    await inDuck((duck) =>
      duck.run(`COPY (SELECT 'theirs' AS who, 1::BIGINT AS n) TO ${quoteString(rows)} (FORMAT parquet)`),
    );
    await Promise.all([
      python.ask('appends', { table: location, rows, times: 20 }),
      (async () => {
        for (let n = 1; n <= 20; n++) await table.append([{ who: 'ours', n }]);
      })(),
    ]);
    const found = await rowsOf(location);
    expect(found.filter(({ who }) => who === 'theirs')).toHaveLength(20);
    expect(
      found
        .filter(({ who }) => who === 'ours')
        .map(({ n }) => Number(n))
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 21 }, (_, n) => n));
    const seen = join(folder.dir, 'py', 'seen.parquet');
    await python.ask('export', { table: location, to: seen });
    expect(
      await inDuck((duck) => duck.scalar(`SELECT count(*) FROM read_parquet(${quoteString(seen)})`)),
    ).toBe(41);
  } finally {
    await python.stop();
    await table.close();
  }
});

async function inDuck<T>(work: (session: DuckSession) => Promise<T>): Promise<T> {
  const database = await DuckDatabase.open({ threads: 1 });
  return work(await database.connect()).finally(() => database.close());
}
