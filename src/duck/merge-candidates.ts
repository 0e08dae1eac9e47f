/** Which files can hold a key of a merge's source, by statistics alone: reading a file costs more than asking these. */
import { MurmurError } from '../base/errors.js';
import type { AddFile } from '../delta/actions.js';
import { type Condition, planScan, type Snapshot } from '../delta/index.js';
import type { DataType, StructField } from '../schema/column-types.js';
import type { Json } from './json-value.js';
import type { DuckSession } from './session.js';
import { quoteIdent } from './sql-text.js';

/**
 * One pass over the source: how many rows it has, that no key is there twice, and from where to where its keys reach.
 * @param source a relation with the key columns, in parentheses
 * @throws duck.merge_duplicate_keys (internal)
 */
export async function mergeCandidates(
  session: DuckSession,
  snapshot: Snapshot,
  source: string,
  keys: readonly StructField[],
): Promise<{ sourceRows: number; files: AddFile[] }> {
  const names = keys.map((f) => quoteIdent(f.name));
  const measures = names.flatMap((name, i) => [
    `count(${name}) AS present${i}`,
    `min(${name}) AS min${i}`,
    `max(${name}) AS max${i}`,
  ]);
  const [found] = await session.rows(
    `SELECT count(*) AS n, count(DISTINCT row(${names.join(', ')})) AS different, ${measures.join(', ')} FROM ${source}`,
  );
  const sourceRows = Number(found!.n);
  if (Number(found!.different) !== sourceRows) {
    throw new MurmurError(
      'duck.merge_duplicate_keys',
      `merging ${sourceRows} rows that have only ${found!.different} different keys`,
      { fault: 'internal' },
    );
  }
  if (sourceRows === 0) return { sourceRows, files: [] };
  const perKey = keys.map(({ name, type }, i) => {
    const present = Number(found![`present${i}`]);
    const files = new Set<AddFile>();
    if (present > 0) {
      const range = rangeConditions(name, type, found![`min${i}`]!, found![`max${i}`]!);
      for (const file of planScan(snapshot, range)) files.add(file);
    }
    if (present < sourceRows) {
      for (const file of planScan(snapshot, [{ column: name, op: 'is null' }])) files.add(file);
    }
    return files;
  });
  return { sourceRows, files: snapshot.files.filter((file) => perKey.every((files) => files.has(file))) };
}

/** Empty, which skips nothing, for types whose values do not come out of SQL in the form of statistics. */
export function rangeConditions(column: string, type: DataType, min: Json, max: Json): Condition[] {
  const value = (json: Json): string | bigint | undefined => {
    if (type === 'string' || type === 'date') return String(json);
    if (type === 'long' || type === 'integer' || type === 'short' || type === 'byte')
      return BigInt(String(json));
    return undefined;
  };
  const [from, to] = [value(min), value(max)];
  if (from === undefined || to === undefined) return [];
  return [
    { column, op: '>=', value: from },
    { column, op: '<=', value: to },
  ];
}
