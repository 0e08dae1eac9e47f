/** Checkpoints made again from tables: no post is lost or written twice, and what contradicts itself is left alone. */
import { appendFileSync, cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { startRebuild } from '../../src/engine/embedded/rebuild/rebuild.js';
import { type Mended, mendCheckpoint } from '../../src/engine/embedded/recovery/mend.js';
import type { QueryDefinition } from '../../src/engine/engine.js';
import { posts, query, TestLake } from './lake.js';

const unlucky = { kind: 'row', name: 'lucky', rule: `post_id <> '3'`, action: 'quarantine' } as const;
const names = ['bronze', 'silver', 'gold', 'application'] as const;
const queries: QueryDefinition[] = [
  query('bronze', { posts: 15, stamp: {} }),
  query('silver', { posts: 13, expect: [unlucky] }),
  query('gold', { posts: 14, stamp: {} }),
  query('application', { posts: 30, stamp: {} }),
];

const land = (to: TestLake) => to.land('a.ndjson', [...posts(20), '{ broken']);
/** A file of its own, and more of the one that was read. */
function landMore(to: TestLake): void {
  to.land('b.ndjson', posts(11, 20));
  const more = posts(4, 31).map((post) => `${JSON.stringify(post)}\n`);
  appendFileSync(to.path('landing', 'a.ndjson'), more.join(''));
}

const contents = (of: TestLake) =>
  of.sqls([
    'SELECT * EXCLUDE (processing_time) FROM bronze ORDER BY ALL',
    'SELECT * FROM silver ORDER BY ALL',
    'SELECT * EXCLUDE (scored_at) FROM gold ORDER BY ALL',
    'SELECT * FROM application ORDER BY ALL',
    'SELECT stream, rule, post_id FROM quarantine ORDER BY ALL',
  ]);

let run: TestLake;
let held: { first: unknown; more: unknown };
beforeAll(async () => {
  run = new TestLake();
  land(run);
  await run.runOnce(queries);
  const other = new TestLake({ like: run });
  landMore(other);
  expect((await other.runOnce(queries)).error).toBeUndefined();
  held = { first: await contents(run), more: await contents(other) };
  await other.remove();
});
afterAll(() => run.remove());

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake({ like: run });
});
afterEach(async () => {
  disarmFaultPoint();
  await lake.remove();
});

async function mend(...streams: readonly string[]): Promise<Mended[]> {
  const context = await lake.context();
  const mended: Mended[] = [];
  for (const definition of queries)
    if (streams.includes(definition.name)) mended.push(await mendCheckpoint(context, definition));
  return mended;
}

/** How a run cuts what it reads into batches depends on its pace. */
const newestBatch = (name: string) =>
  Math.max(...readdirSync(lake.path('checkpoints', name, 'offsets')).map(Number));
const lose = (name: string) => rmSync(lake.path('checkpoints', name), { recursive: true });

async function expectItGoesOn(): Promise<void> {
  const { error, events } = await lake.runOnce(queries);
  expect(error).toBeUndefined();
  expect(events.some(({ type }) => type === 'batch_committed')).toBe(false);
  expect(await contents(lake)).toEqual(held.first);
  landMore(lake);
  expect((await lake.runOnce(queries)).error).toBeUndefined();
  expect(await contents(lake)).toEqual(held.more);
}

