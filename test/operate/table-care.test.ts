/** Care for the tables of a lake: what queries have yet to read stays, and what people wrote stays out of the log. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LakeSpecInput, type OpenLake, openLake } from '../../src/index.js';
import { optimizeCared } from '../../src/operate/optimize.js';
import { vacuumCared } from '../../src/operate/vacuum.js';
import { DeltaTable } from '../../src/table/index.js';

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-tables-')));
  mkdirSync(join(dir, 'landing'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function land(name: string, posts: readonly object[]) {
  writeFileSync(join(dir, 'landing', name), posts.map((post) => `${JSON.stringify(post)}\n`).join(''));
}
async function withLake<T>(spec: LakeSpecInput, work: (lake: OpenLake) => Promise<T>): Promise<T> {
  const lake = await openLake({ dir, spec: { model: 'lexicon', ...spec } });
  return work(lake).finally(() => lake.close());
}
const run = (lake: OpenLake) => lake.run({ until: 'idle' }).done;
const posts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    id_str: `${from + i}`,
    text: `hello @ann ${from + i}`,
    user: 'eve',
    date: '2026-01-01',
  }));

it('what a query has yet to read outlives vacuum, which names the query', async () => {
  land('a.ndjson', posts(0, 5));
  await withLake({}, run);
  // Silver refuses to go on under another rule; bronze does not care.
  for (const [i, name] of ['b.ndjson', 'c.ndjson'].entries()) {
    land(name, posts(10 * i + 10, 10 * i + 15));
    await expect(withLake({ mentions: 'word' }, run)).rejects.toMatchObject({ code: 'engine.stamp_differs' });
  }
  const bronze = join(dir, 'tables', 'bronze');
  const parquet = () => readdirSync(bronze).filter((name) => name.endsWith('.parquet'));
  await withLake({}, async (open) => {
    const cared = { table: open.lake.table('bronze'), open };
    expect(await optimizeCared(cared)).toMatchObject({ filesRemoved: 3, filesAdded: 1 });
    for (const name of parquet()) utimesSync(join(bronze, name), 0, 0);
    const options = { retainMs: 0, allowShorter: true };
    const plan = await vacuumCared(cared, { ...options, dryRun: true });
    expect(plan.files).toHaveLength(1);
    expect(plan.held).toEqual([{ by: 'silver', files: 2, bytes: expect.any(Number) }]);
    expect(await vacuumCared(cared, options)).toMatchObject({ files: plan.files, held: plan.held });
    expect(parquet()).toHaveLength(3);
  });
  await withLake({}, async (open) => {
    await run(open);
    expect((await open.sql('select count(*)::int n from silver')).rows).toEqual([{ n: 15 }]);
    const cared = { table: open.lake.table('bronze'), open };
    expect(await vacuumCared(cared, { retainMs: 0, allowShorter: true })).toMatchObject({ held: [] });
  });
}, 30_000);

it('no statistic tells what a person wrote or who they are, whatever is done to the tables', async () => {
  const secret = 'zzsecret';
  const written = [1, 2, 3].map((n) => ({
    id_str: `${n}`,
    text: `${secret}-text ${n} @ann`,
    user: `${secret}-user`,
    date: '2026-01-01',
  }));
  land('a.ndjson', [...written, { id_str: '4', user: `${secret}-user` }]);
  await withLake({}, run);
  land(
    'b.ndjson',
    written.map((post) => ({ ...post, id_str: `${post.id_str}0` })),
  );
  await withLake({}, async (open) => {
    await run(open);
    for (const table of ['bronze', 'silver', 'gold', 'application', 'quarantine']) {
      await optimizeCared({ table: open.lake.table(table), open });
    }
    const gold = { table: open.lake.table('gold'), open };
    expect((await optimizeCared(gold, { zOrderBy: ['mention', 'timestamp'] })).versions).toHaveLength(1);
    expect((await open.sql('select count(*)::int n from quarantine')).rows).toEqual([{ n: 1 }]);
  });
  const gold = await DeltaTable.open(join(dir, 'tables', 'gold'));
  const before = gold.version;
  await gold.update({ set: { lang: "'xx'" }, where: "post_id = '1'" });
  await gold.merge({
    source: { sql: `SELECT '2' AS post_id, 'yy' AS lang` },
    on: 'target.post_id = source.post_id',
    whenMatched: [{ update: 'all' }],
  });
  await gold.restore({ version: before });
  await gold.close();

  const logs = ['bronze', 'silver', 'gold', 'application', 'quarantine'].flatMap((table) => {
    const log = join(dir, 'tables', table, '_delta_log');
    return readdirSync(log).map((name) => readFileSync(join(log, name), 'utf8'));
  });
  expect(logs.length).toBeGreaterThan(15);
  for (const text of logs) expect(text).not.toContain(secret);
  const parquet = join(dir, 'tables', 'gold');
  const [file] = readdirSync(parquet).filter((name) => name.endsWith('.parquet'));
  expect(readFileSync(join(parquet, file!)).includes(secret)).toBe(true);
}, 30_000);
