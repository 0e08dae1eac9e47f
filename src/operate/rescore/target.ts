/**
 * The table that a rescoring fills: like gold, in the lake's SQL, and no part of the pipeline. Its properties say what it was
 * made from, so that an interrupted rescoring goes on where it stopped, with the same rows and the same model.
 */
import { z } from 'zod';
import { MurmurError } from '../../base/errors.js';
import { type DeltaEnv, DeltaLog } from '../../delta/index.js';
import { defaultRetention, tableProperties } from '../../engine/table-properties.js';
import type { Lake } from '../../lake/lake.js';
import { tables as contracts, tableNames } from '../../posts/tables.js';

const madeFrom = z.object({
  table: z.string(),
  tableId: z.string(),
  version: z.int(),
  model: z.string(),
  digest: z.string(),
  neutralId: z.int().nullable(),
  /** Rows of a batch: with the version it says which rows batch N holds. */
  batchRows: z.int(),
});

export type MadeFrom = z.output<typeof madeFrom>;

const property = 'murmur.rescoring';
/** The application whose transactions count the batches. */
export const rescoringApp = 'murmur.rescoring';

/** @throws operate.bad_table_name (user) */
export function checkTargetName(name: string): void {
  const isOurs = (tableNames as readonly string[]).includes(name);
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !isOurs) return;
  throw new MurmurError(
    'operate.bad_table_name',
    isOurs
      ? `rescoring into ${name}: it is a table of the pipeline`
      : `rescoring into ${JSON.stringify(name)}: no name for a table`,
    { fault: 'user', fix: 'name a new table with letters, digits and _, like gold_v2' },
  );
}

/** What the table of this name was made from; undefined when there is none. @throws operate.table_taken (user) */
export async function rescoredBefore(lake: Lake, name: string): Promise<MadeFrom | undefined> {
  const at = (await lake.tableNames()).includes(name) ? await lake.table(name).at() : undefined;
  if (at === undefined) return undefined;
  const text = at.snapshot.metadata.configuration[property];
  if (text === undefined) throw taken(name, 'it was not made by rescoring');
  return madeFrom.parse(JSON.parse(text));
}

/** @throws operate.table_taken (user) for a table that another rescoring made */
export function assertSame(name: string, before: MadeFrom, wanted: MadeFrom): void {
  if (before.table !== wanted.table || before.tableId !== wanted.tableId || before.version !== wanted.version)
    throw taken(name, `it was made from ${before.table} at version ${before.version}`);
  if (before.digest !== wanted.digest) throw taken(name, `it was scored by ${before.model}`);
  if (before.neutralId !== wanted.neutralId)
    throw taken(name, `neutral has the id ${before.neutralId} in it`);
}

export function openTarget(lake: Lake, name: string, env: DeltaEnv, from: MadeFrom): Promise<DeltaLog> {
  return DeltaLog.create(lake.tableStorage.at(name), env, {
    schema: contracts.gold,
    configuration: {
      ...tableProperties('embedded', contracts.gold, defaultRetention),
      [property]: JSON.stringify(from),
    },
  });
}

function taken(name: string, why: string): MurmurError {
  return new MurmurError('operate.table_taken', `rescoring into ${name}: the table is there, and ${why}`, {
    fault: 'user',
    fix: 'name another table, or delete its folder',
    context: { table: name },
  });
}
