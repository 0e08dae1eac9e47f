import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Offsets, WriteAheadLog, walFormat } from '../../src/engine/wal.js';
import { LocalStorage } from '../../src/storage/local.js';
import { MemoryStorage } from '../../src/storage/memory.js';

const root = mkdtempSync(join(tmpdir(), 'murmur-wal-'));
afterAll(() => rmSync(root, { recursive: true }));

let storage: LocalStorage;
let count = 0;
beforeEach(() => {
  storage = new LocalStorage(join(root, String(count++)));
});

const offsets = (batchId: number, queryId = 'q1'): Offsets => ({
  format: walFormat,
  queryId,
  batchId,
  plannedAt: 1_700_000_000_000,
  options: { mentions: 'twitter' },
  model: { id: 'm/1', digest: 'ab' },
  input: { kind: 'table', to: { version: 3, file: 0, row: 7 } } as Offsets['input'],
});

describe('a write-ahead log', () => {
  it('is not there before it is created, and the same for whoever opens it later', async () => {
    expect(await WriteAheadLog.open(storage, 'bronze')).toBeUndefined();
    const log = await WriteAheadLog.create(storage, 'bronze', 'q1');
    expect(log.lastBatchId).toBeUndefined();
    expect((await WriteAheadLog.create(storage, 'bronze', 'q2')).queryId).toBe('q1');
  });

  it('gives back what was planned, word for word, after a restart', async () => {
    const log = await WriteAheadLog.create(storage, 'bronze', 'q1');
    expect(await log.plan(offsets(0))).toBe('created');
    const again = await WriteAheadLog.open(storage, 'bronze');
    expect(again!.lastBatchId).toBe(0);
    expect(await again!.readOffsets(0)).toEqual(offsets(0));
    expect(await again!.readCommit(0)).toBeUndefined();
    await again!.commit(0, 4);
    expect(await log.readCommit(0)).toEqual({ format: walFormat, batchId: 0, tableVersion: 4 });
  });

  it('never writes a batch twice: the second planner is told', async () => {
    const [one, two] = [
      await WriteAheadLog.create(storage, 'bronze', 'q1'),
      await WriteAheadLog.create(storage, 'bronze', 'q1'),
    ];
    expect(await one.plan(offsets(0))).toBe('created');
    expect(await two.plan({ ...offsets(0), plannedAt: 5 })).toBe('exists');
    expect(await two.readOffsets(0)).toEqual(offsets(0));
  });

  it('forgets old batches, but none that is still needed', async () => {
    const memory = new MemoryStorage();
    const log = await WriteAheadLog.create(memory, 'bronze', 'q1');
    const gone = (n: number) =>
      expect(log.readOffsets(n)).rejects.toMatchObject({ code: 'engine.checkpoint_missing' });
    for (let n = 0; n < 220; n++) {
      await log.plan(offsets(n));
      await log.commit(n, n);
    }
    await log.trim(60);
    await gone(59);
    expect((await log.readOffsets(60)).batchId).toBe(60);
    await log.trim(1000);
    await gone(119);
    expect((await log.readOffsets(120)).batchId).toBe(120);
    expect((await WriteAheadLog.open(memory, 'bronze'))!.lastBatchId).toBe(219);
  });
});

describe('a damaged checkpoint is refused by name', () => {
  const put = (path: string, text: string | Uint8Array) =>
    storage.put(path, typeof text === 'string' ? new TextEncoder().encode(text) : text);

  beforeEach(async () => {
    const log = await WriteAheadLog.create(storage, 'bronze', 'q1');
    await log.plan(offsets(0));
    await log.commit(0, 1);
    await log.plan(offsets(1));
  });

  it.each([
    ['cut', '{"format":1,"queryId":"q1","batch'],
    ['empty', ''],
    ['not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
    ['without its fields', '{"format":1}'],
    ['of another kind', '[]'],
    ['of another batch', JSON.stringify(offsets(7))],
    ['of another query', JSON.stringify(offsets(1, 'q9'))],
  ])('offsets that are %s', async (_, text) => {
    await put('offsets/1', text);
    const log = await WriteAheadLog.open(storage, 'bronze');
    await expect(log!.readOffsets(1)).rejects.toMatchObject({
      code: 'engine.checkpoint_corrupt',
      fault: 'external',
      message: expect.stringContaining(storage.uri('offsets/1')),
      fix: expect.stringContaining('murmur doctor --fix'),
    });
  });

  it('a cut id', async () => {
    await put('id', '{');
    await expect(WriteAheadLog.open(storage, 'bronze')).rejects.toMatchObject({
      code: 'engine.checkpoint_corrupt',
    });
  });

  it('a lost id', async () => {
    await storage.delete('id');
    await expect(WriteAheadLog.open(storage, 'bronze')).rejects.toMatchObject({
      code: 'engine.checkpoint_missing',
      message: expect.stringContaining(storage.uri('id')),
    });
  });

  it('lost offsets of a committed batch', async () => {
    await storage.delete('offsets/0');
    await storage.delete('offsets/1');
    await expect(WriteAheadLog.open(storage, 'bronze')).rejects.toMatchObject({
      code: 'engine.checkpoint_missing',
      message: expect.stringContaining('offsets/0'),
    });
  });

  it('one written by a newer Murmur', async () => {
    await put('offsets/1', JSON.stringify({ ...offsets(1), format: walFormat + 1 }));
    const log = await WriteAheadLog.open(storage, 'bronze');
    await expect(log!.readOffsets(1)).rejects.toMatchObject({ code: 'engine.checkpoint_newer' });
  });
});
