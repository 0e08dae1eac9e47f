import { MurmurError } from '../../../base/errors.js';
import { quotedName } from '../../../posts/sql/spark-literals.js';
import type { Plan } from '../../plan.js';

/**
 * The table of an aggregate made anew, as one statement: what merging all rows into an empty table gives.
 * @param rows SELECT of the aggregated rows, each key once
 */
export function overwriteSql({ sink }: Plan, target: string, rows: string): string {
  if (sink.op !== 'merge')
    throw new MurmurError('engine.plan_invalid', `rewriting ${sink.table}, which is appended to`, {
      fault: 'internal',
    });
  const taken = [...sink.keys, ...Object.keys(sink.columns)].map((name) => [name, quotedName(name)] as const);
  const derived = Object.entries(sink.derive).map(
    ([name, from]) => [name, from.map((column) => `coalesce(${quotedName(column)}, 0)`).join(' + ')] as const,
  );
  const columns = [...taken, ...derived];
  return `INSERT OVERWRITE ${target} (${columns.map(([name]) => quotedName(name)).join(', ')})
SELECT ${columns.map(([name, value]) => `${value} AS ${quotedName(name)}`).join(', ')} FROM (${rows})`;
}
