/** A disk that is full at any moment: the error names it, nothing is lost, and work goes on when there is space. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { DuckDatabase } from '../../src/duck/index.js';
import { landedTexts } from '../e2e/landed.js';
import { countPosts } from '../e2e/ledger.js';
import { bin, murmur } from '../e2e/murmur.js';
import { expectSoundLake } from '../e2e/sound-lake.js';
import { posts, query, TestLake } from '../engine/lake.js';
import { contents, copyTable, expectWhole, jobs, perform, prepare } from './jobs.js';
import { page, SmallDisk } from './setup/small-disk.js';

let dir: string;
let disk: SmallDisk;
let duck: DuckDatabase;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'murmur-full-disk-'));
  disk = await SmallDisk.mount(64 * 2 ** 20);
  duck = await DuckDatabase.open({ threads: 2 });
});
afterAll(async () => {
  await duck?.close();
  await disk?.unmount();
  rmSync(dir, { recursive: true, force: true });
});
afterEach(() => {
  disarmFaultPoint();
  disk.clear();
});

/** What a user is told, and can do. */
const fullDisk = () => ({
  code: 'storage.full',
  fault: 'external',
  message: expect.stringContaining(disk.path),
  fix: expect.stringContaining('free some space'),
});

describe.each(Object.entries(jobs))('%s', (name, job) => {
  it('is whole whichever page is the first that the disk does not have', async () => {
    const made = join(dir, name);
    await prepare(job, made, duck);
    const before = await contents(made, duck);
    let failures = 0;
    for (let pages = 0; ; pages++) {
      const folder = copyTable(made, join(disk.path, 'table'));
      disk.fill(pages * page);
      const told: unknown[] = [];
      await perform(job, folder, duck, (warning) => told.push(warning)).catch((e) => told.push(e));
      for (const error of told) expect(error).toMatchObject(fullDisk());
      disk.free();
      await expectWhole(folder, job, before, duck);
      rmSync(folder, { recursive: true });
      if (told.length === 0) break;
      failures++;
    }
    console.log(`${name}: ${failures} pages`);
    // Vacuum makes room: where there is none it goes on without its notes in the log.
    if (name === 'vacuum') expect(failures).toBe(0);
    else expect(failures).toBeGreaterThan(0);
  });
});

describe('a pipeline', () => {
  const lines = [...posts(12), '{ broken', { id_str: '99', user: 'ann' }, ...posts(12, 12)];
  const queries = () => [
    query('bronze', { posts: 16 }),
    query('silver', { posts: 14 }),
    query('gold', { posts: 14 }),
    query('application', { posts: 14 }),
  ];
  /** Tries again soon: the space does not come back by waiting. */
  const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 5), signal) };

  async function newLake(): Promise<TestLake> {
    const lake = new TestLake({ parent: disk.path });
    lake.land('a.ndjson', lines);
    return lake;
  }

  const rows = (lake: TestLake) =>
    lake.sqls([
      'SELECT * EXCLUDE (processing_time) FROM bronze ORDER BY ALL',
      'SELECT * FROM silver ORDER BY ALL',
      'SELECT * EXCLUDE (scored_at) FROM gold ORDER BY ALL',
      'SELECT * FROM application ORDER BY ALL',
      `SELECT * EXCLUDE ("at", batch_id, row), row->>'text' AS text FROM quarantine ORDER BY ALL`,
    ]);

  let undisturbed: unknown;
  beforeAll(async () => {
    const lake = await newLake();
    expect((await lake.runOnce(queries())).error).toBeUndefined();
    undisturbed = await rows(lake);
    await lake.remove();
  });

  /** Runs on the full disk, then again with space; whether the first run failed. */
  async function runTwice(lake: TestLake): Promise<boolean> {
    const { error } = await lake.runOnce(queries(), { clock });
    if (error !== undefined) expect(error).toMatchObject(fullDisk());
    disarmFaultPoint();
    disk.free();
    expect((await lake.runOnce(queries())).error).toBeUndefined();
    expect(await rows(lake)).toEqual(undisturbed);
    await lake.remove();
    return error !== undefined;
  }

  const ofStream = [
    'after_offsets',
    'after_read',
    'after_write',
    'before_commit',
    'after_commit',
    'after_commits',
  ];
  it.each([
    ...['bronze', 'silver', 'gold', 'application'].flatMap((stream) =>
      ofStream.map((point) => `${stream}.${point}`),
    ),
    'bronze.before_quarantine',
    'bronze.after_quarantine',
    'progress.before_commit',
    'progress.after_commit',
    'delta.commit.before_put',
    'delta.commit.after_put',
  ])('whose disk is full from %s on goes on when there is space', async (point) => {
    const lake = await newLake();
    armFaultPoint(point, () => disk.fill());
    expect(await runTwice(lake)).toBe(true);
  });

  it('goes on whichever page is the first that the disk does not have', async () => {
    let failures = 0;
    for (let pages = 0; ; pages += 5) {
      const lake = await newLake();
      disk.fill(pages * page);
      if (!(await runTwice(lake))) break;
      failures++;
    }
    console.log(`a pipeline: ${failures} times`);
    expect(failures).toBeGreaterThan(10);
  });

  it('tells a user of the command line, and goes on with the next run', async () => {
    const lake = join(dir, 'lake');
    const onDisk = join(disk.path, 'lake');
    expect((await murmur(['init', lake, '--sample', '300'])).code).toBe(0);
    cpSync(lake, onDisk, { recursive: true });
    for (const leave of [0, 2 * page, 8 * page]) {
      disk.fill(leave);
      const args = [bin, '-C', join(disk.mountPoint, 'lake'), 'run', '--once', '--json'];
      const { code, stderr } = disk.run(process.execPath, args);
      const { error } = JSON.parse(stderr.trim().split('\n').at(-1)!);
      expect(error).toMatchObject({
        ...{ code: 'storage.full', fault: 'external', fix: expect.stringContaining('free some space') },
        message: expect.stringContaining(disk.mountPoint),
      });
      expect(code).toBe(2);
      disk.free();
    }
    rmSync(lake, { recursive: true });
    // Not the sockets of the runs.
    cpSync(onDisk, lake, { recursive: true, filter: (from) => !from.includes('/run/') });
    expect((await murmur(['-C', lake, 'run', '--once'])).code).toBe(0);
    await expectSoundLake(lake, countPosts(landedTexts(lake)));
  });
});
