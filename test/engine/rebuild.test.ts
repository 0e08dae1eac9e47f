/** Tables made anew beside the old ones: what readers see before and after, and what a crash at any place leaves. */
import { readdirSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { settleRebuild, startRebuild } from '../../src/engine/embedded/rebuild/rebuild.js';
import type { QueryDefinition } from '../../src/engine/engine.js';
import { posts, type QueryChoice, query, TestLake } from './lake.js';

const unlucky = { kind: 'row', name: 'lucky', rule: `post_id <> '3'`, action: 'quarantine' } as const;
const noFive = { kind: 'row', name: 'no five', rule: `post_id <> '5'`, action: 'quarantine' } as const;

/** All four, in few batches; `silver` says what is particular about it. */
function medallion(silver: QueryChoice): QueryDefinition[] {
  return [
    query('bronze', { posts: 15, stamp: {} }),
    query('silver', { posts: 13, ...silver }),
    query('gold', { posts: 14, stamp: {} }),
    query('application', { posts: 30, stamp: {} }),
  ];
}
const oldQueries = medallion({ expect: [unlucky] });
const newQueries = medallion({ expect: [noFive], stamp: { mentions: 'word' } });

const land = (to: TestLake) => to.land('a.ndjson', [...posts(20), '{ broken']);
const landMore = (to: TestLake) => to.land('b.ndjson', posts(11, 20));

/** What the layers hold, but times and ids of runs. */
const contents = (of: TestLake) =>
  of.sqls([
    'SELECT * EXCLUDE (processing_time) FROM bronze ORDER BY ALL',
    'SELECT * FROM silver ORDER BY ALL',
    'SELECT * EXCLUDE (scored_at) FROM gold ORDER BY ALL',
    'SELECT * FROM application ORDER BY ALL',
    'SELECT stream, rule, post_id FROM quarantine ORDER BY ALL',
  ]);

/** A lake of the old queries over what landed first, and what lakes hold that were made of all at once. */
let run: TestLake;
let held: Record<'old' | 'new' | 'oldMore' | 'newMore', unknown>;
beforeAll(async () => {
  run = new TestLake();
  land(run);
  await run.runOnce(oldQueries);
  const other = new TestLake();
  land(other);
  await other.runOnce(newQueries);
  held = { old: await contents(run), new: await contents(other), oldMore: undefined, newMore: undefined };
  landMore(other);
  await other.runOnce(newQueries);
  held.newMore = await contents(other);
  await other.remove();
  const third = new TestLake({ like: run });
  landMore(third);
  await third.runOnce(oldQueries);
  held.oldMore = await contents(third);
  await third.remove();
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

async function rebuild(name: string, queries = newQueries, fromVersion?: number) {
  const context = await lake.context();
  await settleRebuild(context);
  const request = { queries, name, fingerprint: name, ...(fromVersion === undefined ? {} : { fromVersion }) };
  return (await startRebuild(context, request)).finish();
}

async function runMore(queries: QueryDefinition[]): Promise<void> {
  landMore(lake);
  expect((await lake.runOnce(queries)).error).toBeUndefined();
}

describe('a rebuild', () => {
  it('of silver gives what a lake with the new rule and option would hold, and goes on from there', async () => {
    const bronze = (await lake.table('bronze')).snapshot.version;
    expect((await lake.runOnce(newQueries)).error).toMatchObject({
      code: 'engine.stamp_differs',
      fix: expect.stringContaining('murmur rebuild silver'),
    });
    await rebuild('silver');
    expect(await contents(lake)).toEqual(held.new);
    expect((await lake.table('bronze')).snapshot.version).toBe(bronze);
    await runMore(newQueries);
    expect(await contents(lake)).toEqual(held.newMore);
  });

  it.each(['gold', 'application'])('of %s changes nothing when nothing has changed', async (name) => {
    await rebuild(name, oldQueries);
    expect(await contents(lake)).toEqual(held.old);
    await runMore(oldQueries);
    expect(await contents(lake)).toEqual(held.oldMore);
  });

  it('of bronze reads the landing place anew, and what has landed since', async () => {
    landMore(lake);
    await rebuild('bronze', oldQueries);
    expect(await contents(lake)).toEqual(held.oldMore);
    const { events } = await lake.runOnce(oldQueries);
    expect(events.some(({ type }) => type === 'batch_committed')).toBe(false);
  });

  it('is one commit for a reader, with the old rows as its history, and leaves nothing behind', async () => {
    const { version: old, metadata } = (await lake.table('silver')).snapshot;
    const { silver } = await rebuild('silver');
    const table = await lake.table('silver');
    expect(silver).toBe(old + 1);
    expect(table.snapshot.metadata.id).toBe(metadata.id);
    expect(table.snapshot.metadata.configuration).toMatchObject({ 'murmur.mentions': 'word' });
    expect((await table.at(old)).numRecords).toBe(38);
    expect((await table.history(1))[0]).toMatchObject({ operation: 'WRITE' });
    const left = readdirSync(lake.path('checkpoints', '.rebuild'), { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toEqual([]);
  });

  it('is recorded in progress as batches of a run of its own', async () => {
    const versions = await rebuild('silver');
    await lake.runOnce(newQueries);
    const rows = await lake.sql(
      `SELECT stream, run_id, sum(input_posts)::BIGINT AS posts, max(table_version) AS version,
         count(*) = count(DISTINCT batch_id) AS once
       FROM progress WHERE stream <> 'application' GROUP BY ALL ORDER BY stream, min(started_at)`,
    );
    expect(rows.map(({ stream, posts }) => [stream, posts])).toEqual([
      ['bronze', 21],
      ['gold', 19],
      ['gold', 19],
      ['silver', 20],
      ['silver', 20],
    ]);
    expect(rows.every(({ once }) => once)).toBe(true);
    expect(rows[4]).toMatchObject({ version: versions.silver, run_id: rows[2]!.run_id });
    expect(rows[4]!.run_id).not.toBe(rows[3]!.run_id);
  });

  it('that fails leaves the lake as it was', async () => {
    const strict = medallion({ expect: [{ ...noFive, action: 'fail' }] });
    await expect(rebuild('silver', strict)).rejects.toMatchObject({ code: 'engine.rule_failed' });
    expect(await contents(lake)).toEqual(held.old);
    expect(await settleRebuild(await lake.context())).toBe('none');
    await runMore(oldQueries);
  });

  it('that is interrupted is gone on with', async () => {
    const ending = new AbortController();
    const request = { queries: newQueries, name: 'silver', fingerprint: 'same' };
    const first = await startRebuild(await lake.context(), request);
    for await (const event of first.run.events.subscribe())
      if (event.type === 'batch_committed') {
        ending.abort();
        break;
      }
    await expect(first.finish(ending.signal)).rejects.toMatchObject({ code: 'engine.rebuild_interrupted' });
    expect(await contents(lake)).toEqual(held.old);

    const second = await startRebuild(await lake.context(), request);
    expect(second.plan).toEqual(first.plan);
    await second.finish();
    expect(await contents(lake)).toEqual(held.new);
  });

  it('makes a table anew that is gone', async () => {
    rmSync(lake.path('tables', 'gold'), { recursive: true });
    expect((await lake.runOnce(oldQueries)).error).toMatchObject({
      fix: expect.stringContaining('murmur rebuild gold'),
    });
    await rebuild('gold', oldQueries);
    expect(await contents(lake)).toEqual(held.old);
    await runMore(oldQueries);
    expect(await contents(lake)).toEqual(held.oldMore);
  });
});

describe('a rebuild from a version', () => {
  it.each(['bronze', 'silver', 'gold', 'application'])('of %s keeps what it held then', async (name) => {
    const { version, files } = (await lake.table(name)).snapshot;
    await runMore(oldQueries);

    await rebuild(name, oldQueries, version);
    expect(await contents(lake)).toEqual(held.oldMore);
    // Application replaces what it merges into; the others only append.
    const now = new Set((await lake.table(name)).snapshot.files.map(({ path }) => path));
    if (name !== 'application') expect(files.every(({ path }) => now.has(path))).toBe(true);

    lake.land('c.ndjson', posts(5, 40));
    expect((await lake.runOnce(oldQueries)).error).toBeUndefined();
    const counts = `SELECT count(DISTINCT post_id) AS posts, count(*) AS rows FROM gold`;
    expect(await lake.sql(counts)).toEqual([{ posts: 35, rows: 70 }]);
  });

  it('is refused when files of that version are gone', async () => {
    const { version, files } = (await lake.table('silver')).snapshot;
    rmSync(lake.path('tables', 'silver', files[0]!.path));
    await expect(rebuild('silver', oldQueries, version)).rejects.toMatchObject({
      code: 'engine.version_unusable',
      fault: 'user',
      message: expect.stringContaining(files[0]!.path),
    });
  });

  it('is refused when it was before the first batch, or is yet to come', async () => {
    await expect(rebuild('silver', oldQueries, 0)).rejects.toMatchObject({ code: 'engine.version_unusable' });
    await expect(rebuild('silver', oldQueries, 99)).rejects.toMatchObject({ code: 'delta.no_such_version' });
  });
});

describe('a crash at', () => {
  const points = [
    ['silver.after_commit', 2],
    ['application.after_commit', 1],
    ['rebuild.before_decision', 1],
    ['rebuild.after_decision', 1],
    ['rebuild.after_table', 1],
    ['rebuild.after_checkpoint', 2],
    ['rebuild.after_table', 3],
    ['rebuild.after_quarantine', 1],
    ['rebuild.after_progress', 1],
    ['rebuild.before_clear', 1],
  ] as const;
  it.each(points)('%s (%i) leaves the old lake or the new one', async (point, nth) => {
    armFaultPoint(
      point,
      () => {
        throw new MurmurError('test.crash', 'a crash', { fault: 'user' });
      },
      nth,
    );
    await expect(rebuild('silver')).rejects.toMatchObject({ code: 'test.crash' });
    const isDecided = point.startsWith('rebuild.') && point !== 'rebuild.before_decision';
    if (!isDecided) expect(await contents(lake)).toEqual(held.old);

    const found = await settleRebuild(await lake.context());
    if (isDecided) expect(found).toBe('finished');
    expect(await contents(lake)).toEqual(isDecided ? held.new : held.old);
    await runMore(isDecided ? newQueries : oldQueries);
    expect(await contents(lake)).toEqual(isDecided ? held.newMore : held.oldMore);
    const [progress] = await lake.sql(
      'SELECT count(*) AS rows, count(DISTINCT (stream, run_id, batch_id)) AS batches FROM progress',
    );
    expect(progress!.rows).toBe(progress!.batches);
  });
});
