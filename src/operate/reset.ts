/** Back to an empty lake: tables, checkpoints and what a run left behind go; landing, murmur.yaml and models stay. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { bounded } from '../base/bounded.js';
import { MurmurError } from '../base/errors.js';
import { ControlServer } from '../lake/control-server.js';
import type { Lake } from '../lake/lake.js';
import { forgetCheckpoint, sparkCheckpoints, sparkStreams } from '../pipeline/spark/checkpoints.js';
import { checkpointsBesideTables } from '../pipeline/spark/connect-lake.js';
import type { Storage } from '../storage/storage.js';

export interface ResetPlan {
  /** Absolute folders, or URLs, of what will be deleted. */
  folders: string[];
  tables: { table: string; rows: number | null }[];
}

/** What a reset would delete. */
export async function planReset(lake: Lake): Promise<ResetPlan> {
  const { tables, checkpoints } = lake.paths;
  const counted = await lake.tables();
  const hasTables =
    lake.tableStorage.kind === 'local'
      ? existsSync(tables)
      : counted.length > 0 || (await holdsFiles(sparkCheckpoints(lake)));
  return {
    folders: [...(hasTables ? [tables] : []), ...(existsSync(checkpoints) ? [checkpoints] : [])],
    tables: counted.map(({ table, rows }) => ({ table, rows })),
  };
}

/**
 * Deletes what the plan names, holding the lake so that no run can begin meanwhile. Checkpoints go last: tables without
 * checkpoints are refused by a run, checkpoints without tables too, but never taken for a sound lake.
 * @throws lake.already_running (user), operate.foreign_files (user) when the tables folder holds something else
 */
export async function reset(lake: Lake): Promise<void> {
  const { paths, tableStorage } = lake;
  const held = await ControlServer.claim(paths.socket);
  try {
    if (tableStorage.kind === 'local') {
      refuse(paths.tables, foreignIn(paths.tables));
      rmSync(paths.tables, { recursive: true, force: true });
    } else await deleteTables(tableStorage);
    for (const stream of sparkStreams) await forgetCheckpoint(lake, stream);
    rmSync(paths.checkpoints, { recursive: true, force: true });
  } finally {
    await held.close();
  }
}

function foreignIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => !existsSync(`${folder}/${name}/_delta_log`));
}

/** Logs go last: what is left after a reset that broke off is still known as a table. */
async function deleteTables(storage: Storage): Promise<void> {
  const data: string[] = [];
  const logs: string[] = [];
  for await (const { path } of storage.list(''))
    if (!isOfCheckpoint(path)) (isOfLog(path) ? logs : data).push(path);
  const nameOf = (path: string) => path.split('/')[0]!;
  const tables = new Set(logs.map(nameOf));
  refuse(
    storage.root,
    [...new Set(data.map(nameOf))].filter((name) => !tables.has(name)),
  );
  for (const paths of [data, logs]) await bounded(paths, 16, (path) => storage.delete(path));
}

/** Spark's checkpoints stand beside tables that are in a bucket. */
function isOfCheckpoint(path: string): boolean {
  const [folder, stream] = path.split('/');
  return folder === checkpointsBesideTables && sparkStreams.includes(stream ?? '');
}

async function holdsFiles(storage: Storage): Promise<boolean> {
  for await (const _ of storage.list('')) return true;
  return false;
}

function isOfLog(path: string): boolean {
  return path.split('/')[1] === '_delta_log';
}

/** `tables` may have been pointed at a place that is not ours to delete. */
function refuse(where: string, foreign: readonly string[]): void {
  if (foreign.length === 0) return;
  throw new MurmurError(
    'operate.foreign_files',
    `resetting: ${where} also holds ${foreign.slice(0, 5).join(', ')}`,
    {
      fault: 'user',
      fix: 'move away what is no Delta table, or delete the folder yourself',
    },
  );
}
