/**
 * The few things that a file store does to a disk. A file is replaced whole, a folder appears whole and only where none
 * was, so that a reader (Python's client among them) never meets half a run, and of two makers one wins.
 */
import { randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { MurmurError } from '../../base/errors.js';

/** Content by path within the new folder; a path that ends in `/` is an empty folder. */
export type FolderContent = Record<string, string>;

/**
 * Makes a folder at once, unless something is there.
 * @param staging a name beside which nothing else is made, on the same disk
 */
export async function createFolder(
  target: string,
  content: FolderContent,
  staging: string,
): Promise<'created' | 'exists'> {
  const temporary = `${staging}.${randomUUID()}.tmp`;
  try {
    for (const [path, text] of Object.entries(content)) {
      const full = join(temporary, path);
      await mkdir(path.endsWith('/') ? full : dirname(full), { recursive: true });
      if (!path.endsWith('/')) await writeFile(full, text);
    }
    await mkdir(dirname(target), { recursive: true });
    await rename(temporary, target);
    return 'created';
  } catch (e) {
    await rm(temporary, { recursive: true, force: true });
    if (
      ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(codeOf(e)) &&
      (await folders(dirname(target))).includes(target)
    ) {
      return 'exists';
    }
    throw failed('making', target, e);
  }
}

export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (e) {
    await rm(temporary, { force: true });
    throw failed('writing', path, e);
  }
}

/** Appends lines; a line that a full disk or a crash cut off is taken away, because MLflow refuses to read past it. */
export async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  let file: FileHandle | undefined;
  try {
    await mkdir(dirname(path), { recursive: true });
    file = await open(path, 'a+');
    const end = await endOfLines(file);
    try {
      await file.writeFile(lines.map((line) => `${line}\n`).join(''));
    } catch (e) {
      await file.truncate(end);
      throw e;
    }
  } catch (e) {
    throw failed('writing', path, e);
  } finally {
    await file?.close();
  }
}

/** The text of a file, or `undefined` where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (e) {
    if (isAbsent(e)) return undefined;
    throw failed('reading', path, e);
  }
}

/** Every file below a folder, by its path within it with `/` between: MLflow's keys may hold one. */
export async function readTree(folder: string): Promise<Record<string, string>> {
  const entries = await entriesOf(folder, true);
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map((entry) => join(entry.parentPath, entry.name));
  const found: Record<string, string> = {};
  for (const path of paths.sort()) {
    const text = await readIfThere(path);
    if (text !== undefined) found[relative(folder, path).split(sep).join('/')] = text;
  }
  return found;
}

/** Paths of the folders in a folder, sorted; none where it is not there. */
export async function folders(parent: string): Promise<string[]> {
  const entries = await entriesOf(parent, false);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(parent, entry.name))
    .sort();
}

/** A text as it comes back from a file: half a surrogate pair becomes U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch((e) => {
    throw failed('removing', path, e);
  });
}

async function entriesOf(folder: string, recursive: boolean): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true, recursive });
  } catch (e) {
    if (isAbsent(e)) return [];
    throw failed('listing', folder, e);
  }
}

/** Where the last whole line ends; what is behind it is cut off. */
async function endOfLines(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, 4096));
  await file.read(tail, 0, tail.length, size - tail.length);
  const end = size - tail.length + tail.lastIndexOf('\n') + 1;
  if (end < size) await file.truncate(end);
  return end;
}

function isAbsent(e: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(e));
}

function codeOf(e: unknown): string {
  return (e as NodeJS.ErrnoException).code ?? '';
}

function failed(doing: string, path: string, cause: unknown): MurmurError {
  const full = ['ENOSPC', 'EDQUOT'].includes(codeOf(cause));
  return new MurmurError(
    'mlflow.folder_failed',
    `${doing} ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      fault: 'external',
      retry: full ? 'backoff' : 'never',
      fix: full ? 'free some space on the disk' : 'check the folder and its permissions',
      cause,
      context: { path },
    },
  );
}
