/** What tests of transactions do to a table, and how they say what came of it. */
import { expect } from 'vitest';
import type { CommitInfo, DataFile } from '../../src/delta/actions.js';
import { type CommitResult, DeltaLog, type Transaction } from '../../src/delta/index.js';
import { readCommit } from '../../src/delta/log.js';
import type { MemoryStorage } from '../../src/storage/memory.js';
import { testEnv, writeRows } from './rows.js';

/** @param storage gives the table's storage of the moment */
export function transactionsOn(storage: () => MemoryStorage) {
  return {
    open: (): Promise<DeltaLog> => DeltaLog.open(storage(), testEnv()),
    newFile: (...numbers: number[]): Promise<DataFile> =>
      writeRows(
        storage(),
        numbers.map((n) => ({ n })),
      ),
    /** The version's first action, which must be this alone. */
    async infoOf(version: number): Promise<CommitInfo> {
      const actions = (await readCommit(storage(), version))!;
      expect(Object.keys(actions[0]!)).toEqual(['commitInfo']);
      return actions[0]!.commitInfo!;
    },
  };
}

export function write(transaction: Transaction): Promise<CommitResult> {
  return transaction.commit({ operation: 'WRITE' });
}

export function shortOf(result: CommitResult): string {
  return result.outcome === 'conflict' ? `${result.kind} ${result.version}` : `committed ${result.version}`;
}
