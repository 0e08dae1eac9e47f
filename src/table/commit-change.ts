/**
 * A change of a table from plan to commit. It is planned on a snapshot, its files are written, and it is committed; when
 * others were faster with something that it rests on, it is planned anew on what they left. Files of a lost try are removed
 * when it is certain that no commit names them.
 */
import { backoff } from '../base/backoff.js';
import { MurmurError } from '../base/errors.js';
import type { DataFile } from '../delta/actions.js';
import type { CommitDescription } from '../delta/commit-info.js';
import type { ConflictKind } from '../delta/conflicts.js';
import type { Snapshot } from '../delta/snapshot.js';
import type { Transaction } from '../delta/transaction.js';
import type { TableContext } from './table-context.js';

/** A change, ready to be committed. */
export interface PlannedChange {
  /** Rests on the snapshot that the change was planned on, and names every file. */
  transaction: Transaction;
  description: CommitDescription;
  /** Files written for it. */
  written: readonly DataFile[];
}

const tries = 15;

/**
 * @param plan makes the change for a snapshot; undefined when there is nothing to do
 * @returns the version that the table has now
 * @throws delta.conflict (external, retry) after fifteen lost tries, and what `plan` and `Transaction.commit` throw
 */
export async function commitChange(
  { log, clock }: TableContext,
  plan: (snapshot: Snapshot) => Promise<PlannedChange | undefined>,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const snapshot = await log.update();
    const change = await plan(snapshot);
    if (change === undefined) return snapshot.version;
    const { transaction, description, written } = change;
    const result = await transaction.commit(description).catch(async (e: unknown) => {
      if (!transaction.mayBeCommitted) await discard(log.storage, written);
      throw e;
    });
    if (result.outcome === 'committed') return result.version;
    await discard(log.storage, written);
    if (attempt >= tries)
      throw conflict(log.storage.root, description.operation, result.kind, result.version);
    await clock.sleep(backoff(attempt));
  }
}

/** Files that no commit names, and none will. What cannot be deleted now is vacuum's. */
export async function discard(
  storage: { delete(path: string): Promise<void> },
  files: readonly DataFile[],
): Promise<void> {
  await Promise.allSettled(files.map(({ path }) => storage.delete(path)));
}

function conflict(root: string, operation: string, kind: ConflictKind, version: number): MurmurError {
  return new MurmurError(
    'delta.conflict',
    `committing ${operation} to ${root}: ${tries} tries lost to others, the last to version ${version} (${kind})`,
    {
      fault: 'external',
      retry: 'backoff',
      fix: 'try again when fewer writers change the same rows',
      context: { root, kind, version },
    },
  );
}
