/** However long a stream is, what it costs to keep its table in order stays in bounds. */
import { describe, expect, it } from 'vitest';
import { fittingRetention } from '../../src/engine/embedded/fit-retention.js';
import { LongStream } from './long-stream.js';

const hour = 3_600_000;

describe('a stream of small files', () => {
  it('is joined at a cost that grows with the size of files, and its versions can be read with few checkpoints', async () => {
    const stream = await LongStream.open({ targetSize: 10_000_000 });
    await stream.commits(1_500, 1_000, 5_000);
    // From 5 kB to 50 kB, 500 kB and 5 MB.
    expect(stream.rewritten / stream.written).toBeLessThanOrEqual(3);
    expect(stream.mostLive).toBeLessThan(45);
    expect(stream.table.snapshot.sizeInBytes).toBe(stream.written);

    const { version } = stream.table.snapshot;
    expect(version).toBeGreaterThan(1_500);
    expect(await stream.count('checkpoints')).toBeLessThan(25);
    for (const at of [0, 7, 500, 1_005, version - 1]) expect((await stream.table.at(at)).version).toBe(at);
  });

  it('is joined for a part of the time only, and not at all without effort', async () => {
    const busy = await LongStream.open({ targetSize: 10_000_000, effort: 0.1 }, 10_000);
    await busy.commits(1_000, 1_000, 5_000);
    const optimizes = (await busy.table.history()).filter(({ operation }) => operation === 'OPTIMIZE');
    const seconds = (busy.clock.now() - Date.UTC(2024, 0, 1)) / 1_000;
    expect(optimizes.length).toBeGreaterThan(5);
    expect(optimizes.length * 10).toBeLessThanOrEqual(seconds * 0.1 + 30);

    const idle = await LongStream.open({ effort: 0 });
    await idle.commits(50, 1_000, 5_000);
    expect([idle.rewritten, idle.table.snapshot.fileCount]).toEqual([0, 50]);
  });
});

describe('a table that replaces very many files', () => {
  it('keeps fewer of them, and for its whole time again when it rests', async () => {
    const stream = await LongStream.open({ targetSize: 10_000_000 });
    const retention = () =>
      stream.table.snapshot.metadata.configuration['delta.deletedFileRetentionDuration'];
    // 1,440 commits an hour, and 10 % more files by joining the joined.
    await stream.commits(1_500, 2_500, 5_000);
    expect(retention()).toMatch(/^interval [4-6]\d{7} milliseconds$/);
    await stream.commits(40, 3 * 60_000, 5_000);
    expect(retention()).toBe('interval 1 days');
    expect(stream.table.snapshot.sizeInBytes).toBe(stream.written);
  });

  it.each([
    [0, 24],
    [800, 24],
    [2_000, 10],
    [10_000, 2],
    [18_000, 20 / 18],
    [1_000_000, 1],
  ])('at %i files an hour it keeps them for %f hours', (files, hours) => {
    expect(fittingRetention(files, 24 * hour)).toBe(Math.floor(hours * hour));
    expect(fittingRetention(files, hour / 2)).toBe(hour / 2);
  });
});
