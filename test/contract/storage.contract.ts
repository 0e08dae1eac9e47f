/** What every Storage must do, whatever is behind it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Storage } from '../../src/storage/storage.js';

const bytes = (text: string) => Buffer.from(text);
const text = async (storage: Storage, path: string) => Buffer.from(await storage.read(path)).toString();

async function paths(storage: Storage, prefix: string, after?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of storage.list(prefix, after === undefined ? {} : { after })) found.push(path);
  return found;
}

/** @param open a new and empty store */
export function storageContract(name: string, open: () => Promise<Storage>): void {
  describe(`storage contract: ${name}`, () => {
    it('reads back what was put, whole and by range', async () => {
      const storage = await open();
      await storage.put('a/b.txt', bytes('0123456789'));
      expect(await text(storage, 'a/b.txt')).toBe('0123456789');
      const range = async (start: number, end: number) =>
        Buffer.from(await storage.readRange('a/b.txt', start, end)).toString();
      expect(await range(2, 5)).toBe('234');
      expect(await range(8, 100)).toBe('89');
      expect(await range(10, 20)).toBe('');
    });

    it('knows the edges of a file', async () => {
      const storage = await open();
      await storage.put('f', bytes('0123456789'));
      await storage.put('empty', bytes(''));
      const range = async (path: string, start: number, end: number) =>
        Buffer.from(await storage.readRange(path, start, end)).toString();
      expect(await range('f', 9, 10)).toBe('9');
      expect(await range('f', 11, 12)).toBe('');
      expect(await range('f', 5, 5)).toBe('');
      expect(await range('f', 7, 3)).toBe('');
      expect(await range('f', 0, Number.MAX_SAFE_INTEGER)).toBe('0123456789');
      expect(await range('empty', 0, 1)).toBe('');
      expect(await text(storage, 'empty')).toBe('');
      expect(await storage.stat('empty')).toMatchObject({ size: 0 });
      await expect(storage.readRange('none', 3, 3)).rejects.toMatchObject({ code: 'storage.not_found' });
    });

    it('replaces with put, and never with putIfAbsent', async () => {
      const storage = await open();
      expect(await storage.putIfAbsent('f', bytes('first'))).toBe('created');
      expect(await storage.putIfAbsent('f', bytes('second'))).toBe('exists');
      expect(await text(storage, 'f')).toBe('first');
      await storage.put('f', bytes('third'));
      expect(await text(storage, 'f')).toBe('third');
    });

    it('gives a name to one of many contenders', async () => {
      const storage = await open();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => storage.putIfAbsent('log/1', bytes(`from ${i}`))),
      );
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
      expect(await text(storage, 'log/1')).toBe(`from ${outcomes.indexOf('created')}`);
    });

    it('gives each of many names to one of its contenders', async () => {
      const storage = await open();
      const names = Array.from({ length: 25 }, (_, i) => `log/${String(i).padStart(20, '0')}.json`);
      const won = await Promise.all(
        names.flatMap((name) =>
          [...'abcd'].map(async (who) => [name, who, await storage.putIfAbsent(name, bytes(who))] as const),
        ),
      );
      const winners = won.filter(([, , outcome]) => outcome === 'created');
      expect(winners.map(([name]) => name).sort()).toEqual(names);
      for (const [name, who] of winners) expect(await text(storage, name)).toBe(who);
    });

    it('says what a file is, and that there is none', async () => {
      const storage = await open();
      await storage.put('a/b', bytes('12345'));
      const info = await storage.stat('a/b');
      expect(info).toMatchObject({ path: 'a/b', size: 5 });
      expect(info!.mtimeMs).toBeGreaterThan(0);
      expect(await storage.stat('a')).toBeUndefined();
      expect(await storage.stat('a/c')).toBeUndefined();
      expect(await storage.stat('a/b/c')).toBeUndefined();
      await expect(storage.read('a/c')).rejects.toMatchObject({ code: 'storage.not_found' });
      await expect(storage.readRange('a/c', 0, 1)).rejects.toMatchObject({ code: 'storage.not_found' });
    });

    it('goes to a local file and back', async () => {
      const storage = await open();
      const folder = await mkdtemp(join(tmpdir(), 'murmur-storage-'));
      try {
        const [from, to] = [join(folder, 'from'), join(folder, 'to')];
        await writeFile(from, 'x'.repeat(3_000_000));
        await storage.upload(from, 'big/file');
        expect((await storage.stat('big/file'))?.size).toBe(3_000_000);
        await storage.download('big/file', to);
        expect(await readFile(to, 'utf8')).toBe('x'.repeat(3_000_000));
        const inPlace = storage.localPath('big/file');
        if (storage.kind === 'local') expect(await readFile(inPlace!, 'utf8')).toHaveLength(3_000_000);
        else expect(inPlace).toBeUndefined();
        await expect(storage.download('none', to)).rejects.toMatchObject({ code: 'storage.not_found' });
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('takes a large file whole', async () => {
      const storage = await open();
      const folder = await mkdtemp(join(tmpdir(), 'murmur-storage-'));
      try {
        const [from, to] = [join(folder, 'from'), join(folder, 'to')];
        const content = randomBytes(20_000_003);
        await writeFile(from, content);
        await storage.upload(from, 'a b/😀 100%.parquet');
        expect((await storage.stat('a b/😀 100%.parquet'))?.size).toBe(content.length);
        await writeFile(to, 'what stood there before');
        await storage.download('a b/😀 100%.parquet', to);
        expect((await readFile(to)).equals(content)).toBe(true);
        const middle = await storage.readRange('a b/😀 100%.parquet', 9_999_999, 10_000_100);
        expect(Buffer.from(middle).equals(content.subarray(9_999_999, 10_000_100))).toBe(true);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('deletes, also what is not there', async () => {
      const storage = await open();
      await storage.put('x', bytes('1'));
      await storage.delete('x');
      await storage.delete('x');
      await storage.delete('no/such/folder/x');
      expect(await storage.stat('x')).toBeUndefined();
      expect(await storage.putIfAbsent('x', bytes('2'))).toBe('created');
    });

    it('lists at any depth in UTF-8 byte order of whole paths', async () => {
      const storage = await open();
      const sorted = ['a-b/1', 'a/1', 'a/b/c', 'a/c', 'a0', 'b', 'é', '\uff5e', '😀'];
      for (const path of [...sorted].reverse()) await storage.put(path, bytes(path));
      expect(await paths(storage, '')).toEqual(sorted);
      expect(await paths(storage, 'a')).toEqual(sorted.slice(0, 5));
      expect(await paths(storage, 'a/')).toEqual(sorted.slice(1, 4));
      expect(await paths(storage, 'a/b/')).toEqual(['a/b/c']);
      expect(await paths(storage, 'nothing/here')).toEqual([]);
      for (let i = 0; i < sorted.length; i++) {
        expect(await paths(storage, '', sorted[i])).toEqual(sorted.slice(i + 1));
      }
      expect(await paths(storage, '', 'a/b/\u{10ffff}')).toEqual(sorted.slice(3));
      expect(await paths(storage, 'a/', 'a/1')).toEqual(['a/b/c', 'a/c']);
    });

    it('names the folders at a place', async () => {
      const storage = await open();
      for (const path of ['b/1', 'a/x/1', 'a/y', 'a-b/1', 'ü 😀%/f', 'file'])
        await storage.put(path, bytes('1'));
      expect(await storage.folders('')).toEqual(['a', 'a-b', 'b', 'ü 😀%']);
      expect(await storage.folders('a/')).toEqual(['x']);
      expect(await storage.folders('none/')).toEqual([]);
    });

    it('tells a rewritten file from what it was', async () => {
      const storage = await open();
      await storage.put('f', bytes('one'));
      const before = await storage.stat('f');
      await storage.put('f', bytes('three'));
      expect(await storage.stat('f')).not.toEqual(before);
      for await (const info of storage.list('')) expect(info).toEqual(await storage.stat('f'));
    });

    it('lists more files than it looks at together, each once', async () => {
      const storage = await open();
      const names = Array.from({ length: 150 }, (_, i) => `d/${String(i).padStart(3, '0')}`);
      await Promise.all(names.map((path) => storage.put(path, bytes(path))));
      expect(await paths(storage, 'd/')).toEqual(names);
      expect(await paths(storage, 'd/', 'd/064')).toEqual(names.slice(65));
    });

    it('keeps awkward names literal', async () => {
      const storage = await open();
      const awkward = ['a b', '100%', 'x=y?#', '%20', "it's", 'mention=@a%2Fb/zürich 😀', '[*]'];
      for (const path of awkward) await storage.put(path, bytes(path));
      for (const path of awkward) expect(await text(storage, path)).toBe(path);
      expect(new Set(await paths(storage, ''))).toEqual(new Set(awkward));
    });

    it('moves its root down', async () => {
      const storage = await open();
      const below = storage.at('tables').at('gold');
      await below.put('f', bytes('1'));
      expect(await text(storage, 'tables/gold/f')).toBe('1');
      expect(await paths(below, '')).toEqual(['f']);
      expect(await paths(storage.at('tables/'), '')).toEqual(['gold/f']);
    });

    it('holds its own copy of the bytes', async () => {
      const storage = await open();
      const mine = bytes('abc');
      await storage.put('f', mine);
      mine[0] = 0;
      const read = await storage.read('f');
      read[1] = 0;
      expect(await text(storage, 'f')).toBe('abc');
    });
  });
}
