/**
 * What the queries of a lake have yet to read of a table, whether they run or not: their checkpoints say how far they are.
 * Maintenance must leave it alone.
 */
import { type DeltaEnv, DeltaLog, decodePath, TableTail, type TailOffset } from '../../delta/index.js';
import type { Storage } from '../../storage/storage.js';
import type { QueryDefinition } from '../engine.js';
import { planInput } from '../plan-reading.js';
import { WriteAheadLog } from '../wal.js';
import type { Places } from './context.js';
import type { PlannedRead } from './input.js';

export interface LakePlaces {
  readonly tables: Places;
  readonly checkpoints: Places;
  readonly delta: DeltaEnv;
}

/** Literal paths of the table's files from which a query has rows to read, and its name. @throws what checkpoints and logs throw */
export async function filesYetToRead(
  { tables, checkpoints, delta }: LakePlaces,
  queries: readonly QueryDefinition[],
  table: string,
): Promise<ReadonlyMap<string, string>> {
  const needed = new Map<string, string>();
  for (const { name, plan } of queries) {
    if (planInput(plan) !== table) continue;
    const offset = await readUpTo(checkpoints.at(name), name);
    if (!offset) continue;
    const tail = new TableTail(await DeltaLog.open(tables.at(table), delta));
    for (const { add } of await tail.filesAfter(offset)) needed.set(decodePath(add.path), name);
  }
  return needed;
}

/** The oldest version of the table's log that a query will ask for, and its name; undefined when none will. */
export async function versionYetToRead(
  { tables, checkpoints }: LakePlaces,
  queries: readonly QueryDefinition[],
  storage: Storage,
): Promise<{ version: number; query: string } | undefined> {
  const needed: { version: number; query: string }[] = [];
  for (const { name, plan } of queries) {
    const table = planInput(plan);
    if (table === 'landing' || tables.at(table).root !== storage.root) continue;
    const offset = await readUpTo(checkpoints.at(name), name);
    if (offset) needed.push({ version: offset.version, query: name });
  }
  return needed.sort((a, b) => a.version - b.version)[0];
}

/** Up to where a query has read its table for good; undefined when it has not begun. */
export async function readUpTo(checkpoint: Storage, stream: string): Promise<TailOffset | undefined> {
  const wal = await WriteAheadLog.open(checkpoint, stream);
  const last = wal?.lastBatchId;
  if (!wal || last === undefined) return undefined;
  const input = (await wal.readOffsets(last)).input as PlannedRead & { from: TailOffset; to: TailOffset };
  return (await wal.readCommit(last)) ? input.to : input.from;
}