describe('a lost checkpoint', () => {
  it.each(names)('of %s is made again', async (name) => {
    lose(name);
    const [mended] = await mend(name);
    expect(mended).toMatchObject({ outcome: 'mended', aside: undefined, assumed: [], gone: [] });
    await expectItGoesOn();
    expect(await mend(name)).toEqual([{ outcome: 'nothing to do' }]);
  });

  it('is made again where all of them are lost', async () => {
    rmSync(lake.path('checkpoints'), { recursive: true });
    expect((await mend(...names)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('mended'));
    await expectItGoesOn();
  });

  it('of rebuilt tables is made again too', async () => {
    const request = { queries, name: 'bronze', fingerprint: '' };
    await (await startRebuild(await lake.context(), request)).finish();
    rmSync(lake.path('checkpoints'), { recursive: true });
    expect((await mend(...names)).map(({ outcome }) => outcome)).toEqual(Array(4).fill('mended'));
    await expectItGoesOn();
  });

  it('of a query that had not begun is made again', async () => {
    await lake.remove();
    lake = new TestLake();
    await lake.runOnce(queries);
    rmSync(lake.path('checkpoints'), { recursive: true });
    expect(await mend(...names)).toMatchObject(Array(4).fill({ outcome: 'mended', batchId: undefined }));
    land(lake);
    await expect(lake.runOnce(queries)).resolves.toMatchObject({ error: undefined });
    expect(await contents(lake)).toEqual(held.first);
  });

  it('of a batch that ended within a file goes on there', async () => {
    await lake.remove();
    lake = new TestLake();
    land(lake);
    armFaultPoint('bronze.after_commit', crash);
    await lake.runOnce(queries);
    lose('bronze');
    expect(await mend('bronze')).toMatchObject([{ outcome: 'mended', batchId: 0 }]);
    expect((await lake.runOnce(queries)).error).toBeUndefined();
    expect(await contents(lake)).toEqual(held.first);
  });

  it('does not leave rows in quarantine of a batch that never came to be', async () => {
    await lake.remove();
    lake = new TestLake();
    land(lake);
    armFaultPoint('silver.after_quarantine', crash);
    await lake.runOnce(queries);
    lose('silver');
    expect(await mend('silver')).toMatchObject([{ outcome: 'mended', quarantineRows: 1 }]);
    expect((await lake.runOnce(queries)).error).toBeUndefined();
    expect(await contents(lake)).toEqual(held.first);
  });
});

describe('a damaged checkpoint', () => {
  it.each([
    ['silver', 'id', ''],
    ['silver', 'offsets', '{"format":1,"quer'],
    ['gold', 'commits', 'nothing'],
    ['bronze', 'offsets', '{}'],
  ])('of %s, in %s, is made again and kept aside', async (name, where, text) => {
    const path = where === 'id' ? where : `${where}/${newestBatch(name)}`;
    writeFileSync(lake.path('checkpoints', name, path), text);
    const [mended] = await mend(name);
    expect(mended).toMatchObject({ outcome: 'mended', found: expect.stringContaining(path) });
    const { aside } = mended as { aside: string };
    expect(existsSync(join(aside, path))).toBe(true);
    await expectItGoesOn();
  });

  it('that is older than its table is made again', async () => {
    const batch = newestBatch('silver');
    rmSync(lake.path('checkpoints', 'silver', 'offsets', `${batch}`));
    rmSync(lake.path('checkpoints', 'silver', 'commits', `${batch}`));
    expect(await mend('silver')).toMatchObject([
      { outcome: 'mended', found: expect.stringContaining(`batch ${batch}`) },
    ]);
    await expectItGoesOn();
  });

  it('that lost part of its ledger is made again', async () => {
    rmSync(lake.path('checkpoints', 'bronze', 'offsets', '0'));
    expect(await mend('bronze')).toMatchObject([{ outcome: 'mended', batchId: 1 }]);
    await expectItGoesOn();
  });
});

describe('a log that no longer goes back to the first batch', () => {
  /** Twelve batches of bronze over as many files; the log then begins with its checkpoint. */
  async function shortened(): Promise<void> {
    await lake.remove();
    lake = new TestLake();
    const small = [query('bronze', { posts: 1, stamp: {} }), query('silver', { stamp: {} })];
    for (let n = 0; n < 12; n++) {
      lake.land(`${n}.ndjson`, posts(1, n));
      expect((await lake.runOnce(small)).error).toBeUndefined();
    }
    for (const table of ['bronze', 'silver'])
      for (let version = 0; version < 10; version++) rmSync(logFile(table, version));
    expect(readdirSync(lake.path('tables', 'bronze', '_delta_log')).join()).toContain('checkpoint.parquet');
  }
  const logFile = (table: string, version: number) =>
    lake.path('tables', table, '_delta_log', `${String(version).padStart(20, '0')}.json`);

  it('leaves it to the rows to tell which files were read, and says so', async () => {
    await shortened();
    lose('bronze');
    const [mended] = (await mend('bronze')) as [Extract<Mended, { outcome: 'mended' }>];
    expect(mended.outcome).toBe('mended');
    expect(mended.assumed.length).toBeGreaterThan(5);
    expect(mended.assumed.length).toBeLessThan(12);
    lake.land('new.ndjson', posts(1, 50));
    expect((await lake.runOnce([query('bronze', { stamp: {} })])).error).toBeUndefined();
    expect(await lake.sql('SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM bronze')).toEqual([
      { n: 13, ids: 13 },
    ]);
  });

  it('is not enough for a query on a table whose last commit is gone', async () => {
    await shortened();
    lose('silver');
    const table = await lake.table('silver');
    while (table.snapshot.version < 20) await table.begin().commit({ operation: 'NOTHING' });
    await table.settled();
    for (let version = 10; version < 20; version++) rmSync(logFile('silver', version));
    expect(await mend('silver')).toMatchObject([
      {
        outcome: 'refused',
        error: {
          code: 'engine.evidence_insufficient',
          fix: expect.stringContaining('murmur rebuild silver'),
        },
      },
    ]);
  });
});

describe('what contradicts itself is left alone:', () => {
  it('a checkpoint of another query', async () => {
    lose('silver');
    const other = new TestLake();
    land(other);
    await other.runOnce(queries);
    cpSync(other.path('checkpoints', 'silver'), lake.path('checkpoints', 'silver'), { recursive: true });
    await other.remove();
    const files = readdirSync(lake.path('checkpoints', 'silver'), { recursive: true });
    expect(await mend('silver')).toMatchObject([
      { outcome: 'refused', error: { fix: expect.stringContaining('murmur rebuild silver') } },
    ]);
    expect(readdirSync(lake.path('checkpoints', 'silver'), { recursive: true })).toEqual(files);
  });

  it('a checkpoint that is ahead of its table', async () => {
    cpSync(lake.path('tables', 'silver'), lake.path('old-silver'), { recursive: true });
    landMore(lake);
    await lake.runOnce(queries);
    rmSync(lake.path('tables', 'silver'), { recursive: true });
    cpSync(lake.path('old-silver'), lake.path('tables', 'silver'), { recursive: true });
    expect(await mend('silver')).toMatchObject([
      { outcome: 'refused', error: { code: 'engine.checkpoint_mismatch' } },
    ]);
  });

  it('a lost checkpoint over another table than the one that was read', async () => {
    lose('gold');
    rmSync(lake.path('tables', 'silver'), { recursive: true });
    const other = new TestLake();
    land(other);
    await other.runOnce(queries);
    cpSync(other.path('tables', 'silver'), lake.path('tables', 'silver'), { recursive: true });
    await other.remove();
    expect(await mend('gold')).toMatchObject([
      { outcome: 'refused', error: { code: 'engine.evidence_insufficient' } },
    ]);
    expect(existsSync(lake.path('checkpoints', 'gold'))).toBe(false);
  });
});

describe('a crash while mending, at', () => {
  it.each(['recovery.after_aside', 'recovery.after_quarantine'])(
    '%s is mended by the next',
    async (point) => {
      rmSync(lake.path('checkpoints', 'silver', 'id'));
      armFaultPoint(point, crash);
      await expect(mend('silver')).rejects.toMatchObject({ code: 'test.crash' });
      expect(await mend('silver')).toMatchObject([{ outcome: 'mended' }]);
      await expectItGoesOn();
    },
  );
});

function crash(): never {
  throw new MurmurError('test.crash', 'a crash', { fault: 'user' });
}
