/**
 * Which checkpoint belongs to which table. A query id is made once, put into the checkpoint, then into version 0 of the
 * table; from then on each is worthless without the other, and a query refuses to run on a pair that does not match:
 * going on would lose posts or write them twice.
 */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../../base/errors.js';
import type { DeltaEnv, DeltaLog } from '../../delta/index.js';
import { type Snapshot, DeltaLog as Tables } from '../../delta/index.js';
import type { StructType } from '../../schema/column-types.js';
import type { Storage } from '../../storage/storage.js';
import { queryIdProperty, type Retention, tableProperties } from '../table-properties.js';
import { checkWriter } from '../table-writer.js';
import { checkpointFix, WriteAheadLog } from '../wal.js';

export interface QueryIdentity {
  stream: string;
  /** The table's name, for messages. */
  table: string;
  schema: StructType;
  stamp: Readonly<Record<string, string>>;
  retention: Retention;
}

export interface OpenedQuery {
  table: DeltaLog;
  wal: WriteAheadLog;
}

/**
 * Opens the table and the checkpoint of a query, creating both for a new one.
 * @throws engine.checkpoint_missing, engine.checkpoint_mismatch, engine.checkpoint_corrupt, engine.stamp_differs,
 *   engine.other_engine, engine.foreign_table (all user)
 */
export async function openQuery(
  storage: Storage,
  checkpoint: Storage,
  env: DeltaEnv,
  query: QueryIdentity,
): Promise<OpenedQuery> {
  const existing = await Tables.openIfExists(storage, env);
  let wal = await WriteAheadLog.open(checkpoint, query.stream);
  if (existing) {
    checkWriter('embedded', existing.snapshot.metadata.configuration, query);
    if (!wal) throw lost(existing, checkpoint, query);
    await checkPair(existing, wal, query);
    return { table: existing, wal };
  }
  if (wal && (await anyCommit(wal))) throw tableLost(storage, wal, query);
  wal ??= await WriteAheadLog.create(checkpoint, query.stream, randomUUID());
  const table = await Tables.create(storage, env, {
    schema: query.schema,
    configuration: tableProperties('embedded', query.schema, query.retention, {
      queryId: wal.queryId,
      stamp: query.stamp,
    }),
  });
  checkWriter('embedded', table.snapshot.metadata.configuration, query);
  await checkPair(table, wal, query);
  return { table, wal };
}

async function checkPair(
  { snapshot }: DeltaLog,
  wal: WriteAheadLog,
  { stream, table }: QueryIdentity,
): Promise<void> {
  const found = await misfit(snapshot, wal);
  if (found === undefined) return;
  throw new MurmurError(
    'engine.checkpoint_mismatch',
    `checkpoint ${wal.storage.root} does not fit table ${table}: ${found.detail}`,
    { fault: 'user', fix: misfitFix(found.kind, stream), context: { stream } },
  );
}

export interface Misfit {
  kind: 'other query' | 'checkpoint behind' | 'table behind';
  detail: string;
}

/** Why a checkpoint and a table do not belong together; undefined when they do. */
export async function misfit(snapshot: Snapshot, wal: WriteAheadLog): Promise<Misfit | undefined> {
  const queryId = snapshot.metadata.configuration[queryIdProperty];
  if (queryId !== wal.queryId)
    return {
      kind: 'other query',
      detail: `it belongs to query ${wal.queryId}, the table to query ${queryId}`,
    };
  const inTable = snapshot.txnVersion(wal.queryId) ?? -1;
  const planned = wal.lastBatchId ?? -1;
  if (inTable > planned)
    return {
      kind: 'checkpoint behind',
      detail: `the table holds batch ${inTable}, the checkpoint ends at ${planned}`,
    };
  const committed = (await wal.readCommit(planned)) ? planned : planned - 1;
  if (inTable < committed)
    return {
      kind: 'table behind',
      detail: `it committed batch ${committed}, the table ends at ${inTable}`,
    };
  return undefined;
}

/** Only a checkpoint that is behind its table can be made from it: else one of the two is not what it should be. */
export function misfitFix(kind: Misfit['kind'], stream: string): string {
  if (kind === 'checkpoint behind') return checkpointFix;
  const what = kind === 'other query' ? 'checkpoint that belongs to the table' : 'newer table';
  return `put the ${what} back, or make the table anew with \`murmur rebuild ${stream}\``;
}

/** Whether any batch of this checkpoint got as far as its table. */
export async function anyCommit(wal: WriteAheadLog): Promise<boolean> {
  const last = wal.lastBatchId ?? -1;
  return last > 0 || (last === 0 && (await wal.readCommit(0)) !== undefined);
}

function lost(table: DeltaLog, checkpoint: Storage, { stream, table: name }: QueryIdentity): MurmurError {
  return new MurmurError(
    'engine.checkpoint_missing',
    `table ${name} exists, its checkpoint ${checkpoint.root} does not`,
    { fault: 'external', fix: checkpointFix, context: { stream, tableVersion: table.snapshot.version } },
  );
}

function tableLost(storage: Storage, wal: WriteAheadLog, { stream, table }: QueryIdentity): MurmurError {
  return new MurmurError(
    'engine.checkpoint_mismatch',
    `checkpoint ${wal.storage.root} has committed batches, table ${table} in ${storage.root} is missing`,
    {
      fault: 'user',
      fix: `put the table back, or make it anew with \`murmur rebuild ${stream}\``,
      context: { stream },
    },
  );
}
