/** Where things are: the folders of a lake, and how a lake is found from any folder inside it. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { socketBase } from '../base/claim.js';
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
  /** Base name of the control socket (see `base/claim.ts`). */
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
    socket: socketBase(join(run, 'control.sock')),
  };
}

/** The nearest folder with a murmur.yaml, from `start` upward; undefined when there is none. */
export function findLake(start: string): string | undefined {
  for (let dir = resolve(start); ; dir = dirname(dir)) {
    if (existsSync(join(dir, configName))) return dir;
    if (dir === dirname(dir)) return undefined;
  }
}
