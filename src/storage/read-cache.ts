/**
 * Copies of files of far stores on this machine's disk, for those who can only open files, within a limit of bytes. Files
 * of a table never change, so a copy stays right; several processes may share one folder.
 *
 *     <folder>/files/<name>                   a copy, complete: it gets its name when it is
 *     <folder>/processes/<host>~<pid>~<id>/   links to the copies that this process uses, and files it is about to upload
 *
 * Whoever uses a copy holds a link of its own to it, so a copy may go at any time and nobody loses what is being read; one
 * that has a link is in use and stays. The links of a process that died go with its folder.
 */
import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, rename, stat, unlink, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import { bounded } from '../base/bounded.js';
import { MurmurError } from '../base/errors.js';
import { dropAbandoned, newOwner } from './cache-owners.js';
import type { Storage } from './storage.js';

/** A file whose content is known by these. */
export interface CachedFile {
  path: string;
  /** Bytes. */
  size: number;
  etag?: string | undefined;
}

export interface ReadCacheOptions {
  /** Default: `.cache/murmur` in the user's folder. */
  dir?: string | undefined;
  /** Bytes that copies may take; more only while so much is in use at once. Default 4 GiB. */
  size?: number | undefined;
}

/** Where copies are kept when nobody says it. */
export function defaultCacheDir(): string {
  return join(homedir(), '.cache', 'murmur');
}

const defaultSize = 4 * 2 ** 30;
/** Files that are fetched at the same time. */
const fetchesAtOnce = 8;
/** When room is made, it is made for more than the one file. */
const roomLeft = 0.9;

interface Pin {
  uses: number;
  ready: Promise<void>;
}

export class ReadCache {
  readonly dir: string;
  readonly size: number;
  readonly #own: string;
  readonly #pins = new Map<string, Pin>();
  #prepared: Promise<void> | undefined;
  /** Links that are just being let go. */
  readonly #leaving = new Map<string, Promise<void>>();
  /** Bytes of copies, as far as this process knows. */
  #held = 0;
  /** When they are more than this, room is made. */
  #full: number;
  #makingRoom: Promise<void> | undefined;
  /** Fetches that have begun in this process; more wait. */
  readonly #queue: (() => void)[] = [];
  #fetching = 0;

  constructor(options: ReadCacheOptions = {}) {
    this.dir = options.dir ?? defaultCacheDir();
    this.size = options.size ?? defaultSize;
    this.#full = this.size;
    this.#own = join(this.dir, 'processes', newOwner());
  }

