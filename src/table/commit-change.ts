/**
 * A change of a table from plan to commit. It is planned on the newest snapshot, its files are written, and it is committed;
 * when others were faster with something that it rests on, it is planned anew on what they left. Files of a lost try are
 * removed when it is certain that no commit names them.
 */
import { backoff } from '../base/backoff.js';
import { MurmurError } from '../base/errors.js';
import type { CommitDescription } from '../delta/commit-info.js';
import type { ConflictKind } from '../delta/conflicts.js';
import { assertWritable } from '../delta/features.js';
import type { DuckSession } from '../duck/session.js';
import { Attempt } from './attempt.js';
import type { TableContext } from './table-context.js';

const tries = 15;

/**
 * @param plan fills an attempt's transaction; undefined when there is nothing to commit
 * @returns the version that the table has now
 * @throws delta.conflict (external, retry) after fifteen lost tries, and what `plan` and `Transaction.commit` throw
 */
export async function commitChange(
  { log, clock }: TableContext,
  session: DuckSession,
  plan: (attempt: Attempt) => Promise<CommitDescription | undefined>,
): Promise<number> {
  for (let tried = 1; ; tried++) {
    const snapshot = await log.update();
    assertWritable(log.storage.root, snapshot.protocol, snapshot.metadata);
    const attempt = new Attempt(log, session, snapshot);
    try {
      const description = await plan(attempt);
      if (description === undefined) return snapshot.version;
      const result = await attempt.transaction.commit(description);
      if (result.outcome === 'committed') return result.version;
      if (tried >= tries)
        throw conflict(log.storage.root, description.operation, result.kind, result.version);
    } catch (e) {
      await attempt.discard();
      throw e;
    }
    await attempt.discard();
    await clock.sleep(backoff(tried));
  }
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
