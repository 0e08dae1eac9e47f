/** A query runs only on the pair of table and checkpoint that belong together; all else is refused, with what to do. */
import { cpSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import { DeltaLog } from '../../src/delta/index.js';
import { column, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { posts, query, TestLake } from './lake.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
  lake.land('a.ndjson', posts(4));
});
afterEach(() => lake.remove());

const bronze = [query('bronze', { posts: 2 })];
const checkpoint = (...parts: string[]) => lake.path('checkpoints', 'bronze', ...parts);
const bronzeRows = () => lake.sql('SELECT count(*) AS n, count(DISTINCT post_id) AS ids FROM bronze');

async function refused(code: string, queries = bronze): Promise<string> {
  const { error } = await lake.runOnce(queries);
  if (!isMurmurError(error)) throw new Error(`expected ${code}, got ${error}`);
  // A lost or damaged file is the disk's fault; a wrong pair, or a changed option, is whoever's hand it was.
  const damaged = ['engine.checkpoint_missing', 'engine.checkpoint_corrupt'].includes(code);
  expect(error).toMatchObject({ code, fault: damaged ? 'external' : 'user' });
  return `${error.message}\n${error.fix}`;
}

describe('a checkpoint', () => {
  beforeEach(() => lake.runOnce(bronze));

  it('that is lost is refused, and serves again when it is put back', async () => {
    renameSync(checkpoint(), lake.path('kept'));
    expect(await refused('engine.checkpoint_missing')).toMatch(/bronze[\s\S]*murmur doctor --fix/);
    renameSync(lake.path('kept'), checkpoint());
    expect((await lake.runOnce(bronze)).error).toBeUndefined();
    expect(await bronzeRows()).toEqual([{ n: 4, ids: 4 }]);
  });

  it('of another table is refused', async () => {
    const other = new TestLake();
    other.land('a.ndjson', posts(4));
    await other.runOnce(bronze);
    rmSync(checkpoint(), { recursive: true });
    cpSync(other.path('checkpoints', 'bronze'), checkpoint(), { recursive: true });
    await other.remove();
    expect(await refused('engine.checkpoint_mismatch')).toContain(checkpoint());
  });

  it('older than the table is refused: it would read posts again', async () => {
    rmSync(checkpoint('offsets', '1'));
    rmSync(checkpoint('commits', '1'));
    expect(await refused('engine.checkpoint_mismatch')).toContain('batch 1');
  });

  it('without its table is refused', async () => {
    rmSync(lake.path('tables', 'bronze'), { recursive: true });
    expect(await refused('engine.checkpoint_mismatch')).toContain('murmur rebuild bronze');
  });

  it('with cut offsets is refused by name', async () => {
    rmSync(checkpoint('commits', '1'));
    writeFileSync(checkpoint('offsets', '1'), '{"format":1,"quer');
    expect(await refused('engine.checkpoint_corrupt')).toContain(checkpoint('offsets', '1'));
  });

  it('that lost the commit marks of committed batches finds them in the table', async () => {
    rmSync(checkpoint('commits', '1'));
    const { error, events } = await lake.runOnce(bronze);
    expect(error).toBeUndefined();
    expect(events.some((e) => e.type === 'batch_committed')).toBe(false);
    expect(readdirSync(checkpoint('commits')).sort()).toEqual(['0', '1']);
    expect(await bronzeRows()).toEqual([{ n: 4, ids: 4 }]);
  });
});

describe('a table', () => {
  it('written with another meaning is refused, until the option is set back', async () => {
    await lake.runOnce(bronze);
    const other = [query('bronze', { stamp: { mentions: 'word' } })];
    expect(await refused('engine.stamp_differs', other)).toMatch(
      /mentions = twitter[\s\S]*word[\s\S]*murmur rebuild bronze/,
    );
    expect((await lake.runOnce(bronze)).error).toBeUndefined();
  });

  it('of another engine is refused', async () => {
    const { delta } = await lake.context();
    await DeltaLog.create(new LocalStorage(lake.path('tables', 'bronze')), delta, {
      schema: struct(column('x', 'long')),
      configuration: { 'murmur.engine': 'spark', 'murmur.queryId': 'q' },
    });
    expect(await refused('engine.other_engine')).toContain('spark');
  });

  it('that no query made is refused', async () => {
    const { delta } = await lake.context();
    await DeltaLog.create(new LocalStorage(lake.path('tables', 'bronze')), delta, {
      schema: struct(column('x', 'long')),
    });
    await refused('engine.foreign_table');
  });

  it('keeps personal data out of its log, and says who writes it', async () => {
    await lake.runOnce([...bronze, query('silver')]);
    const { snapshot } = await lake.table('silver');
    expect(snapshot.metadata.configuration).toMatchObject({
      'murmur.engine': 'embedded',
      'murmur.mentions': 'twitter',
      'delta.deletedFileRetentionDuration': 'interval 1 days',
    });
    const stats = JSON.parse(snapshot.files[0]!.stats!);
    expect(Object.keys(stats.minValues)).toContain('timestamp');
    for (const name of ['text', 'cleaned_text', 'user']) expect(stats.minValues).not.toHaveProperty(name);
  });
});

it('a query that is refused does not hold up its neighbours', async () => {
  await lake.runOnce([...bronze, query('silver')]);
  rmSync(lake.path('checkpoints', 'silver'), { recursive: true });
  lake.land('b.ndjson', posts(2, 4));
  const { error, run } = await lake.runOnce([...bronze, query('silver')]);
  expect(error).toMatchObject({ code: 'engine.checkpoint_missing' });
  expect(run.status().map((s) => [s.name, s.state])).toEqual([
    ['bronze', 'finished'],
    ['silver', 'failed'],
  ]);
  expect(await bronzeRows()).toEqual([{ n: 6, ids: 6 }]);
});

it('two processes on one lake write each post once; the later one is told to stop', async () => {
  lake.land('b.ndjson', posts(196, 4));
  const [one, two] = await Promise.all([
    lake.runOnce([query('bronze', { posts: 5 })]),
    lake.runOnce([query('bronze', { posts: 5 })]),
  ]);
  // Usually one; none if the second found all done.
  const errors = [one, two].flatMap(({ error }) => (error === undefined ? [] : [error]));
  expect(errors.length).toBeLessThan(2);
  for (const error of errors)
    expect(error).toMatchObject({ code: 'engine.fenced', fix: expect.stringContaining('murmur run') });
  expect(await bronzeRows()).toEqual([{ n: 200, ids: 200 }]);
});
