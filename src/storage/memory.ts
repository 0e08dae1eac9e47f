/** Storage in this process's memory, for tests and for trying things out. */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import type { ObjectInfo, PutIfAbsentOutcome, Storage } from './storage.js';
import { compareUtf8 } from './utf8-order.js';

interface Entry {
  bytes: Uint8Array;
  mtimeMs: number;
  etag: string;
}

export class MemoryStorage implements Storage {
  readonly kind = 'memory';
  readonly root: string;
  readonly #id: string;
  readonly #files: Map<string, Entry>;
  readonly #prefix: string;

  constructor(
    readonly clock: Clock = systemClock,
    parent?: { id: string; files: Map<string, Entry>; prefix: string },
  ) {
    // Two memories are two places, also to those who keep copies of what they read.
    this.#id = parent?.id ?? randomUUID();
    this.#files = parent?.files ?? new Map();
    this.#prefix = parent?.prefix ?? '';
    this.root = `memory://${this.#id}/${this.#prefix}`;
  }

  at(prefix: string): MemoryStorage {
    const below = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    return new MemoryStorage(this.clock, {
      id: this.#id,
      files: this.#files,
      prefix: this.#prefix + below,
    });
  }

  uri(path: string): string {
    return this.root + path;
  }

  localPath(): undefined {
    return undefined;
  }

  async download(path: string, localFile: string): Promise<void> {
    await writeFile(localFile, this.#entry(path).bytes);
  }

  async upload(localFile: string, path: string): Promise<void> {
    await this.put(path, await readFile(localFile));
  }

  async read(path: string): Promise<Uint8Array> {
    return new Uint8Array(this.#entry(path).bytes);
  }

  async readRange(path: string, start: number, end: number): Promise<Uint8Array> {
    return new Uint8Array(this.#entry(path).bytes.subarray(start, Math.max(start, end)));
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    const entry = this.#files.get(this.#prefix + path);
    return entry && { path, size: entry.bytes.length, mtimeMs: entry.mtimeMs, etag: entry.etag };
  }

  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<ObjectInfo> {
    const paths = [...this.#files.keys()]
      .filter((path) => path.startsWith(this.#prefix + prefix))
      .map((path) => path.slice(this.#prefix.length))
      .filter((path) => options.after === undefined || compareUtf8(path, options.after) > 0)
      .sort(compareUtf8);
    for (const path of paths) {
      const info = await this.stat(path);
      if (info !== undefined) yield info;
    }
  }

  async folders(prefix: string): Promise<string[]> {
    const names = new Set<string>();
    for await (const { path } of this.list(prefix)) {
      const [name, ...inner] = path.slice(prefix.length).split('/');
      if (inner.length > 0) names.add(name!);
    }
    return [...names].sort(compareUtf8);
  }

  async putIfAbsent(path: string, bytes: Uint8Array): Promise<PutIfAbsentOutcome> {
    if (this.#files.has(this.#prefix + path)) return 'exists';
    await this.put(path, bytes);
    return 'created';
  }

  put(path: string, bytes: Uint8Array): Promise<void> {
    this.#files.set(this.#prefix + path, {
      bytes: new Uint8Array(bytes),
      mtimeMs: this.clock.now(),
      etag: createHash('md5').update(bytes).digest('hex'),
    });
    return Promise.resolve();
  }

  async delete(path: string): Promise<void> {
    this.#files.delete(this.#prefix + path);
  }

  #entry(path: string): Entry {
    const entry = this.#files.get(this.#prefix + path);
    if (entry !== undefined) return entry;
    throw new MurmurError('storage.not_found', `reading ${this.uri(path)}: no such file`, {
      fault: 'external',
    });
  }
}
