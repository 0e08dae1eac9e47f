/**
 * Listing a local folder, cheaply enough to do it many times a second with 100,000 files in it. A folder whose own time
 * stands still has no new names; files long at rest are looked at in turn, some each time; the ones just written, or
 * named by a watcher, each time. System calls are synchronous, being much cheaper so, in short runs between which the
 * event loop goes on.
 */
import { type Dirent, type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import type { ObjectInfo } from '../../storage/storage.js';
import { Listing } from './listing.js';
import { ignoredBecause } from './names.js';

/** Folders with fewer files are looked at wholly each time. */
const smallFolder = 2_000;
/** Files at rest that a quick look takes a turn at. */
const sweepFiles = 1_000;
/** A file altered this recently is looked at each time. Milliseconds. */
const recentMs = 10_000;
/** A folder's time is coarse: a name may come after we read it and leave the time as it is. Milliseconds. */
const coarseMs = 2_000;
/** With a watcher to name what happens, a large folder is looked at no more often than this. Milliseconds. */
const rereadMs = 1_000;
/** Longest run without letting the event loop go on. Milliseconds. */
const runMs = 5;

interface Folder {
  /** Relative, with a trailing slash; empty for the root. */
  path: string;
  mtimeMs: number;
  /** By the machine's clock, as `mtimeMs` is. */
  readAt: number;
  names: Set<string>;
}

export class LocalListing extends Listing {
  readonly #folders = new Map<string, Folder>();
  readonly #suspects = new Set<string>();
  readonly #recent = new Set<string>();
  #sweep: Iterator<string> | undefined;
  #sweptAt = 0;
  #runBegan = 0;
  /** A watcher reports what happens in the folders, through `suspect`. */
  watched = false;

  constructor(
    readonly root: string,
    clock: Clock,
  ) {
    super(clock);
    this.#folders.set('', { path: '', mtimeMs: Number.NaN, readAt: 0, names: new Set() });
  }

  async refresh(how: 'quick' | 'full'): Promise<void> {
    this.#runBegan = performance.now();
    const fresh = new Set<string>();
    for (const folder of this.#folders.values()) {
      await this.#pause();
      if (this.#mustRead(folder, how)) await this.#read(folder, fresh);
    }
    await this.#look(how, fresh);
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    const stats = statOf(join(this.root, path));
    return stats?.isFile() ? { path, size: stats.size, mtimeMs: stats.mtimeMs } : undefined;
  }

  override suspect(path: string): void {
    this.#suspects.add(path);
  }

  override folders(): string[] {
    return [...this.#folders.keys()].map((path) => join(this.root, path));
  }

  #mustRead(folder: Folder, how: 'quick' | 'full'): boolean {
    if (how === 'full' || Number.isNaN(folder.mtimeMs)) return true;
    if (folder.names.size < smallFolder) return true;
    const sinceRead = Date.now() - folder.readAt;
    if (this.watched && sinceRead < rereadMs && sinceRead >= 0) return false;
    const mtimeMs = statOf(join(this.root, folder.path))?.mtimeMs;
    return mtimeMs !== folder.mtimeMs || folder.readAt - mtimeMs < coarseMs;
  }

  /** Reads a folder's names; files that are new in it go to `fresh`, folders in it become known. */
  async #read(folder: Folder, fresh: Set<string>): Promise<void> {
    const readAt = Date.now();
    const entries = await this.#entries(folder);
    if (entries === undefined) return;
    const names = new Set<string>();
    for (const entry of entries) {
      names.add(entry.name);
      if (!folder.names.has(entry.name)) {
        this.#meet(folder, entry, fresh);
        await this.#pause();
      }
    }
    for (const name of folder.names) if (!names.has(name)) this.#lose(`${folder.path}${name}`);
    folder.names = names;
    folder.readAt = readAt;
  }

  async #entries(folder: Folder): Promise<Dirent[] | undefined> {
    const path = join(this.root, folder.path);
    try {
      folder.mtimeMs = statOf(path)?.mtimeMs ?? Number.NaN;
      const entries = await readdir(path, { withFileTypes: true });
      this.closed.delete(folder.path);
      return entries;
    } catch (e) {
      if (folder.path === '') throw landingError(this.root, e as NodeJS.ErrnoException);
      if ((e as NodeJS.ErrnoException).code === 'ENOENT') this.#lose(folder.path.slice(0, -1));
      else this.closed.set(folder.path, `cannot be listed: ${(e as NodeJS.ErrnoException).code}`);
      return undefined;
    }
  }

  /** A name that was not there before. */
  #meet(folder: Folder, entry: Dirent, fresh: Set<string>): void {
    const path = `${folder.path}${entry.name}`;
    const reason = ignoredBecause(entry.name);
    if (reason !== undefined) this.ignored.set(path, reason);
    else if (entry.isDirectory()) {
      const inner = `${path}/`;
      this.#folders.set(inner, { path: inner, mtimeMs: Number.NaN, readAt: 0, names: new Set() });
    } else fresh.add(path);
  }

  #lose(path: string): void {
    this.ignored.delete(path);
    this.forget(path);
    const folder = this.#folders.get(`${path}/`);
    if (folder === undefined) return;
    this.#folders.delete(folder.path);
    this.closed.delete(folder.path);
    for (const name of folder.names) this.#lose(`${folder.path}${name}`);
  }

  /** Looks at the files whose turn it is. */
  async #look(how: 'quick' | 'full', fresh: Set<string>): Promise<void> {
    const all = how === 'full' || this.files.size < smallFolder;
    for (const path of fresh) await this.#lookAt(path);
    for (const path of this.#suspects) if (ignoredBecause(path) === undefined) await this.#lookAt(path);
    this.#suspects.clear();
    if (all) {
      for (const path of [...this.files.keys(), ...this.#linksToNothing()])
        if (!fresh.has(path)) await this.#lookAt(path);
      return;
    }
    if (this.watched && Date.now() - this.#sweptAt < rereadMs) return;
    this.#sweptAt = Date.now();
    for (const path of this.#recent) if (!fresh.has(path)) await this.#lookAt(path);
    for (let i = 0; i < sweepFiles; i++) {
      this.#sweep ??= this.files.keys();
      const next = this.#sweep.next();
      if (next.done) {
        this.#sweep = undefined;
        break;
      }
      await this.#lookAt(next.value);
    }
  }

  async #lookAt(path: string): Promise<void> {
    await this.#pause();
    const stats = statOf(join(this.root, path));
    if (stats?.isFile()) {
      this.ignored.delete(path);
      const file = this.note(path, { path, size: stats.size, mtimeMs: stats.mtimeMs });
      const now = this.clock.now();
      if (now - file.since < recentMs && now - file.mtimeMs < recentMs) this.#recent.add(path);
      else this.#recent.delete(path);
      return;
    }
    this.#recent.delete(path);
    this.forget(path);
    if (stats === undefined) {
      if (this.#isListed(path)) this.ignored.set(path, linkToNothing);
    } else if (!this.#isListed(path)) this.#mistrust(path);
    else if (!this.#folders.has(`${path}/`))
      this.ignored.set(path, stats.isDirectory() ? 'a link to a folder' : 'not a regular file');
  }

  #isListed(path: string): boolean {
    return this.#parent(path)?.names.has(path.slice(path.lastIndexOf('/') + 1)) ?? false;
  }

  /** The folder that holds the path is read again next time. */
  #mistrust(path: string): void {
    const folder = this.#parent(path);
    if (folder !== undefined) folder.mtimeMs = Number.NaN;
  }

  #parent(path: string): Folder | undefined {
    return this.#folders.get(path.slice(0, path.lastIndexOf('/') + 1));
  }

  #linksToNothing(): string[] {
    return [...this.ignored].filter(([, reason]) => reason === linkToNothing).map(([path]) => path);
  }

  async #pause(): Promise<void> {
    if (performance.now() - this.#runBegan < runMs) return;
    await nextTurn();
    this.#runBegan = performance.now();
  }
}

const linkToNothing = 'a link to nothing';

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A loop of links, a name that is too long, a folder on the way that was closed meanwhile: as good as not there.
    return undefined;
  }
}

function landingError(root: string, e: NodeJS.ErrnoException): MurmurError {
  if (e.code === 'ENOENT' || e.code === 'ENOTDIR')
    return new MurmurError('source.landing_missing', `no landing folder at ${root}`, {
      fault: 'user',
      fix: `create it (mkdir -p '${root}') or set landing: in murmur.yaml to where the posts arrive`,
      cause: e,
      context: { path: root },
    });
  return new MurmurError('source.unreadable', `listing the landing folder ${root}: ${e.code ?? e.message}`, {
    fault: 'external',
    fix: 'give this user the right to read the folder',
    retry: 'backoff',
    cause: e,
    context: { path: root },
  });
}
