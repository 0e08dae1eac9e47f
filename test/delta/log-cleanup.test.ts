/** What goes with old commits: checkpoints of every kind, checksums, compacted logs, sidecars; and what holds them back. */
import { beforeEach, expect, it } from 'vitest';
import { DeltaLog } from '../../src/delta/index.js';
import { cleanUpLog } from '../../src/delta/log-cleanup.js';
import { commitPath, logFolder } from '../../src/delta/log-files.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, JsonLines, testEnv } from './rows.js';

const day = 86_400_000;
const parquet = new JsonLines();
let clock: HandClock;
let storage: MemoryStorage;
beforeEach(async () => {
  clock = new HandClock();
  storage = new MemoryStorage(clock);
  const table = await createTable(storage, { 'delta.checkpointInterval': '100' }, testEnv({ clock }));
  for (let n = 1; n <= 9; n++) {
    clock.time += day;
    await append(table, n);
  }
});

const pad = (version: number) => String(version).padStart(20, '0');
const put = (name: string, text = 'x') => storage.put(logFolder + name, Buffer.from(text));
async function logNames() {
  const names: string[] = [];
  for await (const { path } of storage.list(logFolder)) names.push(path.slice(logFolder.length));
  return names.map((name) => name.replace(/0{18}/g, ''));
}
/** A checkpoint with a UUID for a name that leaves the files to a sidecar. */
async function v2Checkpoint(version: number, sidecar: string) {
  const log = await DeltaLog.open(storage, testEnv({ clock }));
  const { metadata, files } = await log.at(version);
  const v2 = { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['v2Checkpoint'] };
  const lines = (actions: object[]) => actions.map((action) => JSON.stringify(action)).join('\n');
  await put(`_sidecars/${sidecar}`, lines(files.map((add) => ({ add }))));
  await put(
    `${pad(version)}.checkpoint.01234567-0123-0123-0123-0123456789ab.json`,
    lines([
      { checkpointMetadata: { version } },
      { protocol: { ...v2, writerFeatures: v2.readerFeatures } },
      { metaData: metadata },
      { sidecar: { path: sidecar, sizeInBytes: 1, modificationTime: 1 } },
    ]),
  );
}
const cleanUp = (version: number, neededFrom?: number) =>
  cleanUpLog(storage, parquet, {
    cutoff: Date.UTC(2026, 0, 1) + version * day,
    now: clock.now(),
    neededFrom,
  });

it('takes along what stands beside the commits, and keeps the rest', async () => {
  await v2Checkpoint(2, 'old.parquet');
  await v2Checkpoint(6, 'new.parquet');
  await put('_sidecars/orphan.parquet');
  await put('_sidecars/unrelated.txt');
  clock.time += 3 * day;
  await put('_sidecars/under-way.parquet');
  for (const name of [`${pad(1)}.crc`, `${pad(6)}.crc`, `.${pad(1)}.json.crc`, `.${pad(7)}.json.crc`])
    await put(name);
  for (const [from, to] of [
    [0, 3],
    [6, 8],
    [7, 8],
  ] as const)
    await put(`${pad(from)}.${pad(to)}.compacted.json`);
  // Incomplete, in parts, empty: none of them is one to begin with.
  await put(`${pad(7)}.checkpoint.0000000001.0000000002.parquet`, '{}');
  await put(`${pad(7)}.checkpoint.parquet`, '');

  const { files, heldBack } = await cleanUp(7);
  expect(heldBack).toBe(false);
  const names = await logNames();
  expect(names).toEqual(
    [
      `.${pad(7).slice(18)}.json.crc`,
      ...['06.checkpoint.01234567-0123-0123-0123-0123456789ab.json', '06.crc', '06.json'],
      ...['07.08.compacted.json', '07.checkpoint.0000000001.0000000002.parquet', '07.checkpoint.parquet'],
      ...['07.json', '08.json', '09.json'],
      ...['_sidecars/new.parquet', '_sidecars/under-way.parquet'],
    ].sort(),
  );
  // Commits 0 to 5, a checkpoint, a checksum, two compacted logs; three sidecars.
  expect(files).toBe(6 + 1 + 1 + 2 + 3);
  const log = await DeltaLog.open(storage, testEnv({ clock }));
  expect(log.snapshot.fileCount).toBe(9);
  expect((await log.at(6)).fileCount).toBe(6);
  await expect(log.at(5)).rejects.toMatchObject({ code: 'delta.no_such_version', context: { oldest: 6 } });
  expect(await cleanUp(7)).toEqual({ files: 0, heldBack: false });
});

it('never takes what somebody has yet to read, and says when that held it back', async () => {
  await v2Checkpoint(2, 'a.parquet');
  await v2Checkpoint(6, 'b.parquet');
  clock.time += 3 * day;
  expect(await cleanUp(9, 4)).toEqual({ files: 2, heldBack: true });
  expect(await storage.stat(commitPath(2))).toBeDefined();
  expect(await cleanUp(9, 1)).toEqual({ files: 0, heldBack: true });
  expect(await cleanUp(9, 6)).toMatchObject({ heldBack: false });
});

it('takes a checkpoint in parts for one as soon as it is complete', async () => {
  const log = await DeltaLog.open(storage, testEnv({ clock }));
  const { protocol, metadata, files } = await log.at(4);
  const lines = (actions: object[]) => actions.map((action) => JSON.stringify(action)).join('\n');
  await put(
    `${pad(4)}.checkpoint.0000000001.0000000002.parquet`,
    lines([{ protocol }, { metaData: metadata }]),
  );
  expect((await cleanUp(8)).files).toBe(0);
  await put(`${pad(4)}.checkpoint.0000000002.0000000002.parquet`, lines(files.map((add) => ({ add }))));
  expect((await cleanUp(8)).files).toBe(4);
  expect((await DeltaLog.open(storage, testEnv({ clock }))).snapshot.fileCount).toBe(9);
});
