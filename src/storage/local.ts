/**
 * Storage in a folder of the local disk. A new file becomes visible by `link`, which fails when the name is taken: the one
 * operation on local file systems that is atomic and exclusive at once. Every write is on the disk (file and folder entry)
 * before its call resolves.
 */
import { randomUUID } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MurmurError } from '../base/errors.js';
import type { ObjectInfo, PutIfAbsentOutcome, Storage } from './storage.js';
import { compareUtf8 } from './utf8-order.js';

export class LocalStorage implements Storage {
  readonly kind = 'local';
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  at(prefix: string): LocalStorage {
    return new LocalStorage(join(this.root, prefix));
  }

  uri(path: string): string {
    return join(this.root, path);
  }

  localPath(path: string): string {
    return this.uri(path);
  }

  async download(path: string, localFile: string): Promise<void> {
    try {
      await copyFile(this.uri(path), localFile);
    } catch (e) {
      throw this.#fault('reading', path, e);
    }
  }

  async upload(localFile: string, path: string): Promise<void> {
    const target = this.uri(path);
    try {
      await this.#replace(target, await this.#inTemporary(target, (file) => copyInto(localFile, file)));
    } catch (e) {
      throw this.#fault('writing', path, e);
    }
  }

  async read(path: string): Promise<Uint8Array> {
    try {
      return await readFile(this.uri(path));
    } catch (e) {
      throw this.#fault('reading', path, e);
    }
  }

  async readRange(path: string, start: number, end: number): Promise<Uint8Array> {
    try {
      const file = await open(this.uri(path), constants.O_RDONLY);
      try {
        const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(end, (await file.stat()).size) - start));
        let filled = 0;
        while (filled < buffer.length) {
          const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return buffer.subarray(0, filled);
      } finally {
        await file.close();
      }
    } catch (e) {
      throw this.#fault('reading', path, e);
    }
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    try {
      const info = await stat(this.uri(path));
      return info.isFile() ? { path, size: info.size, mtimeMs: info.mtimeMs } : undefined;
    } catch (e) {
      if (isAbsent(e)) return undefined;
      throw this.#fault('looking at', path, e);
    }
  }

  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<ObjectInfo> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const wanted = (path: string, isFolder: boolean) => isWanted(path, isFolder, prefix, options.after);
    for await (const paths of this.#walk(folder, wanted)) {
      for (const info of await Promise.all(paths.map((path) => this.stat(path)))) if (info) yield info;
    }
  }

  async folders(prefix: string): Promise<string[]> {
    try {
      const entries = await readdir(this.uri(prefix), { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort(compareUtf8);
    } catch (e) {
      if (isAbsent(e)) return [];
      throw this.#fault('listing', prefix, e);
    }
  }

  async putIfAbsent(path: string, bytes: Uint8Array): Promise<PutIfAbsentOutcome> {
    const target = this.uri(path);
    let temporary: string | undefined;
    try {
      temporary = await this.#inTemporary(target, (file) => file.writeFile(bytes));
      await link(temporary, target);
      await syncFolder(dirname(target));
      return 'created';
    } catch (e) {
      if (errno(e) === 'EEXIST') return 'exists';
      throw this.#fault('writing', path, e);
    } finally {
      if (temporary !== undefined) await unlink(temporary).catch(() => {});
    }
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    const target = this.uri(path);
    try {
      await this.#replace(target, await this.#inTemporary(target, (file) => file.writeFile(bytes)));
    } catch (e) {
      throw this.#fault('writing', path, e);
    }
  }

  async delete(path: string): Promise<void> {
    try {
      await unlink(this.uri(path));
    } catch (e) {
      if (!isAbsent(e)) throw this.#fault('deleting', path, e);
    }
  }

  /**
   * Wanted files below a folder (`''` or ending in `/`) in UTF-8 byte order of their whole path, some at a time, temporary
   * ones left out. A folder in which nothing is wanted is not read.
   */
  async *#walk(
    folder: string,
    wanted: (path: string, isFolder: boolean) => boolean,
  ): AsyncIterable<string[]> {
    let entries: Dirent[];
    try {
      entries = await readdir(this.uri(folder), { withFileTypes: true });
    } catch (e) {
      if (isAbsent(e)) return;
      throw this.#fault('listing', folder, e);
    }
    const named = entries
      .filter((entry) => !isTemporary(entry.name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((name) => wanted(folder + name, name.endsWith('/')))
      .sort(compareUtf8);
    let files: string[] = [];
    for (const name of named) {
      const isFolder = name.endsWith('/');
      if (!isFolder) files.push(folder + name);
      if (files.length > 0 && (isFolder || files.length === statsAtOnce)) {
        yield files;
        files = [];
      }
      if (isFolder) yield* this.#walk(folder + name, wanted);
    }
    if (files.length > 0) yield files;
  }

  async #replace(target: string, temporary: string): Promise<void> {
    await rename(temporary, target).catch(async (e) => {
      await unlink(temporary).catch(() => {});
      throw e;
    });
    await syncFolder(dirname(target));
  }

  /** What `write` writes, in a file beside the target, on the disk. */
  async #inTemporary(target: string, write: (file: FileHandle) => Promise<unknown>): Promise<string> {
    const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
    const file = await open(temporary, 'wx').catch(async (e) => {
      if (errno(e) !== 'ENOENT') throw e;
      await makeFolder(dirname(target));
      return open(temporary, 'wx');
    });
    try {
      await write(file);
      await file.sync();
    } catch (e) {
      await unlink(temporary).catch(() => {});
      throw e;
    } finally {
      await file.close();
    }
    return temporary;
  }

  #fault(doing: string, path: string, cause: unknown): MurmurError {
    const where = this.uri(path);
    if (isAbsent(cause)) {
      return new MurmurError('storage.not_found', `${doing} ${where}: no such file`, {
        fault: 'external',
        cause,
      });
    }
    const code = errno(cause);
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    return new MurmurError(
      full ? 'storage.full' : 'storage.failed',
      `${doing} ${where}: ${messageOf(cause)}`,
      {
        fault: 'external',
        retry: full ? 'backoff' : 'never',
        ...(full ? { fix: 'free some space on the disk; what was committed is safe' } : {}),
        cause,
        context: { path: where, errno: code ?? null },
      },
    );
  }
}

async function copyInto(localFile: string, target: FileHandle): Promise<void> {
  const source = await open(localFile, constants.O_RDONLY);
  try {
    for await (const chunk of source.createReadStream({ autoClose: false })) await target.write(chunk);
  } finally {
    await source.close();
  }
}

/** How many files are looked at together while listing. */
const statsAtOnce = 64;

function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp');
}

function isAbsent(e: unknown): boolean {
  return errno(e) === 'ENOENT' || errno(e) === 'ENOTDIR';
}

function errno(e: unknown): string | undefined {
  return (e as NodeJS.ErrnoException | undefined)?.code;
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}

/** Whether a file is in the listing, or whether a folder (ending in `/`) may hold one that is. */
function isWanted(path: string, isFolder: boolean, prefix: string, after: string | undefined): boolean {
  if (!path.startsWith(prefix) && !(isFolder && prefix.startsWith(path))) return false;
  if (after === undefined || compareUtf8(path, after) > 0) return true;
  return isFolder && after.startsWith(path);
}

/** A folder that survives a power cut, as do those above it that had to be made. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Makes a folder's entries durable. Windows cannot open a folder, and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (e) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes(errno(e) ?? '')) throw e;
  }
}
