/** Artifacts in a local folder. A file appears whole or not at all. */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MurmurError } from '../base/errors.js';
import { checkArtifactPath } from './artifact-path.js';
import { notFound } from './faults.js';
import type { ArtifactInfo, Artifacts } from './store.js';

export class FolderArtifacts implements Artifacts {
  constructor(readonly root: string) {}

  async list(folder?: string): Promise<ArtifactInfo[]> {
    const at = folder === undefined ? this.root : this.#path(folder);
    const entries = await readdir(at, { withFileTypes: true }).catch((e) => {
      if (isAbsent(e)) return [];
      throw this.#fault('listing', folder ?? '', e);
    });
    const prefix = folder === undefined ? '' : `${folder}/`;
    const found = await Promise.all(
      entries
        .filter((entry) => !isTemporary(entry.name))
        .map(async (entry) => ({
          path: prefix + entry.name,
          isFolder: entry.isDirectory(),
          size: entry.isDirectory() ? undefined : (await stat(join(at, entry.name))).size,
        })),
    );
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  put(path: string, bytes: Uint8Array): Promise<void> {
    return this.#write(path, (temporary) => writeFile(temporary, bytes));
  }

  upload(localFile: string, path: string): Promise<void> {
    return this.#write(path, (temporary) => copyFile(localFile, temporary));
  }

  async read(path: string): Promise<Uint8Array> {
    return readFile(this.#path(path)).catch((e) => {
      throw this.#fault('reading', path, e);
    });
  }

  async download(path: string, localFile: string): Promise<void> {
    await copyFile(this.#path(path), localFile).catch((e) => {
      throw this.#fault('reading', path, e);
    });
  }

  async #write(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
    const target = this.#path(path);
    const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
    try {
      await mkdir(dirname(target), { recursive: true });
      await write(temporary);
      await rename(temporary, target);
    } catch (e) {
      await rm(temporary, { force: true });
      throw this.#fault('writing', path, e);
    }
  }

  #path(path: string): string {
    checkArtifactPath(path);
    return join(this.root, path);
  }

  #fault(verb: string, path: string, cause: unknown): MurmurError {
    if (verb !== 'writing' && isAbsent(cause)) return notFound(`artifact ${path}`, this.root, cause);
    return new MurmurError(
      'mlflow.folder_failed',
      `${verb} the artifact ${path} in ${this.root}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { fault: 'external', fix: 'check the folder, its permissions and the space on its disk', cause },
    );
  }
}

function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp');
}

function isAbsent(e: unknown): boolean {
  const { code } = e as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}
