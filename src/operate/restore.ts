/**
 * Restores a table. What a query of the lake writes or reads is not restored under it: it would go on behind rows that are gone,
 * or stop at the first commit that takes rows away.
 */
import { MurmurError } from '../base/errors.js';
import { planRestore, type RestorePlan, type RestoreTarget } from '../delta/index.js';
import { planInput } from '../engine/plan-reading.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { tableNames } from '../posts/tables.js';
import { type RestoredTable, restoreTable } from '../table/restore.js';
import { type CaredTable, withCare } from './table-care.js';

export interface Restored extends RestoredTable {
  table: string;
}

/** What a restore would do. @throws operate.restore_feeds_pipeline (user), and what `planRestore` throws */
export function planRestoreCared(
  cared: CaredTable,
  to: RestoreTarget,
  { rebuildDownstream = false } = {},
): Promise<RestorePlan> {
  if (!rebuildDownstream) assertApart(cared);
  return withCare(cared, ({ log }) => planRestore(log, to));
}

/** @throws operate.restore_feeds_pipeline (user), delta.conflict (external), and what `restore` throws */
export function restoreCared(cared: CaredTable, to: RestoreTarget): Promise<Restored> {
  assertApart(cared);
  return withCare(cared, async (care) => ({ table: care.name, ...(await restoreTable(care, to)) }));
}

function assertApart({ table: { name }, open }: CaredTable): void {
  if (open === undefined || !(tableNames as readonly string[]).includes(name)) return;
  const queries = definePipelineQueries(open.spec, 'idle', open.rules).filter(
    ({ plan }) => plan.sink.table === name || planInput(plan) === name,
  );
  const rebuildable = queries.some(({ plan }) => plan.sink.table === name);
  const who = rebuildable ? queries.map((query) => query.name).join(' and ') : 'every query';
  throw new MurmurError(
    'operate.restore_feeds_pipeline',
    `restoring ${name}: ${who} of this lake would go on as if nothing had happened`,
    {
      fault: 'user',
      fix: rebuildable
        ? `add --rebuild-downstream, which makes the tables behind ${name} anew; or read the old rows with "murmur table head ${name} --version N"`
        : `read the old rows with "murmur table head ${name} --version N"`,
      context: { table: name },
    },
  );
}
