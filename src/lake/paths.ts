/** Where things are: the folders of a lake, and how a lake is found from any folder inside it. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { absoluteLocation, isRemote } from '../storage/open-storage.js';

export const configName = 'murmur.yaml';

/** Absolute paths of everything a lake consists of; landing place and tables may be URLs of a bucket. */
export interface LakePaths {
  /** The lake's folder, without symbolic links. */
  readonly dir: string;
  readonly config: string;
  readonly landing: string;
  readonly tables: string;
  /**
   * One folder a streaming query; beside the tables, because neither is of use without the other, or in the lake's folder where
   * the tables are not on this machine.
   */
  readonly checkpoints: string;
  readonly spool: string;
  readonly mlruns: string;
  /** Of the running pipeline: control socket, logs. */
  readonly run: string;
  /** Base name of the control socket (see `control-claim.ts`). */
  readonly socket: string;
}

/** @param written `landing` and `tables` as they stand in murmur.yaml: relative ones are relative to the lake; or `s3://…` */
export function lakePaths(
  folder: string,
  written: { landing?: string | undefined; tables?: string | undefined } = {},
): LakePaths {
  const dir = existsSync(folder) ? realpathSync(folder) : resolve(folder);
  const tables = absoluteLocation(written.tables ?? 'tables', dir);
  const name = basename(tables);
  const run = join(dir, 'run');
  return {
    dir,
    config: join(dir, configName),
    landing: absoluteLocation(written.landing ?? 'landing', dir),
    tables,
    checkpoints: join(
      isRemote(tables) ? dir : dirname(tables),
      name === 'tables' ? 'checkpoints' : `${name}-checkpoints`,
    ),
    spool: join(dir, 'spool'),
    mlruns: join(dir, 'mlruns'),
    run,
    socket: socketBase(dir, run),
  };
}

/** The nearest folder with a murmur.yaml, from `start` upward; undefined when there is none. */
export function findLake(start: string): string | undefined {
  for (let dir = resolve(start); ; dir = dirname(dir)) {
    if (existsSync(join(dir, configName))) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}

/** Bytes that a Unix socket's path may have everywhere (104 on macOS), less what `control-claim.ts` appends. */
const longestBase = 100 - 12;

/** Every process must find the same name: where the lake's own folder is too deep, a hash of it under /tmp. */
function socketBase(dir: string, run: string): string {
  const hash = createHash('sha256').update(dir).digest('hex').slice(0, 16);
  if (tmpdir().includes('\\')) return `\\\\.\\pipe\\murmur-${hash}`;
  const base = join(run, 'control.sock');
  return Buffer.byteLength(base) <= longestBase ? base : `/tmp/murmur-${hash}.sock`;
}
