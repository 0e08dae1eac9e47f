/** Whose folder in a shared cache is whose: one for every user of it, named `<host>~<pid>~<id>`, given up when its process is no more. */
import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { kill, pid } from 'node:process';

/** Other machines cannot be asked whether their processes live: what they left alone for so long is given up. Milliseconds. */
const abandonedMs = 2 * 86_400_000;

/** Those of this process. */
const ours = new Set<string>();

/** The name of a new folder of this process. */
export function newOwner(): string {
  const name = `${hostname()}~${pid}~${randomUUID()}`;
  ours.add(name);
  return name;
}

/** Deletes the folders of processes that are no more. */
export async function dropAbandoned(processes: string): Promise<void> {
  for (const name of await readdir(processes)) {
    const folder = join(processes, name);
    const [host, owner] = name.split('~');
    const age = Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? 0);
    const isDead = host === hostname() ? !ours.has(name) && !isAlive(Number(owner)) : age > abandonedMs;
    if (isDead) await rm(folder, { recursive: true, force: true });
  }
}

function isAlive(id: number): boolean {
  // An earlier process that had our number.
  if (id === pid) return false;
  try {
    return kill(id, 0);
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM';
  }
}
