import { beforeEach, describe, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import type { AddFile } from '../../src/delta/actions.js';
import { DeltaLog } from '../../src/delta/index.js';
import { readCommit } from '../../src/delta/log.js';
import { checkpointPath, commitPath } from '../../src/delta/log-files.js';
import { column, struct } from '../../src/schema/column-types.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, numbersIn, testEnv } from './rows.js';
import { shortOf, transactionsOn, write } from './transactions.js';

let storage: MemoryStorage;
beforeEach(() => {
  storage = new MemoryStorage();
  disarmFaultPoint();
});

const { open, newFile, infoOf } = transactionsOn(() => storage);

describe('a commit', () => {
  it('begins with a commitInfo that every reader takes', async () => {
    const table = await createTable(storage, { 'delta.appendOnly': 'false' });
    const created = await infoOf(0);
    expect(created).toMatchObject({
      operation: 'CREATE TABLE',
      operationParameters: { partitionBy: '[]', properties: '{"delta.appendOnly":"false"}' },
      engineInfo: 'murmur/test',
      txnId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(created).not.toHaveProperty('readVersion');
    await table
      .begin()
      .txn('query-1', 7)
      .add(await newFile(1))
      .commit({
        operation: 'STREAMING UPDATE',
        operationParameters: { outputMode: 'Append', epochId: 7, partitionBy: ['a'] },
        operationMetrics: { numAddedFiles: '1' },
        murmur: '{"end":1}',
      });
    expect(await infoOf(1)).toMatchObject({
      operationParameters: { outputMode: 'Append', epochId: '7', partitionBy: '["a"]' },
      operationMetrics: { numAddedFiles: '1' },
      readVersion: 0,
      isBlindAppend: true,
      isolationLevel: 'Serializable',
      murmur: '{"end":1}',
    });
    const { txn } = (await readCommit(storage, 1))!.find((a) => a.txn)!;
    expect(txn).toEqual({ appId: 'query-1', version: 7, lastUpdated: expect.any(Number) });
    expect((await open()).snapshot.txnVersion('query-1')).toBe(7);
  });

  it('removes a file byte for byte as it was added', async () => {
    const table = await createTable(storage);
    const added: AddFile = {
      ...{ path: 'a%20b/x%2525.parquet', partitionValues: { p: null }, size: 3, modificationTime: 1 },
      ...{ dataChange: true, stats: '{"numRecords":1}', tags: { k: 'v' } },
    };
    await write(table.begin().add(added));
    await write(table.begin().remove(table.snapshot.files[0]!));
    const { remove } = (await readCommit(storage, 2))!.find((a) => a.remove)!;
    const { path, partitionValues, size, tags } = added;
    expect(remove).toEqual({
      ...{ path, partitionValues, size, tags, dataChange: true },
      ...{ deletionTimestamp: expect.any(Number), extendedFileMetadata: true },
    });
    expect(await infoOf(2)).toMatchObject({ isBlindAppend: false });
    expect((await open()).snapshot.fileCount).toBe(0);
  });

  it('is not blind when it has read', async () => {
    const table = await createTable(storage);
    await write(
      table
        .begin()
        .reads('table')
        .add(await newFile(1)),
    );
    expect(await infoOf(1)).toMatchObject({ isBlindAppend: false });
  });

  it('respects append-only tables, and lets them be rearranged', async () => {
    const table = await createTable(storage, { 'delta.appendOnly': 'true' });
    const file = await append(table, 1);
    await expect(write(table.begin().remove(file))).rejects.toMatchObject({ code: 'delta.append_only' });
    const rearranged = table
      .begin()
      .remove(file, { dataChange: false })
      .add(await newFile(1), { dataChange: false });
    expect(shortOf(await write(rearranged))).toBe('committed 2');
  });

  it('proves that NOT NULL columns hold no null', async () => {
    const required = struct(column('n', 'long', false), column('p', 'string'));
    const table = await DeltaLog.create(storage, testEnv(), { schema: required });
    const file = await newFile(1);
    for (const stats of ['{"numRecords":2,"nullCount":{"n":1}}', '{"numRecords":2}']) {
      const refused = write(table.begin().add({ ...file, stats }));
      await expect(refused).rejects.toMatchObject({ code: 'delta.not_null', context: { column: 'n' } });
    }
    expect(shortOf(await write(table.begin().add(file)))).toBe('committed 1');
  });
});

describe('when a put does not say what became of it', () => {
  /** Fails after (or instead of) the next put of a commit. */
  class Shaky extends MemoryStorage {
    next: 'fine' | 'lost answer' | 'answered twice' | 'silence' | 'lost put' | 'other first' = 'fine';
    override async putIfAbsent(path: string, bytes: Uint8Array) {
      const { next } = this;
      this.next = 'fine';
      if (next === 'other first')
        await super.putIfAbsent(path, Buffer.from('{"commitInfo":{"txnId":"theirs"}}'));
      const outcome = next === 'lost put' ? 'exists' : await super.putIfAbsent(path, bytes);
      if (next === 'answered twice') return 'exists';
      if (next === 'silence') this.deaf = true;
      if (next !== 'fine') throw new Error('connection reset');
      return outcome;
    }
    deaf = false;
    override async read(path: string) {
      if (this.deaf) throw new Error('no route');
      return super.read(path);
    }
  }
  let shaky: Shaky;
  let table: DeltaLog;
  beforeEach(async () => {
    shaky = new Shaky();
    storage = shaky;
    table = await createTable(shaky);
  });

  it('reads its own commit back and has won', async () => {
    shaky.next = 'lost answer';
    expect((await append(table, 1)).path).toBeDefined();
    expect((await open()).snapshot).toMatchObject({ version: 1, fileCount: 1 });
  });

  it('reads its own commit back also when the put was tried twice on the way', async () => {
    shaky.next = 'answered twice';
    await append(table, 1);
    expect((await open()).snapshot).toMatchObject({ version: 1, fileCount: 1 });
  });

  it('says so when nobody can tell', async () => {
    shaky.next = 'silence';
    const transaction = table.begin().add(await newFile(1));
    await expect(write(transaction)).rejects.toMatchObject({ code: 'delta.commit_unknown' });
    expect(transaction.mayBeCommitted).toBe(true);
  });

  it('finds another one there and goes on behind it', async () => {
    shaky.next = 'other first';
    await append(table, 1);
    expect((await open()).snapshot).toMatchObject({ version: 2, fileCount: 1 });
  });

  it('fails when nothing is there', async () => {
    shaky.next = 'lost put';
    const lost = table.begin().add(await newFile(1));
    await expect(write(lost)).rejects.toThrow('connection reset');
    // A late put may still come through.
    expect(lost.mayBeCommitted).toBe(true);
    expect((await open()).snapshot.version).toBe(0);
    await append(table, 2);
    expect((await open()).snapshot.version).toBe(1);
  });

  it.each([
    ['delta.commit.before_put', [1]],
    ['delta.commit.after_put', [0, 1]],
  ])('a crash at %s leaves the table whole', async (point, numbers) => {
    armFaultPoint(point, () => {
      throw new Error('crash');
    });
    await expect(append(table, 0)).rejects.toThrow('crash');
    const reopened = await open();
    await append(reopened, 1);
    expect(await numbersIn(shaky, reopened.snapshot)).toEqual(numbers);
  });
});

describe('a table that stays open', () => {
  it('finds its way when the log was cleaned up behind it', async () => {
    const idle = await createTable(storage, { 'delta.checkpointInterval': '5' });
    const busy = await open();
    for (let n = 0; n < 7; n++) await append(busy, n);
    await busy.settled();
    expect(await storage.stat(checkpointPath(5))).toBeDefined();
    for (let v = 0; v < 5; v++) await storage.delete(commitPath(v));
    // What the winners did can no longer be known; above all version 1 is not written again.
    await expect(append(idle, 7)).rejects.toMatchObject({ code: 'delta.log_gap' });
    expect(await storage.stat(commitPath(1))).toBeUndefined();
    await append(idle, 7);
    const { snapshot } = await open();
    expect(snapshot.version).toBe(8);
    expect(await numbersIn(storage, snapshot)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('notices that it has been made anew, or is gone', async () => {
    const table = await createTable(storage);
    await append(table, 1);
    for (const version of [0, 1]) await storage.delete(commitPath(version));
    await expect(table.update()).rejects.toMatchObject({ code: 'delta.not_a_table' });
    const again = await createTable(storage);
    expect((await table.update()).metadata.id).toBe(again.snapshot.metadata.id);
    expect(table.snapshot.version).toBe(0);
  });

  it('tells its history newest first, and what held at a time', async () => {
    const clock = new HandClock(1_000_000);
    const table = await createTable(new MemoryStorage(clock), {}, testEnv({ clock }));
    for (let n = 1; n <= 3; n++) {
      clock.time += 1000;
      await append(table, n);
    }
    expect((await table.history()).map(({ version, operation }) => [version, operation])).toEqual([
      ...[3, 2, 1].map((v) => [v, 'WRITE']),
      [0, 'CREATE TABLE'],
    ]);
    expect((await table.history(2)).map(({ timestamp }) => timestamp)).toEqual([1_003_000, 1_002_000]);
    expect((await table.atTime(1_002_999)).version).toBe(2);
    expect((await table.atTime(1_003_000)).version).toBe(3);
    await expect(table.atTime(1_003_001)).rejects.toMatchObject({ code: 'delta.no_such_version' });
    clock.time += 500;
    expect((await table.atTime(1_003_500)).version).toBe(3);
    await expect(table.atTime(999_999)).rejects.toMatchObject({ code: 'delta.no_such_version' });
    expect(table.snapshot.timestamp).toBe(1_003_000);
  });
});
