import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock.js';
import { parseTimestamp } from '../../src/posts/parse-timestamp.js';
import type { GeneratedPost } from '../../src/sources/collect/generator/generate.js';
import { runGenerator, writeSample } from '../../src/sources/collect/generator/run-generator.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import type { Storage } from '../../src/storage/storage.js';

const start = Date.UTC(2026, 4, 28, 20, 26, 40);

/** Sleeping moves the time on, as far as it says or as far as `oversleep` adds. */
class FakeClock implements Clock {
  time = start;
  constructor(
    readonly onSleep: (clock: FakeClock) => void = () => {},
    readonly oversleep = 0,
  ) {}
  now = () => this.time;
  async sleep(ms: number): Promise<void> {
    this.time += ms + this.oversleep;
    this.onSleep(this);
  }
}

async function filesOf(storage: Storage): Promise<{ path: string; posts: GeneratedPost[] }[]> {
  const files = [];
  for await (const { path } of storage.list('')) {
    const text = new TextDecoder().decode(await storage.read(path));
    expect(text.endsWith('\n')).toBe(true);
    files.push({
      path,
      posts: text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as GeneratedPost),
    });
  }
  return files;
}

const ids = (files: { posts: GeneratedPost[] }[]) =>
  files.flatMap(({ posts }) => posts.map((post) => post.id_str));

describe('a running generator', () => {
  it('writes what has come due, file by file, until its count', async () => {
    const storage = new MemoryStorage();
    const totals = await runGenerator({ storage, rate: 40, seed: 7, clock: new FakeClock(), count: 500 });
    const files = await filesOf(storage);
    expect(totals).toEqual({ posts: 500, files: files.length });
    expect(files.length).toBeGreaterThan(10);
    expect(ids(files)).toHaveLength(500);
    expect(ids(files)).toEqual([...new Set(ids(files))].sort());
    for (const [i, { path }] of files.entries()) {
      expect(path).toBe(`generated-${start}-${String(i + 1).padStart(6, '0')}.ndjson`);
    }
  });

  it('has its first post in the first file at once', async () => {
    const storage = new MemoryStorage();
    const stop = new AbortController();
    await runGenerator({
      storage,
      rate: 1,
      seed: 7,
      clock: new FakeClock(() => stop.abort()),
      signal: stop.signal,
    });
    expect((await filesOf(storage)).map(({ posts }) => posts.length)).toEqual([1]);
  });

  it('posts at the time that it says', async () => {
    const storage = new MemoryStorage();
    const clock = new FakeClock(() => {
      // The file written before this sleep holds nothing from the future.
    });
    const put = storage.put.bind(storage);
    storage.put = async (path, bytes) => {
      for (const line of new TextDecoder().decode(bytes).trimEnd().split('\n')) {
        const instant = parseTimestamp((JSON.parse(line) as GeneratedPost).created_at ?? null);
        if ('error' in instant) continue;
        const age = clock.time - Number(instant.micros / 1000n);
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(2500);
      }
      await put(path, bytes);
    };
    await runGenerator({ storage, rate: 20, seed: 7, clock, count: 300, fileEverySeconds: 1 });
    expect(ids(await filesOf(storage))).toHaveLength(300);
  });

  it('loses no posts to a late wake-up', async () => {
    const options = { rate: 40, seed: 7, count: 500 };
    const [punctual, late] = [new MemoryStorage(), new MemoryStorage()];
    await runGenerator({ ...options, storage: punctual, clock: new FakeClock() });
    const { files } = await runGenerator({
      ...options,
      storage: late,
      clock: new FakeClock(undefined, 3000),
    });
    expect(ids(await filesOf(late))).toEqual(ids(await filesOf(punctual)));
    expect(files).toBeLessThan(10);
  });

  it('stops when told', async () => {
    const storage = new MemoryStorage();
    const stop = new AbortController();
    const clock = new FakeClock(({ time }) => {
      if (time >= start + 5000) stop.abort();
    });
    const totals = await runGenerator({ storage, rate: 20, seed: 7, clock, signal: stop.signal });
    expect(totals.posts).toBeGreaterThan(20);
    expect(totals.posts).toBeLessThan(400);
    expect(ids(await filesOf(storage))).toHaveLength(totals.posts);
  });
});

describe('a sample', () => {
  it('is a few files of posts of the past hours, the same for the same seed and time', async () => {
    const [one, two] = [new MemoryStorage(), new MemoryStorage()];
    const options = { count: 1000, seed: 3, endAt: start };
    expect(await writeSample({ ...options, storage: one })).toEqual({ posts: 1000, files: 4 });
    await writeSample({ ...options, storage: two });
    const files = await filesOf(one);
    expect(await filesOf(two)).toEqual(files);
    expect(files.map(({ path }) => path)).toEqual([1, 2, 3, 4].map((n) => `sample-000${n}.ndjson`));
    expect(new Set(ids(files)).size).toBe(1000);
    const [first] = files[0]!.posts;
    expect(Number(BigInt(first!.id_str) >> 22n)).toBe(start - 12 * 3_600_000);
  });

  it('may be small or empty', async () => {
    const storage = new MemoryStorage();
    expect(await writeSample({ storage, count: 0, seed: 1, endAt: start })).toEqual({ posts: 0, files: 0 });
    expect(await writeSample({ storage, count: 3, seed: 1, endAt: start })).toEqual({ posts: 3, files: 1 });
  });
});
