/** A table of the pipeline restored, and what is behind it made anew from it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { type LakeSpecInput, type OpenLake, openLake, rebuild, restoreAndRebuild } from '../../src/index.js';

let dir: string;
beforeEach(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-restore-')));
  mkdirSync(join(dir, 'landing'));
  land('a', 0, 4);
  await run();
  land('b', 4, 3);
  await run();
});
afterEach(() => {
  disarmFaultPoint();
  rmSync(dir, { recursive: true, force: true });
});

function land(name: string, from: number, count: number): void {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      id_str: `${from + i}`,
      text: `good day @ann and @bob${from + i}`,
      user: 'u',
      date: '2026-01-01',
    }),
  );
  writeFileSync(join(dir, 'landing', `${name}.ndjson`), `${lines.join('\n')}\n`);
}

async function withLake<T>(work: (lake: OpenLake) => Promise<T>, spec: LakeSpecInput = {}) {
  const lake = await openLake({ dir, spec: { model: 'lexicon', ...spec } });
  return work(lake).finally(() => lake.close());
}

const run = () => withLake((lake) => lake.run({ until: 'idle' }).done);

/** Posts in each layer, and rows that application counts. */
const layers = () =>
  withLake(async (lake) => {
    const { rows } = await lake.sql(
      `SELECT (SELECT count(DISTINCT post_id) FROM bronze)::INT AS bronze,
         (SELECT count(DISTINCT post_id) FROM silver)::INT AS silver,
         (SELECT count(DISTINCT post_id) FROM gold)::INT AS gold,
         (SELECT sum(positive + negative + neutral) FROM application)::INT AS application`,
    );
    return rows[0];
  });

it('the tables behind follow, and the pipeline goes on behind what it had read', async () => {
  expect(await layers()).toEqual({ bronze: 7, silver: 7, gold: 7, application: 14 });
  const done = await withLake((lake) => restoreAndRebuild(lake, 'silver', { version: 1 }));
  expect(done).toMatchObject({ table: 'silver', target: 1, rebuilt: { rebuilt: 'gold' } });
  expect(await layers()).toEqual({ bronze: 7, silver: 4, gold: 4, application: 8 });
  land('c', 7, 2);
  await run();
  expect(await layers()).toEqual({ bronze: 9, silver: 6, gold: 6, application: 12 });
});

it('what was left out comes back with a rebuild from the version', async () => {
  await withLake((lake) => restoreAndRebuild(lake, 'silver', { version: 1 }));
  await withLake((lake) => rebuild(lake, 'silver', { fromVersion: 1 }));
  expect(await layers()).toEqual({ bronze: 7, silver: 7, gold: 7, application: 14 });
});

it('the last table has none behind it', async () => {
  const done = await withLake((lake) => restoreAndRebuild(lake, 'application', { version: 1 }));
  expect(done.rebuilt).toBeNull();
  expect(await layers()).toEqual({ bronze: 7, silver: 7, gold: 7, application: 8 });
});

it('a crash between the two is found by the next run, and mended by a rebuild', async () => {
  armFaultPoint('rebuild.before_decision', () => {
    throw new Error('a crash');
  });
  await expect(withLake((lake) => restoreAndRebuild(lake, 'silver', { version: 1 }))).rejects.toThrow(
    'a crash',
  );
  await expect(run()).rejects.toMatchObject({ fix: expect.stringContaining('murmur rebuild') });
  await withLake((lake) => rebuild(lake, 'gold'));
  expect(await layers()).toEqual({ bronze: 7, silver: 4, gold: 4, application: 8 });
  await run();
});

it('a version of another meaning is refused, and one before a rebuild keeps the new identity', async () => {
  await withLake((lake) => rebuild(lake, 'silver'));
  await withLake((lake) => restoreAndRebuild(lake, 'silver', { version: 1 }));
  await run();
  expect(await layers()).toEqual({ bronze: 7, silver: 4, gold: 4, application: 8 });

  const word: LakeSpecInput = { mentions: 'word' };
  await withLake((lake) => rebuild(lake, 'silver'), word);
  await expect(
    withLake((lake) => restoreAndRebuild(lake, 'silver', { version: 1 }), word),
  ).rejects.toMatchObject({ code: 'operate.restore_other_meaning', fault: 'user' });
});

it('tables that all write to are left alone', async () => {
  await expect(withLake((lake) => restoreAndRebuild(lake, 'progress', { version: 0 }))).rejects.toMatchObject(
    {
      code: 'operate.not_a_query',
    },
  );
});
