/**
 * The merge of an aggregate as one statement. Keys are compared null-safely; a null counts as nothing in every rule.
 * Spark runs it again unharmed when the session names the same `txnAppId` and `txnVersion`.
 */
import { MurmurError } from '../../../base/errors.js';
import { quotedName } from '../../../posts/sql/spark-literals.js';
import type { MergeRule, Plan } from '../../plan.js';

/**
 * @param target a table as a statement names it: `` delta.`/path` ``
 * @param rows SELECT of the aggregated rows, each key once (`CompiledQuery.rows`)
 */
export function mergeSql({ sink }: Plan, target: string, rows: string): string {
  if (sink.op !== 'merge')
    throw new MurmurError('engine.plan_invalid', `merge of a plan that appends to ${sink.table}`, {
      fault: 'internal',
    });
  const ruled = Object.entries(sink.columns).map(([name, rule]) => ({ name, rule }));
  const derived = Object.entries(sink.derive).map(([name, from]) => ({ name, from }));
  const sum = (from: readonly string[], of: (name: string) => string) =>
    from.map((name) => `coalesce(${of(name)}, 0)`).join(' + ');
  const source = (name: string) => `s.${quotedName(name)}`;
  const merged = (name: string) => ruleSql(sink.columns[name] ?? 'replace', quotedName(name));
  const updates = [
    ...ruled.map(({ name }) => `t.${quotedName(name)} = ${merged(name)}`),
    ...derived.map(({ name, from }) => `t.${quotedName(name)} = ${sum(from, merged)}`),
  ];
  const inserts = [
    ...[...sink.keys, ...ruled.map(({ name }) => name)].map((name) => [name, source(name)] as const),
    ...derived.map(({ name, from }) => [name, sum(from, source)] as const),
  ];
  return `MERGE INTO ${target} AS t USING (${rows}) AS s
ON ${sink.keys.map((name) => `t.${quotedName(name)} <=> s.${quotedName(name)}`).join(' AND ')}
WHEN MATCHED THEN UPDATE SET ${updates.join(', ')}
WHEN NOT MATCHED THEN INSERT (${inserts.map(([name]) => quotedName(name)).join(', ')}) VALUES (${inserts.map(([, value]) => value).join(', ')})`;
}

function ruleSql(rule: MergeRule, name: string): string {
  const [t, s] = [`t.${name}`, `s.${name}`];
  switch (rule) {
    case 'add':
      return `CASE WHEN ${t} IS NULL THEN ${s} WHEN ${s} IS NULL THEN ${t} ELSE ${t} + ${s} END`;
    case 'least':
    case 'greatest':
      return `${rule}(${t}, ${s})`;
    case 'replace':
      return s;
  }
}
