/** When versions were committed, and which one held at a time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { DeltaLog } from '../../src/delta/index.js';
import { commitPath, logFolder } from '../../src/delta/log-files.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, numbersIn, readText, testEnv } from './rows.js';

let clock: HandClock;
let storage: MemoryStorage;
let table: DeltaLog;
beforeEach(async () => {
  clock = new HandClock(1_000_000);
  storage = new MemoryStorage(clock);
  table = await createTable(storage, {}, testEnv({ clock }));
});

/** Writes a commit file again, so that it has this time. */
async function touch(version: number, time: number, change = (text: string) => text) {
  const text = await readText(storage, commitPath(version));
  const now = clock.time;
  clock.time = time;
  await storage.put(commitPath(version), Buffer.from(change(text)));
  clock.time = now;
}
const at = async (time: number) => (await table.atTime(time)).version;
const times = async () => (await table.history()).map(({ timestamp }) => timestamp).reverse();

describe('commit times', () => {
  it('are those of the files, strictly increasing, whatever commitInfo says', async () => {
    for (let n = 1; n <= 4; n++) await append(table, n);
    for (const [version, time] of [
      [0, 5000],
      [1, 5000],
      [2, 4000],
      [3, 5001],
      [4, 9000],
    ] as const)
      await touch(version, time);
    expect(await times()).toEqual([5000, 5001, 5002, 5003, 9000]);
    expect([await at(5000), await at(5001), await at(8999), await at(9000)]).toEqual([0, 1, 3, 4]);
    expect(await numbersIn(storage, await table.atTime(5002))).toEqual([1, 2]);
  });

  it('are the same for a part of the history', async () => {
    for (let n = 1; n <= 12; n++) await append(table, n);
    const all = await table.history();
    expect(await table.history(3)).toEqual(all.slice(0, 3));
    expect(all[0]!.timestamp).toBe(1_000_012);
  });

  it('are the in-commit timestamps from the version on that has them', async () => {
    for (let n = 1; n <= 4; n++) await append(table, n);
    const stamp = (time: number) => (text: string) =>
      text.replace('"timestamp":', `"inCommitTimestamp":${time},"timestamp":`);
    for (const version of [0, 1]) await touch(version, 2_000 + version);
    for (const version of [2, 3, 4]) await touch(version, 7_000, stamp(3_000 + version));
    const metadata = {
      ...table.snapshot.metadata,
      configuration: {
        'delta.enableInCommitTimestamps': 'true',
        'delta.inCommitTimestampEnablementVersion': '2',
      },
    };
    await touch(4, 7_000, (text) => `${text}${JSON.stringify({ metaData: metadata })}\n`);
    table = await DeltaLog.open(storage, testEnv({ clock }));
    expect(await times()).toEqual([2_000, 2_001, 3_002, 3_003, 3_004]);
    expect([await at(2_500), await at(3_002), await at(3_003)]).toEqual([1, 2, 3]);
  });

  it('do not reach into the future, nor before the log begins', async () => {
    await append(table, 1);
    clock.time += 1000;
    expect(await at(clock.time)).toBe(1);
    const outside = { code: 'delta.no_such_version', fault: 'user', fix: expect.any(String) };
    await expect(at(clock.time + 1)).rejects.toMatchObject(outside);
    await expect(at(999_999)).rejects.toMatchObject(outside);
  });
});

it('a version that the log no longer reaches back to is named as such', async () => {
  for (let n = 1; n <= 12; n++) await append(table, n);
  await table.settled();
  for (let version = 0; version < 10; version++) await storage.delete(commitPath(version));
  const gone = { code: 'delta.no_such_version', context: { version: 9, oldest: 10, latest: 12 } };
  await expect(table.at(9)).rejects.toMatchObject(gone);
  expect((await table.at(10)).fileCount).toBe(10);
  await storage.delete(commitPath(11));
  await expect(table.at(11)).rejects.toMatchObject({ code: 'delta.log_gap' });
  for await (const { path } of storage.list(logFolder)) expect(path).not.toContain('.tmp');
});
