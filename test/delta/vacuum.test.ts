import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { DeltaLog, vacuum } from '../../src/delta/index.js';
import { commitPath } from '../../src/delta/log-files.js';
import { LocalStorage } from '../../src/storage/local.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, numbersIn, testEnv, writeRows } from './rows.js';

const hour = 3_600_000;
let clock: HandClock;
let storage: MemoryStorage;
let table: DeltaLog;
beforeEach(async () => {
  clock = new HandClock();
  storage = new MemoryStorage(clock);
  table = await createTable(
    storage,
    { 'delta.deletedFileRetentionDuration': 'interval 24 hours' },
    testEnv({ clock }),
  );
});
const dataFiles = async () => {
  const names: string[] = [];
  for await (const { path } of storage.list('')) if (!path.startsWith('_delta_log')) names.push(path);
  return names;
};

describe('vacuum', () => {
  it('deletes what left the table long ago and nothing else; a dry run only says so', async () => {
    const [kept, old] = [await append(table, 1), await append(table, 2)];
    await table.begin().remove(old).commit({ operation: 'DELETE' });
    await storage.put('orphan.parquet', Buffer.from('x'));
    clock.time += 25 * hour;
    const fresh = await append(table, 3);
    await table.begin().remove(fresh).commit({ operation: 'DELETE' });
    await storage.put('under-way.parquet', Buffer.from('x'));
    const before = await dataFiles();

    const plan = await vacuum(table, { dryRun: true });
    expect(plan.files).toEqual(['orphan.parquet', old.path]);
    expect(await dataFiles()).toEqual(before);
    expect(table.snapshot.version).toBe(5);

    expect(await vacuum(table)).toEqual(plan);
    expect(await dataFiles()).toEqual([kept.path, fresh.path, 'under-way.parquet'].sort());
    expect(
      (await table.history(2)).map(({ operation, operationMetrics }) => [operation, operationMetrics]),
    ).toEqual([
      ['VACUUM END', { numDeletedFiles: '2', numVacuumedDirectories: '0' }],
      ['VACUUM START', { numFilesToDelete: '2', sizeOfDataToDelete: String(plan.bytes) }],
    ]);
    expect(await numbersIn(storage, table.snapshot)).toEqual([1]);
    expect(await vacuum(table)).toEqual({ files: [], bytes: 0, held: [] });
    expect(table.snapshot.version).toBe(7);
  });

  it('makes room on a disk that is too full for its notes', async () => {
    const old = await append(table, 2);
    await table.begin().remove(old).commit({ operation: 'DELETE' });
    clock.time += 25 * hour;
    const { version } = table.snapshot;
    storage.putIfAbsent = () =>
      Promise.reject(new MurmurError('storage.full', 'writing: no space', { fault: 'external' }));
    expect((await vacuum(table)).files).toEqual([old.path]);
    expect(await dataFiles()).toEqual([]);
    expect(table.snapshot.version).toBe(version);
  });

  it('leaves alone what belongs to others, and compares decoded paths', async () => {
    const live = ['a b.parquet', 'p=x%2Fy/100%.parquet', '_p=1/f.parquet'];
    const others = [
      '_delta_log/keep.me',
      '_other/f.parquet',
      '.hidden/f',
      'p=1/_tmp/f',
      'p=1/.f',
      '_SUCCESS',
    ];
    const gone = ['_change_data/cdc.parquet', '_p=1/gone', 'ab/deletion_vector_5b0b1b5e.bin', 'p=1/gone'];
    for (const path of [...live, ...others, ...gone]) {
      await storage.put(path, Buffer.from('x'));
    }
    const file = await writeRows(storage, [{ n: 1 }]);
    await storage.delete(file.path);
    const transaction = table.begin();
    for (const path of live) transaction.add({ ...file, path });
    await transaction.commit({ operation: 'WRITE' });
    clock.time += 25 * hour;
    expect((await vacuum(table)).files).toEqual(gone);
    for (const path of [...live, ...others]) expect(await storage.stat(path), path).toBeDefined();
  });

  it('keeps deletion vectors as long as the files that they belong to', async () => {
    const vector = { storageType: 'u', pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^', offset: 4 } as const;
    const path = 'ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin';
    await storage.put(path, Buffer.from('x'));
    const { numRecords, ...file } = await writeRows(storage, [{ n: 1 }]);
    const deletionVector = { ...vector, sizeInBytes: 4, cardinality: 0 };
    await table
      .begin()
      .add({ ...file, dataChange: true, deletionVector })
      .commit({ operation: 'WRITE' });
    clock.time += 25 * hour;
    expect((await vacuum(table)).files).toEqual([]);
    await table.begin().remove(table.snapshot.files[0]!).commit({ operation: 'DELETE' });
    expect((await vacuum(table)).files).toEqual([]);
    clock.time += 25 * hour;
    expect((await vacuum(table)).files).toEqual([path, file.path].sort());
  });

  it('keeps files that the log spells another way than we do', async () => {
    const { numRecords, ...file } = await writeRows(storage, [{ n: 1 }]);
    const elsewhere = { ...file, dataChange: true, path: `file:/mnt/link/${file.path}` };
    await table.begin().add(elsewhere).commit({ operation: 'WRITE' });
    clock.time += 25 * hour;
    expect((await vacuum(table)).files).toEqual([]);
  });

  it('removes folders that it leaves empty, and no others', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'murmur-vacuum-'));
    try {
      const local = new LocalStorage(dir);
      const own = await createTable(local, {}, testEnv());
      for (const path of ['p=1/q=1/a', 'p=1/q=2/b', 'p=2/c', 'kept/d']) {
        await local.put(path, Buffer.from('x'));
        if (path !== 'kept/d') await utimes(join(dir, path), 0, 0);
      }
      await vacuum(own);
      expect((await readdir(dir)).sort()).toEqual(['_delta_log', 'kept']);
      const [end] = await own.history(1);
      expect(end!.operationMetrics).toEqual({ numDeletedFiles: '3', numVacuumedDirectories: '4' });
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('that fails says so in the history', async () => {
    for (const name of ['a', 'b']) await storage.put(name, Buffer.from('x'));
    clock.time += 25 * hour;
    storage.delete = () => Promise.reject(new Error('read-only'));
    await expect(vacuum(table)).rejects.toThrow('read-only');
    const [end, start] = await table.history(2);
    expect([end!.operationParameters, start!.operation]).toEqual([{ status: 'FAILED' }, 'VACUUM START']);
  });

  it('leaves what was brought back while it was looking', async () => {
    const file = await append(table, 1);
    await table.begin().remove(file).commit({ operation: 'DELETE' });
    await storage.put('orphan', Buffer.from('x'));
    clock.time += 25 * hour;
    const other = await DeltaLog.open(storage, testEnv({ clock }));
    armFaultPoint('delta.commit.before_put', () => {
      // Stands in for a restore that is committed just before VACUUM START.
      const lines = [{ add: { ...file, dataChange: true } }].map((action) => JSON.stringify(action));
      void storage.put(commitPath(3), Buffer.from(lines.join('\n')));
    });
    const { files } = await vacuum(table).finally(disarmFaultPoint);
    expect(files).toEqual(['orphan']);
    expect(await numbersIn(storage, await other.update())).toEqual([1]);
  });

  it('keeps live files that the log names from the root of the disk', async () => {
    const file = await writeRows(storage, [{ n: 1 }]);
    const added = { ...file, dataChange: true, path: `${storage.root}/${file.path}` };
    const { numRecords, ...absolute } = added;
    await table.begin().add(absolute).commit({ operation: 'WRITE' });
    clock.time += 25 * hour;
    expect((await vacuum(table)).files).toEqual([]);
  });

  it('keeps what a query has yet to read', async () => {
    for (const name of ['needed', 'needed too', 'orphan']) await storage.put(name, Buffer.from('xy'));
    clock.time += 25 * hour;
    const heldBy = (path: string) => (path.startsWith('needed') ? 'silver' : undefined);
    const plan = await vacuum(table, { heldBy, dryRun: true });
    expect(plan).toEqual({ files: ['orphan'], bytes: 2, held: [{ by: 'silver', files: 2, bytes: 4 }] });
    expect(await vacuum(table, { heldBy })).toEqual(plan);
    expect(await dataFiles()).toEqual(['needed', 'needed too']);
  });

  it('has a floor', async () => {
    await storage.put('orphan', Buffer.from('x'));
    clock.time += 2 * hour;
    await expect(vacuum(table, { retainMs: hour })).rejects.toMatchObject({
      code: 'delta.retention_too_short',
    });
    await expect(vacuum(table, { retainMs: -1 })).rejects.toMatchObject({ code: 'delta.negative_retention' });
    expect((await vacuum(table, { retainMs: hour, allowShorter: true })).files).toEqual(['orphan']);
  });
});
