/** Back to an empty lake: tables, checkpoints and what a run left behind go; landing, murmur.yaml and models stay. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { MurmurError } from '../base/errors.js';
import { ControlServer } from '../lake/control-server.js';
import type { Lake } from '../lake/lake.js';

export interface ResetPlan {
  /** Absolute folders that will be deleted. */
  folders: string[];
  tables: { table: string; rows: number | null }[];
}

/** What a reset would delete. */
export async function planReset(lake: Lake): Promise<ResetPlan> {
  const { tables, checkpoints } = lake.paths;
  const counted = await lake.tables();
  return {
    folders: [tables, checkpoints].filter((folder) => existsSync(folder)),
    tables: counted.map(({ table, rows }) => ({ table, rows })),
  };
}

/**
 * Deletes what the plan names, holding the lake so that no run can begin meanwhile. Checkpoints go last: tables without
 * checkpoints are refused by a run, checkpoints without tables too, but never taken for a sound lake.
 * @throws lake.already_running (user), operate.foreign_files (user) when the tables folder holds something else
 */
export async function reset({ paths }: Lake): Promise<void> {
  const held = await ControlServer.claim(paths.socket);
  try {
    refuseForeign(paths.tables);
    rmSync(paths.tables, { recursive: true, force: true });
    rmSync(paths.checkpoints, { recursive: true, force: true });
  } finally {
    await held.close();
  }
}

/** `tables` may have been pointed at a folder that is not ours to delete. */
function refuseForeign(folder: string): void {
  if (!existsSync(folder)) return;
  const foreign = readdirSync(folder).filter((name) => !existsSync(`${folder}/${name}/_delta_log`));
  if (foreign.length === 0) return;
  throw new MurmurError(
    'operate.foreign_files',
    `resetting: ${folder} also holds ${foreign.slice(0, 5).join(', ')}`,
    {
      fault: 'user',
      fix: 'move away what is no Delta table, or delete the folder yourself',
    },
  );
}
