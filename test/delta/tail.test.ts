import { beforeEach, describe, expect, it } from 'vitest';
import { DeltaLog, decodePath, TableTail, type TailFile, type TailOffset } from '../../src/delta/index.js';
import { commitPath } from '../../src/delta/log-files.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, rowsOf, testEnv, writeRows } from './rows.js';

let storage: MemoryStorage;
let table: DeltaLog;
let tail: TableTail;
beforeEach(async () => {
  storage = new MemoryStorage();
  table = await createTable(storage);
  tail = new TableTail(await DeltaLog.open(storage, testEnv()));
});

const files = async (...sets: number[][]) =>
  Promise.all(
    sets.map((set) =>
      writeRows(
        storage,
        set.map((n) => ({ n })),
      ),
    ),
  );
/** One commit of one file per set. */
async function appendFiles(...sets: number[][]): Promise<number> {
  const transaction = table.begin();
  for (const file of await files(...sets)) transaction.add(file);
  const result = await transaction.commit({ operation: 'WRITE' });
  return result.version;
}
const numbers = async (found: readonly TailFile[]) => {
  const rows = await Promise.all(
    found.map(async ({ add, fromRow }) => (await rowsOf(storage, [add])).slice(fromRow)),
  );
  return rows.flat().map(({ n }) => n);
};
const sorted = async (found: readonly TailFile[]) => (await numbers(found)).sort((a, b) => a - b);
const behind = ({ version, file, snapshot }: TailFile, { tableId }: TailOffset): TailOffset => ({
  ...{ tableId, version, file: file + 1, row: 0, snapshot },
});

describe('a tail', () => {
  it('reads the snapshot at its start, then what each commit added, in path order', async () => {
    await appendFiles([1], [2], [3]);
    const start = await tail.initial();
    expect(start).toEqual({
      tableId: table.snapshot.metadata.id,
      version: 1,
      file: 0,
      row: 0,
      snapshot: true,
    });
    await appendFiles([4], [5]);
    const found = await tail.filesAfter(start);
    expect(await sorted(found)).toEqual([1, 2, 3, 4, 5]);
    expect(found.map(({ version, file, snapshot }) => [version, file, snapshot])).toEqual([
      ...[0, 1, 2].map((i) => [1, i, true]),
      ...[0, 1].map((i) => [2, i, false]),
    ]);
    const paths = found.slice(0, 3).map(({ add }) => decodePath(add.path));
    expect(paths).toEqual([...paths].sort());
    expect(await tail.filesAfter(behind(found.at(-1)!, start))).toEqual([]);
  });

  it('resumes from every place it has been, also within a file', async () => {
    await appendFiles([1, 2, 3], [4, 5, 6]);
    const start = await tail.initial();
    await appendFiles([7, 8, 9]);
    await append(table, 10, 11);
    const all = await tail.filesAfter(start);
    const everything = await numbers(all);
    let seen = 0;
    for (const file of all) {
      for (let row = 0; row <= file.numRecords!; row++) {
        const { version, file: index, snapshot } = file;
        const offset = { ...start, version, file: index, row, snapshot };
        expect(await numbers(await tail.filesAfter(offset))).toEqual(everything.slice(seen + row));
      }
      seen += file.numRecords!;
    }
    expect(seen).toBe(everything.length);
  });

  it('keeps to its limits, and always takes one file', async () => {
    await appendFiles([1], [2], [3]);
    const start = await tail.initial();
    await appendFiles([4]);
    const size = async (limits: { files?: number; bytes?: number }) =>
      (await tail.filesAfter(start, limits)).length;
    expect(await size({ files: 2 })).toBe(2);
    expect(await size({ bytes: 1 })).toBe(1);
    expect(await size({ bytes: table.snapshot.files[0]!.size + 1 })).toBe(2);
    expect(await size({ files: 10, bytes: 1_000_000 })).toBe(4);
    expect(await sorted(await tail.filesAfter(start, {}, 1))).toEqual([1, 2, 3]);
  });

  it('does not see rows that only moved', async () => {
    const start = await tail.end();
    await append(table, 1);
    await append(table, 2);
    const transaction = table.begin();
    for (const file of table.snapshot.files) transaction.remove(file, { dataChange: false });
    transaction.add((await files([1, 2]))[0]!, { dataChange: false });
    await transaction.commit({ operation: 'OPTIMIZE' });
    await append(table, 3);
    expect(await sorted(await tail.filesAfter(start))).toEqual([1, 2, 3]);
    // The snapshot of an older start is what it was then.
    const again = new TableTail(await DeltaLog.open(storage, testEnv()));
    expect(await sorted(await again.filesAfter({ ...start, version: 2, snapshot: true }))).toEqual([1, 2, 3]);
  });

  it('stops at a change that it does not know, and names it', async () => {
    const start = await tail.end();
    const file = await append(table, 1);
    await table.begin().remove(file).commit({ operation: 'DELETE' });
    await expect(tail.filesAfter(start)).rejects.toMatchObject({
      code: 'delta.unexpected_change',
      fault: 'user',
      fix: expect.any(String),
      context: { version: 2, operation: 'DELETE' },
    });
  });

  it('passes over changes of the lake itself', async () => {
    const isOwnChange = (murmur: string) => murmur === '{"change":"superseded"}';
    const own = new TableTail(tail.table, { isOwnChange });
    const start = await own.end();
    const file = await append(table, 1, 2);
    const rewrite = table
      .begin()
      .remove(file)
      .add((await files([1]))[0]!);
    await rewrite.commit({ operation: 'DELETE', murmur: '{"change":"superseded"}' });
    await append(table, 3);
    expect(await sorted(await own.filesAfter(start))).toEqual([1, 2, 3]);
    await expect(tail.filesAfter(start)).rejects.toMatchObject({ code: 'delta.unexpected_change' });
  });

  it('fails on a gap, on another table, and on one that has gone back', async () => {
    const start = await tail.initial();
    await append(table, 1);
    await append(table, 2);
    await tail.table.update();
    await storage.delete(commitPath(1));
    await expect(tail.filesAfter(start)).rejects.toMatchObject({ code: 'delta.log_gap' });
    await expect(tail.filesAfter({ ...start, tableId: 'other' })).rejects.toMatchObject({
      code: 'delta.table_replaced',
    });
    await expect(tail.filesAfter({ ...start, version: 9, snapshot: false })).rejects.toMatchObject({
      code: 'delta.table_replaced',
    });
  });

  it('gives the same files again for a replay', async () => {
    const start = await tail.initial();
    await appendFiles([1, 2], [3, 4]);
    await append(table, 5);
    const all = await tail.filesAfter(start);
    const to = (file: TailFile, row: number): TailOffset => ({
      ...{ tableId: start.tableId, version: file.version, file: file.file, row, snapshot: false },
    });
    expect(await tail.filesBetween(start, to(all[1]!, 0))).toEqual(all.slice(0, 1));
    expect(await tail.filesBetween(start, to(all[1]!, 1))).toEqual(all.slice(0, 2));
    await append(table, 6);
    expect(await tail.filesBetween(start, to(all[2]!, 1))).toEqual(all);
  });
});