  /** Where the file is as long as it is pinned; the same for everybody in this process. */
  localName(storage: Storage, file: CachedFile): string {
    return join(this.#own, 'in-use', nameOf(storage, file));
  }

  /**
   * Fetches what is not here and holds all of it until as many calls of `unpin`. When it fails, nothing is held.
   * @throws what the store throws; storage.cache_failed (external)
   */
  async pin(storage: Storage, files: readonly CachedFile[]): Promise<void> {
    const pinned = await Promise.allSettled(files.map((file) => this.#pin(storage, file)));
    const failed = pinned.find((each) => each.status === 'rejected');
    if (failed === undefined) return;
    await this.unpin(
      storage,
      files.filter((_, i) => pinned[i]!.status === 'fulfilled'),
    );
    throw failed.reason;
  }

  async unpin(storage: Storage, files: readonly CachedFile[]): Promise<void> {
    await Promise.all(files.map((file) => this.#unpin(nameOf(storage, file))));
  }

  /** Takes a copy of a local file that the store has as well, so that it need not be fetched. Best effort. */
  async keep(storage: Storage, file: CachedFile, localFile: string): Promise<void> {
    try {
      await this.#prepare();
      await link(localFile, join(this.dir, 'files', nameOf(storage, file)));
      await this.#grow(file.size);
    } catch {
      // Whoever reads it fetches it.
    }
  }

  /** A new folder for files that are being made, beside the copies. Whoever asked for it deletes it. */
  async workFolder(): Promise<string> {
    await this.#prepare();
    const folder = join(this.#own, randomUUID());
    await mkdir(folder);
    return folder;
  }

  async #pin(storage: Storage, file: CachedFile): Promise<void> {
    const name = nameOf(storage, file);
    const known = this.#pins.get(name);
    if (known !== undefined) {
      known.uses++;
      return known.ready.catch((e) => {
        known.uses--;
        throw e;
      });
    }
    const pin: Pin = { uses: 1, ready: this.#link(storage, file, name) };
    this.#pins.set(name, pin);
    try {
      await pin.ready;
    } catch (e) {
      this.#pins.delete(name);
      throw e;
    }
  }

  async #unpin(name: string): Promise<void> {
    const pin = this.#pins.get(name);
    if (pin === undefined || --pin.uses > 0) return;
    this.#pins.delete(name);
    const left = unlink(join(this.#own, 'in-use', name)).then(
      () => undefined,
      () => undefined,
    );
    this.#leaving.set(name, left);
    await left;
    if (this.#leaving.get(name) === left) this.#leaving.delete(name);
  }

  async #link(storage: Storage, file: CachedFile, name: string): Promise<void> {
    await this.#prepare();
    await this.#leaving.get(name);
    const copy = join(this.dir, 'files', name);
    const used = join(this.#own, 'in-use', name);
    try {
      await link(copy, used);
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'ENOENT') throw cacheFault(this.dir, e);
      return this.#inTurn(() => this.#fetch(storage, file, { copy, used }));
    }
    // Others who make room see that it was used.
    await utimes(copy, new Date(), new Date()).catch(() => undefined);
  }

  /** In use before it is a copy: making room for it must not take it away. */
  async #fetch(
    storage: Storage,
    { path, size }: CachedFile,
    { copy, used }: { copy: string; used: string },
  ): Promise<void> {
    const arriving = join(this.#own, `${randomUUID()}.arriving`);
    try {
      await storage.download(path, arriving);
      await rename(arriving, used);
      await link(used, copy).catch((e: NodeJS.ErrnoException) => {
        // Another process has fetched it too.
        if (e.code !== 'EEXIST') throw e;
      });
    } catch (e) {
      for (const name of [arriving, used]) await unlink(name).catch(() => undefined);
      throw e instanceof MurmurError ? e : cacheFault(this.dir, e);
    }
    await this.#grow(size);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#fetching >= fetchesAtOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#fetching++;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#fetching--;
      else next();
    }
  }

  async #grow(bytes: number): Promise<void> {
    this.#held += bytes;
    if (this.#held <= this.#full) return;
    this.#makingRoom ??= this.#makeRoom().finally(() => {
      this.#makingRoom = undefined;
    });
    await this.#makingRoom;
  }

  /** Deletes copies that nobody uses, those first that were used longest ago. */
  async #makeRoom(): Promise<void> {
    const copies = await this.#copies();
    let held = copies.reduce((sum, { size }) => sum + size, 0);
    if (held > this.size)
      for (const { file, size } of copies
        .filter(({ links }) => links === 1)
        .sort((a, b) => a.usedMs - b.usedMs)) {
        if (held <= this.size * roomLeft) break;
        await unlink(file).catch(() => undefined);
        held -= size;
      }
    this.#held = held;
    // What is in use cannot go, and is not looked at again for every file that is added.
    this.#full = Math.max(this.size, held * 1.05);
  }

  async #copies(): Promise<{ file: string; size: number; usedMs: number; links: number }[]> {
    const folder = join(this.dir, 'files');
    const found = await bounded(await readdir(folder), 64, async (name) => {
      const file = join(folder, name);
      const info = await stat(file).catch(() => undefined);
      return info && { file, size: info.size, usedMs: info.mtimeMs, links: info.nlink };
    });
    return found.filter((copy) => copy !== undefined);
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.#make();
    this.#prepared.catch(() => {
      this.#prepared = undefined;
    });
    return this.#prepared;
  }

  async #make(): Promise<void> {
    try {
      await mkdir(join(this.dir, 'files'), { recursive: true });
      await mkdir(join(this.#own, 'in-use'), { recursive: true });
      await dropAbandoned(join(this.dir, 'processes'));
      this.#held = (await this.#copies()).reduce((sum, { size }) => sum + size, 0);
    } catch (e) {
      throw cacheFault(this.dir, e);
    }
  }
}

/** The extension stays: it tells formats apart. */
function nameOf(storage: Storage, { path, size, etag }: CachedFile): string {
  const key = `${storage.uri(path)}\n${size}\n${etag ?? ''}`;
  return `${createHash('sha256').update(key).digest('hex').slice(0, 40)}${extname(path)}`;
}

function cacheFault(dir: string, cause: unknown): MurmurError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new MurmurError('storage.cache_failed', `keeping copies of remote files in ${dir}: ${message}`, {
    fault: 'external',
    retry: full ? 'backoff' : 'never',
    fix: full
      ? 'make room on that disk, or set cache.dir and cache.size in murmur.yaml'
      : 'set cache.dir in murmur.yaml to a folder that can be written and whose disk knows hard links',
    cause,
    context: { dir, errno: code ?? null },
  });
}
