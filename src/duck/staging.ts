/**
 * DuckDB opens local files only. Those of other stores are read through copies in a cache, which a session holds as long as
 * it is open (or until it lets go of them), and written to a local folder first, from which they are uploaded.
 */
import { mkdir, open, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bounded } from '../base/bounded.js';
import { MurmurError } from '../base/errors.js';
import type { CachedFile, ReadCache } from '../storage/read-cache.js';
import type { Storage } from '../storage/storage.js';

/** A file of a store. */
export interface StoredFile {
  storage: Storage;
  file: CachedFile;
}

/** Files that are uploaded at the same time. */
const uploadsAtOnce = 4;

/** The copies that one session uses. */
export class Staging {
  #held: StoredFile[] = [];

  constructor(readonly cache: ReadCache) {}

  /** The name under which DuckDB opens a file; there is something once it was staged. */
  localName({ storage, file }: StoredFile): string {
    return storage.localPath(file.path) ?? this.cache.localName(storage, file);
  }

  /** Makes these files openable on this session. @throws what the store throws; storage.cache_failed (external) */
  async stage(files: readonly StoredFile[]): Promise<void> {
    const byStorage = new Map<Storage, CachedFile[]>();
    for (const { storage, file } of files) {
      if (storage.localPath(file.path) !== undefined) continue;
      const same = byStorage.get(storage);
      if (same) same.push(file);
      else byStorage.set(storage, [file]);
    }
    for (const [storage, wanted] of byStorage) {
      await this.cache.pin(storage, wanted);
      for (const file of wanted) this.#held.push({ storage, file });
    }
  }

  /** Lets go of every copy: what was planned over them must not run any more. */
  async release(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    await Promise.all(held.map(({ storage, file }) => this.cache.unpin(storage, [file])));
  }

  /** A place for new files of a store. */
  async target(storage: Storage): Promise<FileTarget> {
    return storage.kind === 'local'
      ? new LocalTarget(storage)
      : new UploadTarget(storage, this.cache, await this.cache.workFolder());
  }
}

/** What is known of a file that has been written. */
export interface SettledFile {
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  mtimeMs: number;
}

/** Where DuckDB writes new files of a store. A path is one of the store. */
export interface FileTarget {
  /** Where to write the file. */
  localName(path: string): Promise<string>;
  /**
   * Waits until written files are durable and there for everybody. When it fails, none of them is.
   * @throws duck.io_failed (external), what the store throws
   */
  settle(paths: readonly string[]): Promise<Map<string, SettledFile>>;
  /** Deletes files that nobody shall see, written or settled; best effort. */
  discard(paths: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** In place. */
class LocalTarget implements FileTarget {
  constructor(readonly storage: Storage) {}

  async localName(path: string): Promise<string> {
    const name = this.storage.uri(path);
    await mkdir(dirname(name), { recursive: true });
    return name;
  }

  async settle(paths: readonly string[]): Promise<Map<string, SettledFile>> {
    const names = paths.map((path) => this.storage.uri(path));
    try {
      await Promise.all(names.map(sync));
      await Promise.all([...new Set(names.map((name) => dirname(name)))].map(sync));
      return new Map(await Promise.all(paths.map(async (path, i) => [path, await stat(names[i]!)] as const)));
    } catch (cause) {
      throw ioFailed(cause);
    }
  }

  async discard(paths: readonly string[]): Promise<void> {
    await Promise.allSettled(
      paths.flatMap((path) => [this.storage.delete(path), this.storage.delete(unfinished(path))]),
    );
  }

  async close(): Promise<void> {}
}

/** In a folder of its own first. What was uploaded is kept as a copy: it is often read next. */
class UploadTarget implements FileTarget {
  readonly #names = new Map<string, string>();
  readonly #uploaded = new Set<string>();

  constructor(
    readonly storage: Storage,
    readonly cache: ReadCache,
    readonly folder: string,
  ) {}

  async localName(path: string): Promise<string> {
    const name = this.#names.get(path) ?? join(this.folder, `${this.#names.size}.parquet`);
    this.#names.set(path, name);
    return name;
  }

  async settle(paths: readonly string[]): Promise<Map<string, SettledFile>> {
    return new Map(
      await bounded(paths, uploadsAtOnce, async (path) => {
        const name = this.#names.get(path)!;
        const { size, mtimeMs } = await stat(name).catch((cause) => {
          throw ioFailed(cause);
        });
        this.#uploaded.add(path);
        await this.storage.upload(name, path);
        await this.cache.keep(this.storage, { path, size }, name);
        return [path, { size, mtimeMs }] as const;
      }),
    );
  }

  async discard(paths: readonly string[]): Promise<void> {
    await Promise.allSettled(
      paths.map(async (path) => {
        if (this.#uploaded.has(path)) await this.storage.delete(path);
        const name = this.#names.get(path);
        if (name !== undefined) await unlink(name);
      }),
    );
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The name that DuckDB gives to a file while it writes it. */
function unfinished(path: string): string {
  const cut = path.lastIndexOf('/') + 1;
  return `${path.slice(0, cut)}tmp_${path.slice(cut)}`;
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ioFailed(cause: unknown): MurmurError {
  return new MurmurError('duck.io_failed', `writing a Parquet file to disk: ${(cause as Error).message}`, {
    fault: 'external',
    cause,
  });
}
