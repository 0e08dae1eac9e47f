/** An older version made the newest again. */
import { MurmurError } from '../base/errors.js';
import { type RestoreTarget, restore } from '../delta/restore.js';
import type { TableContext } from './table-context.js';

export interface RestoredTable {
  /** The new version, and the one whose state it has. */
  version: number;
  target: number;
  filesRestored: number;
  filesRemoved: number;
}

/** @throws delta.conflict (external) when others changed the table meanwhile, and what `restore` throws */
export async function restoreTable(
  { log }: TableContext,
  to: RestoreTarget,
  kept?: Parameters<typeof restore>[2],
): Promise<RestoredTable> {
  const result = await restore(log, to, kept);
  if (result.outcome === 'restored') {
    const { version, target, restored, removed } = result;
    return { version, target, filesRestored: restored.length, filesRemoved: removed.length };
  }
  const { version, kind } = result;
  throw new MurmurError(
    'delta.conflict',
    `restoring ${log.storage.root}: version ${version} changed it meanwhile (${kind})`,
    {
      fault: 'external',
      retry: 'backoff',
      fix: 'look at its history, and try again if what came since may go too',
      context: { root: log.storage.root, kind, version },
    },
  );
}
