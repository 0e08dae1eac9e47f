import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalStorage } from '../../src/storage/local.js';
import { openStorage } from '../../src/storage/open-storage.js';
import { runTogether } from './child-processes.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-local-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('storage on the local disk', () => {
  it('lets exactly one of eight processes have each name', async () => {
    const names = [...'abcdefgh'];
    const keys = 60;
    const won = await runTogether<number[]>(
      new URL('./racer.ts', import.meta.url),
      names.map((name) => [folder, name, String(keys)]),
    );
    expect(won.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: keys }, (_, key) => key));
    const storage = new LocalStorage(folder);
    for (const [i, keysWon] of won.entries()) {
      for (const key of keysWon) {
        expect(Buffer.from(await storage.read(`log/${key}`)).toString()).toBe(names[i]!.repeat(1000));
      }
    }
    expect(await readdir(join(folder, 'log'))).toHaveLength(keys);
  });

  it('leaves no temporary file behind, and lists none of a killed writer', async () => {
    const storage = new LocalStorage(folder);
    await storage.put('a', Buffer.from('1'));
    await storage.putIfAbsent('a', Buffer.from('2'));
    expect(await readdir(folder)).toEqual(['a']);
    await writeFile(join(folder, '.0a1b.tmp'), 'half');
    const listed: string[] = [];
    for await (const { path } of storage.list('')) listed.push(path);
    expect(listed).toEqual(['a']);
  });

  it('cleans up when it cannot put a file in place', async () => {
    const storage = new LocalStorage(folder);
    await mkdir(join(folder, 'taken'));
    await expect(storage.put('taken', Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.failed' });
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('openStorage', () => {
  it('opens folders by path and by URL', () => {
    expect(openStorage('tables', folder)).toMatchObject({ kind: 'local', root: join(folder, 'tables') });
    expect(openStorage(`${folder}/a b`, '/').root).toBe(`${folder}/a b`);
    expect(openStorage(`file://${folder}/a%20b`, '/').root).toBe(`${folder}/a b`);
  });

  it('opens buckets, and refuses what it does not know', () => {
    expect(openStorage('s3://bucket/some/prefix/', '/')).toMatchObject({
      kind: 's3',
      root: 's3://bucket/some/prefix',
    });
    expect(openStorage('s3://bucket', '/').at('a').uri('b')).toBe('s3://bucket/a/b');
    expect(() => openStorage('s3:///x', '/')).toThrow(/names no bucket/);
    expect(() => openStorage('ftp://host/x', '/')).toThrow(/ftp is not a kind of storage/);
  });
});
