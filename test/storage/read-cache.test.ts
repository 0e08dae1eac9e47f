import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../src/storage/memory.js';
import { type CachedFile, ReadCache } from '../../src/storage/read-cache.js';

/** A far store that counts what is fetched from it. */
class FarStorage extends MemoryStorage {
  fetched: string[] = [];

  override download(path: string, localFile: string): Promise<void> {
    this.fetched.push(path);
    return super.download(path, localFile);
  }
}

let dir: string;
let far: FarStorage;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-cache-'));
  far = new FarStorage();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A file of 1,000 bytes. */
async function made(path: string): Promise<CachedFile> {
  await far.put(path, Buffer.from(path.padEnd(1000)));
  return { path, size: 1000 };
}

const copies = async () => (await readdir(join(dir, 'files'))).length;

/** Uses a file for a moment, and makes it look as if that had been `minutes` ago. */
async function usedAgo(cache: ReadCache, file: CachedFile, minutes: number): Promise<void> {
  const before = new Set(await readdir(join(dir, 'files')).catch(() => []));
  await cache.pin(far, [file]);
  await cache.unpin(far, [file]);
  const at = new Date(Date.now() - minutes * 60_000);
  for (const name of await readdir(join(dir, 'files')))
    if (!before.has(name)) await utimes(join(dir, 'files', name), at, at);
}

describe('copies of far files', () => {
  it('are fetched once, whoever uses them, and again by nobody who comes later', async () => {
    const cache = new ReadCache({ dir });
    const file = await made('t/a b.parquet');
    await Promise.all([cache.pin(far, [file, file]), cache.pin(far, [file])]);
    const name = cache.localName(far, file);
    expect((await readFile(name, 'utf8')).trim()).toBe('t/a b.parquet');
    expect(name).toMatch(/\.parquet$/);
    await cache.unpin(far, [file, file]);
    expect((await readFile(name)).length).toBe(1000);
    await cache.unpin(far, [file]);
    await expect(readFile(name)).rejects.toThrow('ENOENT');
    await new ReadCache({ dir }).pin(far, [file]);
    expect(far.fetched).toEqual(['t/a b.parquet']);
  });

  it('are told apart by store, size and tag', async () => {
    const cache = new ReadCache({ dir });
    const file = await made('a');
    const other = new FarStorage();
    await other.put('a', Buffer.from('x'.repeat(1000)));
    await cache.pin(far, [file, { ...file, etag: '1' }, { ...file, size: 999 }]);
    await cache.pin(other, [file]);
    expect(await copies()).toBe(4);
    expect((await readFile(cache.localName(other, file), 'utf8'))[0]).toBe('x');
  });

  it('go when there are too many, those used longest ago first, and never one that is in use', async () => {
    const cache = new ReadCache({ dir, size: 4500 });
    const [held, old, newer, newest] = [
      await made('held'),
      await made('old'),
      await made('newer'),
      await made('newest'),
    ];
    await usedAgo(cache, held, 90);
    await usedAgo(cache, old, 60);
    await usedAgo(cache, newer, 30);
    await usedAgo(cache, newest, 5);
    // Another process, as far as the folder can tell.
    const user = new ReadCache({ dir });
    await user.pin(far, [held]);
    await usedAgo(cache, await made('one more'), 0);
    expect(await copies()).toBe(4);
    far.fetched = [];
    for (const file of [held, newer, newest]) await cache.pin(far, [file]);
    expect(far.fetched).toEqual([]);
    await cache.pin(far, [old]);
    expect(far.fetched).toEqual(['old']);
    expect((await readFile(user.localName(far, held))).length).toBe(1000);
  });

  it('may be more than the limit as long as all of them are in use', async () => {
    const cache = new ReadCache({ dir, size: 1500 });
    const files = await Promise.all(['a', 'b', 'c', 'd'].map(made));
    await cache.pin(far, files);
    for (const file of files) expect((await readFile(cache.localName(far, file))).length).toBe(1000);
    await cache.unpin(far, files);
    await usedAgo(cache, await made('e'), 0);
    expect(await copies()).toBe(1);
  });

  it('that vanished are fetched again, and a use goes on over the deletion of its copy', async () => {
    const cache = new ReadCache({ dir });
    const file = await made('a');
    await cache.pin(far, [file]);
    for (const name of await readdir(join(dir, 'files'))) await rm(join(dir, 'files', name));
    expect((await readFile(cache.localName(far, file))).length).toBe(1000);
    await cache.unpin(far, [file]);
    await cache.pin(far, [file]);
    expect(far.fetched).toEqual(['a', 'a']);
  });

  it('are let go and taken again without a moment in which a user has none', async () => {
    const cache = new ReadCache({ dir });
    const file = await made('a');
    for (let i = 0; i < 50; i++) {
      await cache.pin(far, [file]);
      const left = cache.unpin(far, [file]);
      await cache.pin(far, [file]);
      await left;
      expect((await readFile(cache.localName(far, file))).length).toBe(1000);
      await cache.unpin(far, [file]);
    }
    expect(far.fetched).toEqual(['a']);
  });

  it('hold nothing of what failed', async () => {
    const cache = new ReadCache({ dir });
    const [file, gone] = [await made('a'), { path: 'gone', size: 1 }];
    await expect(cache.pin(far, [file, gone])).rejects.toMatchObject({ code: 'storage.not_found' });
    await expect(readFile(cache.localName(far, file))).rejects.toThrow('ENOENT');
    await far.put('gone', Buffer.from('x'));
    await cache.pin(far, [gone]);
    expect(await copies()).toBe(2);
  });

  it('can be given by whoever wrote the file', async () => {
    const cache = new ReadCache({ dir });
    const file = await made('a');
    const folder = await cache.workFolder();
    await writeFile(join(folder, 'a'), 'a'.padEnd(1000));
    await cache.keep(far, file, join(folder, 'a'));
    await rm(folder, { recursive: true });
    await cache.pin(far, [file]);
    expect((await readFile(cache.localName(far, file), 'utf8')).trim()).toBe('a');
    expect(far.fetched).toEqual([]);
  });

  it('and links of dead processes are cleared away, those of living ones stay', async () => {
    const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }));
    const left = (host: string, pid: number) => join(dir, 'processes', `${host}~${pid}~x`);
    const stays = [left(hostname(), process.ppid), left('elsewhere', dead)];
    for (const folder of [left(hostname(), dead), ...stays]) await mkdir(folder, { recursive: true });
    const first = new ReadCache({ dir });
    await first.pin(far, [await made('a')]);
    await new ReadCache({ dir }).pin(far, [await made('b')]);
    const names = await readdir(join(dir, 'processes'));
    expect(names).toHaveLength(4);
    for (const folder of stays) expect(names.map((name) => join(dir, 'processes', name))).toContain(folder);
    expect((await readFile(first.localName(far, { path: 'a', size: 1000 }))).length).toBe(1000);
  });

  it('say so when their folder cannot be written', async () => {
    await writeFile(join(dir, 'file'), '');
    const cache = new ReadCache({ dir: join(dir, 'file') });
    await expect(cache.pin(far, [await made('a')])).rejects.toMatchObject({
      code: 'storage.cache_failed',
      fix: expect.stringContaining('cache.dir'),
    });
  });
});
