import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint } from '../../src/base/fault-point.js';
import { DeltaLog } from '../../src/delta/index.js';
import { checkpointPath, commitPath, lastCheckpointPath } from '../../src/delta/log-files.js';
import { interval } from '../../src/delta/table-properties.js';
import { DuckDatabase } from '../../src/duck/index.js';
import { DuckParquetHandler } from '../../src/duck/parquet-handler.js';
import { LocalStorage } from '../../src/storage/local.js';
import {
  append,
  contentsOf,
  createTable,
  HandClock,
  JsonLines,
  readText,
  testEnv,
  writeRows,
} from './rows.js';

const day = 86_400_000;
let database: DuckDatabase;
let folder: string;
let storage: LocalStorage;
let warnings: MurmurError[];
let clock: HandClock;
beforeAll(async () => {
  database = await DuckDatabase.open();
});
afterAll(() => database.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-checkpoint-'));
  storage = new LocalStorage(folder);
  warnings = [];
  clock = new HandClock();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const realEnv = (parquet = new DuckParquetHandler(database) as JsonLines | DuckParquetHandler) =>
  testEnv({ parquet, clock, onWarning: (w) => warnings.push(w) });
const logNames = async () => (await readdir(join(folder, '_delta_log'))).sort();

/** Twelve commits with all that a table can hold. */
async function liveTable(configuration: Record<string, string> = {}): Promise<DeltaLog> {
  const table = await createTable(storage, configuration, realEnv());
  for (let n = 0; n < 11; n++) {
    clock.time += 1000;
    const file = await writeRows(storage, [{ n }], { p: n % 2 ? null : 'x y' });
    const transaction = table
      .begin()
      .add(file)
      .txn('stream', n)
      .txn(`other-${n % 3}`, 2 ** 40 + n);
    if (n > 5) transaction.remove(table.snapshot.files[0]!);
    await transaction.commit({ operation: 'WRITE' });
  }
  await table.settled();
  return table;
}

describe('a checkpoint', () => {
  it('as real Parquet holds the whole state: the commits before it may go', async () => {
    const table = await liveTable();
    expect(warnings).toEqual([]);
    expect(await storage.stat(checkpointPath(10))).toBeDefined();
    const hint = JSON.parse(await readText(storage, lastCheckpointPath));
    expect(hint).toEqual({
      version: 10,
      size: 16,
      sizeInBytes: (await storage.stat(checkpointPath(10)))!.size,
      numOfAddFiles: 6,
    });
    for (let v = 0; v < 10; v++) await storage.delete(commitPath(v));
    const reopened = await DeltaLog.open(storage, realEnv());
    expect(contentsOf(reopened.snapshot)).toEqual(contentsOf(table.snapshot));
    expect(reopened.snapshot.timestamp).toBe(table.snapshot.timestamp);
    expect((await reopened.at(10)).timestamp).toBe(table.snapshot.timestamp - 1000);
  });

  it('comes every so many commits, as the table says', async () => {
    const table = await createTable(storage, { 'delta.checkpointInterval': '3' }, realEnv(new JsonLines()));
    for (let n = 0; n < 7; n++) await append(table, n);
    await table.settled();
    expect((await logNames()).filter((name) => name.includes('.checkpoint.'))).toEqual(
      [3, 6].map((v) => `${String(v).padStart(20, '0')}.checkpoint.parquet`),
    );
  });

  it('with rows missing is thrown away, and the commit stands', async () => {
    class Forgetful extends JsonLines {
      override async writeCheckpoint(...args: Parameters<JsonLines['writeCheckpoint']>) {
        const { rows, size } = await super.writeCheckpoint(...args);
        return { rows: rows - 1, size };
      }
    }
    const table = await createTable(storage, { 'delta.checkpointInterval': '1' }, realEnv(new Forgetful()));
    await append(table, 1);
    await table.settled();
    expect(warnings.map(({ code }) => code)).toEqual(['delta.checkpoint_invalid']);
    expect(await logNames()).toEqual([0, 1].map((v) => `${String(v).padStart(20, '0')}.json`));
    expect((await DeltaLog.open(storage, realEnv())).snapshot.version).toBe(1);
  });

  it('that fails before its rename leaves no trace', async () => {
    const table = await createTable(storage, { 'delta.checkpointInterval': '1' }, realEnv(new JsonLines()));
    armFaultPoint('delta.checkpoint.before_rename', () => {
      throw new Error('power cut');
    });
    await append(table, 1);
    await table.settled();
    expect(warnings.map(({ message }) => message)).toEqual(['power cut']);
    expect(await logNames()).toEqual([0, 1].map((v) => `${String(v).padStart(20, '0')}.json`));
  });

  it('forgets removed files after their retention', async () => {
    const table = await createTable(
      storage,
      { 'delta.checkpointInterval': '1', 'delta.deletedFileRetentionDuration': 'interval 1 hours' },
      realEnv(new JsonLines()),
    );
    const file = await append(table, 1);
    await table.begin().remove(file).commit({ operation: 'DELETE' });
    await table.settled();
    const tombstones = async () => {
      const actions = await new JsonLines().readCheckpoint(storage, [checkpointPath(table.snapshot.version)]);
      return actions.flatMap(({ remove }) => (remove ? [remove] : []));
    };
    expect(await tombstones()).toEqual([
      {
        ...{ path: file.path, partitionValues: {}, size: file.size, dataChange: false },
        ...{ deletionTimestamp: clock.time, extendedFileMetadata: true },
      },
    ]);
    clock.time += 3_600_001;
    await append(table, 2);
    await table.settled();
    expect(await tombstones()).toEqual([]);
  });
});

describe('log clean-up', () => {
  /** Commits 0..8, checkpoints at 3, 6 and 9; those up to `old` were committed long ago, 9 is today's. */
  async function agedLog(old: number, configuration: Record<string, string> = {}) {
    const env = realEnv(new JsonLines());
    const table = await createTable(
      storage,
      { 'delta.checkpointInterval': '3', 'delta.logRetentionDuration': 'interval 30 days', ...configuration },
      env,
    );
    for (let n = 1; n <= 8; n++) await append(table, n);
    await table.settled();
    for (let v = 0; v <= 8; v++) {
      const at = (clock.time - (v <= old ? 40 : 1) * day) / 1000;
      await utimes(storage.uri(commitPath(v)), at, at);
    }
    const fresh = await DeltaLog.open(storage, env);
    await append(fresh, 9);
    await fresh.settled();
    expect(warnings).toEqual([]);
    return (await logNames()).filter((n) => n !== '_last_checkpoint').map((n) => n.slice(18, -5));
  }

  it('deletes what lies before the last checkpoint that is old enough, and not its own commit', async () => {
    expect(await agedLog(7)).toEqual(['06.checkpoint.pa', '06', '07', '08', '09.checkpoint.pa', '09']);
    const { snapshot } = await DeltaLog.open(storage, realEnv(new JsonLines()));
    expect(snapshot).toMatchObject({ version: 9, fileCount: 9 });
  });

  it('keeps everything when no checkpoint is old enough', async () => {
    expect(await agedLog(2)).toHaveLength(13);
  });

  it('can be turned off', async () => {
    expect(await agedLog(7, { 'delta.enableExpiredLogCleanup': 'false' })).toHaveLength(13);
  });

  it('never keeps the log for less time than removed files', async () => {
    expect(await agedLog(7, { 'delta.deletedFileRetentionDuration': 'interval 60 days' })).toHaveLength(13);
  });

  it('interrupted, leaves a table that opens', async () => {
    armFaultPoint(
      'delta.cleanup.before_delete',
      () => {
        throw new Error('killed');
      },
      3,
    );
    await expect(agedLog(7)).rejects.toThrow();
    expect(warnings.map(({ message }) => message)).toEqual(['killed']);
    const { snapshot } = await DeltaLog.open(storage, realEnv(new JsonLines()));
    expect(snapshot).toMatchObject({ version: 9, fileCount: 9 });
  });
});

it.each([
  ['interval 1 days', day],
  ['INTERVAL 2 WEEKS', 14 * day],
  ['interval 1 day 12 hours', 1.5 * day],
  ['7 days', 7 * day],
  ['interval 90 minutes', 5_400_000],
  ['interval 1 second', 1000],
  ['soon', undefined],
  [undefined, undefined],
])('the interval %j is %s ms', (text, ms) => {
  expect(interval(text)).toBe(ms);
});
