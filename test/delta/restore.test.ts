/** An older version made the newest again: what comes back, what is refused, and who wins a race. */
import { beforeEach, describe, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { DeltaLog, optimize, planRestore, restore, vacuum } from '../../src/delta/index.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, numbersIn, testEnv } from './rows.js';

const hour = 3_600_000;
let clock: HandClock;
let storage: MemoryStorage;
let table: DeltaLog;
beforeEach(async () => {
  clock = new HandClock();
  storage = new MemoryStorage(clock);
  table = await createTable(storage, {}, testEnv({ clock }));
  for (const n of [1, 2, 3]) {
    clock.time += hour;
    await append(table, n);
  }
});
const numbers = async (log = table) => numbersIn(storage, log.snapshot);

describe('restore', () => {
  it('brings back files and removes later ones, as a commit of its own', async () => {
    await optimize(table, { targetSize: 1e6 });
    await append(table, 4);
    const plan = await planRestore(table, { version: 2 });
    expect([plan.restored.length, plan.removed.length, plan.target, plan.from]).toEqual([2, 2, 2, 5]);
    const before = table.snapshot.files;
    const result = await restore(table, { version: 2 });
    expect(result).toEqual({ outcome: 'restored', version: 6, ...plan });
    expect(await numbers()).toEqual([1, 2]);
    const [entry] = await table.history(1);
    const removed = String(before.reduce((sum, { size }) => sum + size, 0));
    const restored = String(table.snapshot.sizeInBytes);
    expect(entry).toMatchObject({
      ...{ operation: 'RESTORE', isBlindAppend: false },
      operationParameters: { version: '2' },
      operationMetrics: {
        ...{ tableSizeAfterRestore: restored, numOfFilesAfterRestore: '2' },
        ...{ numRemovedFiles: '2', numRestoredFiles: '2' },
        ...{ removedFilesSize: removed, restoredFilesSize: restored },
      },
    });
    for await (const { actions } of table.commits(6, 6)) {
      for (const { add, remove } of actions) expect((add ?? remove)?.dataChange ?? true).toBe(true);
    }
    expect(await numbersIn(storage, (await DeltaLog.open(storage, testEnv())).snapshot)).toEqual([1, 2]);
    expect(await numbersIn(storage, await table.at(5))).toEqual([1, 2, 3, 4]);
  });

  it('takes a time as well', async () => {
    expect(await restore(table, { timestamp: clock.time - hour })).toMatchObject({ target: 2 });
    expect(await numbers()).toEqual([1, 2]);
    const [entry] = await table.history(1);
    expect(entry!.operationParameters).toMatchObject({
      timestamp: new Date(clock.time - hour).toISOString(),
    });
  });

  it('brings back schema and properties, and never lowers the protocol', async () => {
    const { metadata } = table.snapshot;
    const schemaString = metadata.schemaString.replace(
      ']',
      ',{"name":"later","type":"string","nullable":true,"metadata":{}}]',
    );
    await table
      .begin()
      .setMetadata({ ...metadata, schemaString, configuration: { 'murmur.new': 'yes' } })
      .setProtocol({ minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['appendOnly', 'invariants'] })
      .commit({ operation: 'ADD COLUMNS' });
    await restore(table, { version: 3 });
    expect(table.snapshot.metadata).toEqual(metadata);
    expect(table.snapshot.protocol.minWriterVersion).toBe(7);
    expect(await numbers()).toEqual([1, 2, 3]);
  });

  it('counts what vacuum has taken, and changes nothing then', async () => {
    for (const file of [...table.snapshot.files].slice(0, 2))
      await table.begin().reads('table').remove(file).commit({ operation: 'DELETE' });
    clock.time += 24 * 8 * hour;
    await vacuum(table);
    const { version } = table.snapshot;
    await expect(restore(table, { version: 3 })).rejects.toMatchObject({
      ...{ code: 'delta.files_vacuumed', fault: 'user' },
      context: { missing: 2, needed: 2, version: 3 },
    });
    expect((await table.update()).version).toBe(version);
  });

  it('refuses the newest version, others that are not there, and append-only tables', async () => {
    await expect(restore(table, { version: 3 })).rejects.toMatchObject({ code: 'delta.restore_to_newest' });
    await expect(restore(table, { version: 4 })).rejects.toMatchObject({ code: 'delta.no_such_version' });
    const { metadata } = table.snapshot;
    const configuration = { 'delta.appendOnly': 'true' };
    await table
      .begin()
      .setMetadata({ ...metadata, configuration })
      .commit({ operation: 'SET TBLPROPERTIES' });
    await expect(restore(table, { version: 1 })).rejects.toMatchObject({ code: 'delta.append_only' });
  });

  it('gives way to whatever others commit meanwhile', async () => {
    const other = await DeltaLog.open(storage, testEnv({ clock }));
    const put = storage.putIfAbsent.bind(storage);
    storage.putIfAbsent = async (path, bytes) => {
      storage.putIfAbsent = put;
      await append(other, 9);
      return put(path, bytes);
    };
    const result = await restore(table, { version: 1 });
    expect(result).toEqual({ outcome: 'conflict', version: 4, kind: 'concurrent_append' });
    expect(await numbersIn(storage, await table.update())).toEqual([1, 2, 3, 9]);
  });

  it('that dies before its commit has changed nothing', async () => {
    armFaultPoint('delta.restore.before_commit', () => {
      throw new Error('killed');
    });
    await expect(restore(table, { version: 1 }).finally(disarmFaultPoint)).rejects.toThrow('killed');
    expect(await numbersIn(storage, (await DeltaLog.open(storage, testEnv())).snapshot)).toEqual([1, 2, 3]);
  });
});
