import { beforeEach, describe, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import type { AddFile, DataFile } from '../../src/delta/actions.js';
import { DeltaLog, optimize, vacuum } from '../../src/delta/index.js';
import type { RewriteRequest } from '../../src/delta/parquet-handler.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, JsonLines, numbersIn, testEnv, writeRows } from './rows.js';

let clock: HandClock;
let storage: MemoryStorage;
let table: DeltaLog;
/** What happens while files are being rewritten. */
let meanwhile: (request: RewriteRequest) => Promise<unknown>;
class Slow extends JsonLines {
  override async rewrite(request: RewriteRequest): Promise<DataFile[]> {
    const files = await super.rewrite(request);
    await meanwhile(request);
    return files;
  }
}
beforeEach(async () => {
  clock = new HandClock();
  storage = new MemoryStorage(clock);
  meanwhile = async () => {};
  table = await createTable(
    storage,
    { 'delta.deletedFileRetentionDuration': 'interval 24 hours' },
    testEnv({ clock, parquet: new Slow() }),
  );
});
const dataFiles = async () => {
  const names: string[] = [];
  for await (const { path } of storage.list('')) if (!path.startsWith('_delta_log')) names.push(path);
  return names;
};
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('optimize', () => {
  beforeEach(async () => {
    for (const n of upTo(10)) await append(table, n);
  });

  it('joins small files, changes no row, and finds nothing to do again', async () => {
    const { size } = table.snapshot.files[0]!;
    const result = await optimize(table, { targetSize: 5 * size });
    expect(result).toEqual({
      ...{ versions: [11], filesAdded: 2, filesRemoved: 10 },
      ...{ bytesAdded: 10 * size, bytesRemoved: 10 * size },
    });
    expect(table.snapshot.fileCount).toBe(2);
    expect(await numbersIn(storage, table.snapshot)).toEqual(upTo(10));
    const [entry] = await table.history(1);
    expect(entry).toMatchObject({
      ...{ operation: 'OPTIMIZE', isolationLevel: 'SnapshotIsolation', isBlindAppend: false },
      operationParameters: { predicate: '[]', zOrderBy: '[]', clusterBy: '[]', auto: 'false' },
      operationMetrics: {
        ...{ numAddedFiles: '2', numRemovedFiles: '10' },
        ...{ numAddedBytes: String(10 * size), numRemovedBytes: String(10 * size) },
        ...{ minFileSize: String(5 * size), p25FileSize: String(5 * size), p50FileSize: String(5 * size) },
        ...{ p75FileSize: String(5 * size), maxFileSize: String(5 * size), numDeletionVectorsRemoved: '0' },
      },
    });
    for await (const { actions } of table.commits(11, 11)) {
      for (const { add, remove } of actions) expect((add ?? remove)?.dataChange ?? false).toBe(false);
    }
    expect(await optimize(table, { targetSize: 5 * size })).toMatchObject({ versions: [], filesRemoved: 0 });
    expect(table.snapshot.version).toBe(11);
  });

  it('keeps partitions apart', async () => {
    const partitioned = new MemoryStorage();
    const schema = table.snapshot.schema;
    const own = await DeltaLog.create(partitioned, testEnv(), { schema, partitionColumns: ['p'] });
    for (const [n, p] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'a'],
      [4, null],
      [5, 'b'],
      [6, null],
    ] as const) {
      const file = await writeRows(partitioned, [{ n }], { p });
      await own.begin().add(file).commit({ operation: 'WRITE' });
    }
    await optimize(own, { targetSize: 1000 });
    const found = own.snapshot.files.map(({ partitionValues }) => partitionValues.p);
    expect(new Set(found)).toEqual(new Set(['a', 'b', null]));
    expect(found).toHaveLength(3);
    expect(await numbersIn(partitioned, own.snapshot)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('commits in batches, so that a kill or a conflict costs one of them only', async () => {
    const { size } = table.snapshot.files[0]!;
    const seen: number[] = [];
    let rewritten = 0;
    meanwhile = async ({ files }) => {
      if (++rewritten === 3) await table.begin().remove(files[0]!).commit({ operation: 'DELETE' });
    };
    const before = await dataFiles();
    const result = await optimize(table, {
      ...{ targetSize: 2 * size, batchBytes: 2 * size },
      onProgress: ({ doneBytes, totalBytes }) => seen.push(doneBytes / totalBytes),
    });
    expect(result).toMatchObject({
      ...{ versions: [11, 12], filesAdded: 2, filesRemoved: 4 },
      conflict: { version: 13, kind: 'delete_delete' },
    });
    expect((await numbersIn(storage, table.snapshot)).length).toBe(9);
    expect(seen[0]).toBe(0);
    expect(seen).toEqual([...seen].sort());
    expect((await dataFiles()).length).toBe(before.length + result.filesAdded);
  });

  it('goes on until nothing fits together any more, in one call', async () => {
    // Files shrink when they are joined, as Parquet files do, so that new ones fit together again.
    const shrinking = new (class extends JsonLines {
      override async rewrite(request: RewriteRequest): Promise<DataFile[]> {
        const files = await super.rewrite(request);
        return files.map((file) => ({ ...file, size: Math.ceil(file.size / 4) }));
      }
    })();
    const own = await DeltaLog.open(storage, testEnv({ clock, parquet: shrinking }));
    const { size } = own.snapshot.files[0]!;
    expect(await optimize(own, { targetSize: 5 * size })).toMatchObject({ versions: [11, 12] });
    expect(own.snapshot.fileCount).toBe(1);
    expect((await optimize(own, { targetSize: 5 * size })).versions).toEqual([]);
    expect(await numbersIn(storage, own.snapshot)).toEqual(upTo(10));
  });

  it('takes the size of files from the table, and leaves what comes meanwhile to the next run', async () => {
    const { size } = table.snapshot.files[0]!;
    const configuration = {
      ...table.snapshot.metadata.configuration,
      'delta.targetFileSize': `${2 * size}b`,
    };
    await table
      .begin()
      .setMetadata({ ...table.snapshot.metadata, configuration })
      .commit({ operation: 'SET TBLPROPERTIES' });
    meanwhile = () => append(table, 100, 101);
    expect(await optimize(table, { batchBytes: 1 })).toMatchObject({ filesAdded: 5, filesRemoved: 10 });
    expect(table.snapshot.fileCount).toBe(10);
  });

  it('of a part of the partitions leaves the others alone', async () => {
    for (const p of ['a', 'a', 'b', 'b']) {
      await table
        .begin()
        .add(await writeRows(storage, [{ n: 50 }], { p }))
        .commit({ operation: 'WRITE' });
    }
    const where = { predicate: "p = 'a'", matches: (file: AddFile) => file.partitionValues.p === 'a' };
    expect(await optimize(table, { targetSize: 1e6, where })).toMatchObject({
      filesRemoved: 2,
      filesAdded: 1,
    });
    const [entry] = await table.history(1);
    expect(entry!.operationParameters!.predicate).toBe(JSON.stringify([where.predicate]));
  });

  it('rewrites a file of which more than a twentieth is deleted, whatever its size', async () => {
    const tables = await Promise.all(
      [5, 6, undefined].map(async (cardinality) => {
        const own = new MemoryStorage(clock);
        const log = await DeltaLog.create(own, testEnv({ clock }), { schema: table.snapshot.schema });
        const file = await writeRows(
          own,
          upTo(100).map((n) => ({ n })),
        );
        const { numRecords, ...add } = file;
        const deletionVector = {
          ...{
            storageType: 'i' as const,
            pathOrInlineDv: 'x',
            sizeInBytes: 1,
            cardinality: cardinality ?? 1,
          },
        };
        const { stats, ...bare } = { ...add, dataChange: true, deletionVector };
        await log
          .begin()
          .add(cardinality === undefined ? bare : { ...bare, stats })
          .commit({ operation: 'WRITE' });
        return log;
      }),
    );
    const results = [];
    for (const log of tables) results.push(await optimize(log, { targetSize: 1 }));
    expect(results.map(({ filesRemoved }) => filesRemoved)).toEqual([0, 1, 1]);
    const [entry] = await tables[1]!.history(1);
    expect(entry!.operationMetrics).toMatchObject({ numDeletionVectorsRemoved: '1' });
    expect([...tables[1]!.snapshot.files][0]!.deletionVector).toBeUndefined();
  });

  it('that dies between writing and committing has changed nothing, and can be done again', async () => {
    const { size } = table.snapshot.files[0]!;
    armFaultPoint(
      'delta.optimize.after_write',
      () => {
        throw new Error('killed');
      },
      2,
    );
    const options = { targetSize: 2 * size, batchBytes: 4 * size };
    await expect(optimize(table, options).finally(disarmFaultPoint)).rejects.toThrow('killed');
    const found = await DeltaLog.open(storage, testEnv({ clock, parquet: new Slow() }));
    expect(found.snapshot.version).toBe(11);
    expect(await numbersIn(storage, found.snapshot)).toEqual(upTo(10));
    expect(await optimize(found, options)).toMatchObject({ filesRemoved: 6, filesAdded: 3 });
    expect(await numbersIn(storage, found.snapshot)).toEqual(upTo(10));
  });

  it('leaves nothing behind when a file cannot be rewritten', async () => {
    const { size } = table.snapshot.files[0]!;
    const before = await dataFiles();
    let rewritten = 0;
    meanwhile = async () => {
      if (++rewritten === 2) throw new Error('disk full');
    };
    await expect(optimize(table, { targetSize: 2 * size })).rejects.toThrow('disk full');
    // What the failed rewrite itself wrote is its own to remove: here one file, which this handler does not.
    expect((await dataFiles()).length).toBe(before.length + 1);
    expect(table.snapshot.version).toBe(10);
  });

  it('reads no more than it may', async () => {
    const { size } = table.snapshot.files[0]!;
    const result = await optimize(table, { targetSize: 2 * size, maxBytes: 6 * size });
    expect(result).toMatchObject({ filesAdded: 3, filesRemoved: 6 });
  });

  it('lets appends through that come meanwhile', async () => {
    meanwhile = () => append(table, 10);
    expect(await optimize(table, { targetSize: 1000 })).toMatchObject({ versions: [12] });
    expect(await numbersIn(storage, table.snapshot)).toEqual(upTo(11));
  });

  it.each(['the same table object', 'another process'])(
    'gives way to a delete by %s, and cleans up',
    async (by) => {
      const before = await dataFiles();
      meanwhile = async () => {
        const other = by === 'another process' ? await DeltaLog.open(storage, testEnv({ clock })) : table;
        const [file] = other.snapshot.files;
        await other.begin().remove(file!).commit({ operation: 'DELETE' });
      };
      expect(await optimize(table, { targetSize: 1000 })).toMatchObject({
        ...{ versions: [], filesRemoved: 0 },
        conflict: { version: 11, kind: 'delete_delete' },
      });
      expect((await numbersIn(storage, await table.update())).length).toBe(9);
      expect(await dataFiles()).toEqual(before);
    },
  );

  it('by two at once is done once', async () => {
    const other = await DeltaLog.open(storage, testEnv({ clock, parquet: new Slow() }));
    const results = await Promise.all([table, other].map((t) => optimize(t, { targetSize: 1000 })));
    expect(results.map(({ versions }) => versions.length).sort()).toEqual([0, 1]);
    expect(results.filter(({ conflict }) => conflict !== undefined)).toHaveLength(1);
    expect(await numbersIn(storage, await table.update())).toEqual(upTo(10));
  });

  it('refuses tables that it may not write', async () => {
    const protocol = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['rowTracking'] };
    await storage.put('_delta_log/00000000000000000011.json', Buffer.from(JSON.stringify({ protocol })));
    const refused = { code: 'delta.unsupported_feature', context: { feature: 'rowTracking' } };
    await expect(optimize(table, { targetSize: 1000 })).rejects.toMatchObject(refused);
    await expect(vacuum(table)).rejects.toMatchObject(refused);
  });
});
