/** A local landing folder as it changes: names, folders, links, and hints. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { LocalListing } from '../../src/sources/files/local-listing.js';
import { LandingWatch } from '../../src/sources/files/watch.js';

let root: string;
let listing: LocalListing;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'murmur-listing-'));
  listing = new LocalListing(root, systemClock);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (name: string, content = 'x') => writeFileSync(join(root, name), content);
/** What the listing noticed since the last look. */
async function look(how: 'quick' | 'full' = 'quick'): Promise<string[]> {
  await listing.refresh(how);
  return listing
    .takeAltered()
    .map((file) => `${file.gone ? '-' : '+'}${file.path} ${file.size}`)
    .sort();
}

describe('a quick look', () => {
  it('finds new, grown, replaced, moved and deleted files, in folders too', async () => {
    write('a');
    mkdirSync(join(root, 'in/ner'), { recursive: true });
    write('in/ner/b');
    expect(await look()).toEqual(['+a 1', '+in/ner/b 1']);
    expect(await look()).toEqual([]);
    appendFileSync(join(root, 'a'), 'yz');
    write('c');
    expect(await look()).toEqual(['+a 3', '+c 1']);
    renameSync(join(root, 'c'), join(root, 'in/c'));
    write('new', 'four');
    renameSync(join(root, 'new'), join(root, 'a'));
    expect(await look()).toEqual(['+a 4', '+in/c 1', '-c 1']);
    rmSync(join(root, 'in'), { recursive: true });
    expect(await look()).toEqual(['-in/c 1', '-in/ner/b 1']);
    mkdirSync(join(root, 'in'));
    write('in/d');
    expect(await look()).toEqual(['+in/d 1']);
  });

  it('follows links to files, and names what it does not read', async () => {
    write('target');
    symlinkSync('target', join(root, 'link'));
    symlinkSync('nowhere', join(root, 'dangling'));
    symlinkSync('.', join(root, 'loop'));
    mkdirSync(join(root, '.git'));
    write('.git/config');
    expect(await look()).toEqual(['+link 1', '+target 1']);
    expect(Object.fromEntries(listing.ignored)).toEqual({
      '.git': '.git is hidden (it begins with a dot)',
      dangling: 'a link to nothing',
      loop: 'a link to a folder',
    });
    write('nowhere');
    expect(await look()).toEqual(['+dangling 1', '+nowhere 1']);
    rmSync(join(root, 'nowhere'));
    expect(await look()).toEqual(['-dangling 1', '-nowhere 1']);
  });

  it('of a large folder finds new names at once, and what was at rest by and by', async () => {
    for (let i = 0; i < 2_200; i++) write(`f${i}`);
    const long = new Date('2024-01-01');
    for (let i = 0; i < 2_200; i++) utimesSync(join(root, `f${i}`), long, long);
    expect(await look()).toHaveLength(2_200);
    write('new');
    expect(await look()).toEqual(['+new 1']);
    write('f2199', 'changed');
    const seen: string[] = [];
    for (let looks = 0; looks < 4; looks++) seen.push(...(await look()));
    expect(seen).toEqual(['+f2199 7']);
    write('f5', 'changed');
    expect(await look('full')).toEqual(['+f5 7']);
  });

  it('with a watcher looks at a large folder only where something happened', async () => {
    for (let i = 0; i < 2_100; i++) write(`f${i}`);
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      await look();
      listing.watched = true;
      write('named');
      write('not-named');
      listing.suspect('named');
      expect(await look()).toEqual(['+named 1']);
      vi.advanceTimersByTime(1_000);
      expect(await look()).toEqual(['+not-named 1']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a watch', () => {
  it('hints at once, then every 50 ms at most, and names what changed', async () => {
    await look();
    let hints = 0;
    let next = () => {};
    const watch = new LandingWatch(listing, systemClock, () => {
      hints++;
      next();
    });
    const hint = () =>
      new Promise<void>((resolve) => {
        next = resolve;
      });
    try {
      const first = hint();
      const began = performance.now();
      write('a');
      await first;
      expect(await look()).toEqual(['+a 1']);
      const second = hint();
      for (let i = 0; i < 20; i++) {
        write(`b${i}`);
        await nextTurn();
      }
      await second;
      // One at once, and one for each 50 ms begun since.
      expect(hints).toBeLessThanOrEqual(2 + Math.ceil((performance.now() - began) / 50));
      expect(hints).toBeLessThan(20);
      expect(await look()).toHaveLength(20);

      mkdirSync(join(root, 'later'));
      await look();
      watch.follow();
      const third = hint();
      write('later/c');
      await third;
      expect(await look()).toEqual(['+later/c 1']);
    } finally {
      watch.close();
    }
  });

  it('hints when a file will have stood still', async () => {
    let wake = () => {};
    const hinted = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const watch = new LandingWatch(listing, systemClock, () => wake());
    watch.expect(Date.now() + 20);
    watch.expect(Date.now() + 5);
    await hinted;
    watch.close();
  });
});
