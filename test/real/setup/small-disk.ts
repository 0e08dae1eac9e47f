/**
 * A file system of a given size that a test may fill. It is mounted in a namespace of a process of its own and reached through
 * that process, so it is gone with it, however the tests end. Needs the right to mount: root's, or user namespaces.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The smallest space that a file system of this kind gives or takes, in bytes. */
export const page = 4096;

export class SmallDisk {
  private constructor(
    private readonly holder: ChildProcess,
    /** The root of the file system, for a program that is started by `run`. */
    readonly mountPoint: string,
    /** The same for this process; a link that is lost where a path is resolved. */
    readonly path: string,
    private readonly namespaces: readonly string[],
  ) {}

  /** @throws where neither this user nor a namespace of its own may mount */
  static async mount(bytes: number): Promise<SmallDisk> {
    const mountPoint = mkdtempSync(join(tmpdir(), 'murmur-disk-'));
    const mount = `mount -t tmpfs -o size=${bytes} murmur "$0" && echo mounted && exec cat`;
    const said: string[] = [];
    for (const flags of ['-m', '-rm']) {
      const holder = spawn('unshare', [flags, 'sh', '-c', mount, mountPoint]);
      holder.stderr.on('data', (text) => said.push(String(text).trim()));
      const failed = once(holder, 'error').then(([e]) => said.push(String(e)));
      const mounted = once(holder.stdout, 'data').then(() => true);
      if ((await Promise.race([mounted, failed, once(holder, 'exit')])) === true)
        return new SmallDisk(
          holder,
          mountPoint,
          `/proc/${holder.pid}/root${mountPoint}`,
          flags === '-m' ? ['-m'] : ['-m', '-U', '--preserve-credentials'],
        );
    }
    rmdirSync(mountPoint);
    throw new Error(
      `no small file system without the right to mount (root, or user namespaces): ${said.join('; ')}`,
    );
  }

  /** Runs a program to its end where the file system is an ordinary folder. */
  run(program: string, args: readonly string[]): { code: number | null; stderr: string } {
    const enter = ['-t', String(this.holder.pid), ...this.namespaces, program, ...args];
    const { status, stderr } = spawnSync('nsenter', enter, { encoding: 'utf8' });
    return { code: status, stderr };
  }

  /** Takes all space but so many bytes. */
  fill(leave = 0): void {
    const { bavail, bsize } = statfsSync(this.path);
    let left = Math.max(0, bavail * bsize - leave);
    const file = openSync(this.#filler, 'a');
    const zeros = Buffer.alloc(2 ** 20);
    try {
      while (left > 0) left -= writeSync(file, zeros, 0, Math.min(left, zeros.length));
    } catch (e) {
      // Somebody else has taken some of it meanwhile.
      if ((e as NodeJS.ErrnoException).code !== 'ENOSPC') throw e;
    } finally {
      closeSync(file);
    }
  }

  /** Deletes everything. */
  clear(): void {
    for (const name of readdirSync(this.path)) rmSync(join(this.path, name), { recursive: true });
  }

  /** Gives back what `fill` took. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  async unmount(): Promise<void> {
    this.holder.stdin!.end();
    await once(this.holder, 'exit');
    rmdirSync(this.mountPoint);
  }

  get #filler(): string {
    return join(this.path, 'filler');
  }
}
