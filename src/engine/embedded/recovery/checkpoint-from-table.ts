/**
 * A checkpoint made from nothing but the table that its query wrote. It ends with the last batch that the table holds; a
 * batch that was planned behind it and never committed is planned anew, which nobody can tell from the first time.
 */
import type { DeltaLog, Snapshot, TailOffset } from '../../../delta/index.js';
import { Ledger } from '../../../sources/files/ledger.js';
import type { Storage } from '../../../storage/storage.js';
import type { QueryDefinition } from '../../engine.js';
import { planInput } from '../../plan-reading.js';
import { type Offsets, WriteAheadLog, walFormat } from '../../wal.js';
import { clockOf, type EmbeddedContext } from '../context.js';
import { ledgerEvidence } from './ledger-evidence.js';
import type { QueryCommit } from './table-evidence.js';

export interface CheckpointSource {
  table: DeltaLog;
  /** The state of the table behind which the query goes on. */
  snapshot: Snapshot;
  /** The last commit of a query in it; undefined where the log no longer has it, which only a landing query can bear. */
  commit: QueryCommit | undefined;
}

export interface NewCheckpoint {
  storage: Storage;
  queryId: string;
  /** The last batch in the table. */
  batchId: number;
}

/** What had to be believed: see `LedgerEvidence`. Both are empty for a query on a table. */
export interface Assumptions {
  assumed: string[];
  gone: string[];
}

/** Writes the checkpoint into an empty storage. */
export async function checkpointFromTable(
  context: EmbeddedContext,
  { name, plan }: QueryDefinition,
  { table, snapshot, commit }: CheckpointSource,
  { storage, queryId, batchId }: NewCheckpoint,
): Promise<Assumptions> {
  const from = planInput(plan);
  const offsets: Omit<Offsets, 'input'> = {
    format: walFormat,
    queryId,
    batchId,
    plannedAt: clockOf(context).now(),
    options: {},
    model: null,
  };
  if (from !== 'landing') {
    const end = commit?.endOffset as TailOffset;
    const input = { kind: 'table' as const, table: from, from: end, to: end };
    await WriteAheadLog.endingWith(storage, name, { ...offsets, input }, snapshot.version);
    return { assumed: [], gone: [] };
  }
  const { ranges, assumed, gone } = await ledgerEvidence(context, name, table, snapshot);
  await Ledger.create(storage.at('sources'), batchId, ranges);
  const input = { kind: 'landing' as const, inputs: [], records: 0, bytes: 0 };
  await WriteAheadLog.endingWith(storage, name, { ...offsets, input }, snapshot.version);
  return { assumed, gone };
}
