/** A condition on partition columns, as SQL: which partitions of a table it is true for. */
import { asMurmurError, MurmurError } from '../base/errors.js';
import type { AddFile } from '../delta/actions.js';
import { partitionValue, type Snapshot } from '../delta/index.js';
import { partitionLiteral } from './partition-value.js';
import type { DuckSession } from './session.js';
import { quoteIdent } from './sql-text.js';

/**
 * Says of a live file of the snapshot whether its partition matches.
 * @throws duck.partition_condition (user) for tables without partitions, and conditions that say more than partitions know
 */
export async function partitionFilter(
  session: DuckSession,
  { schema, metadata, files }: Pick<Snapshot, 'schema' | 'metadata' | 'files'>,
  where: string,
): Promise<(file: AddFile) => boolean> {
  const fields = metadata.partitionColumns.map((name) => schema.fields.find((field) => field.name === name)!);
  const refused = (why: string, cause?: unknown) =>
    new MurmurError('duck.partition_condition', `choosing partitions by ${where}: ${why}`, {
      fault: 'user',
      fix:
        fields.length === 0
          ? 'leave the condition away'
          : `name partition columns only: ${metadata.partitionColumns.join(', ')}`,
      cause,
    });
  if (fields.length === 0) throw refused('the table has no partitions');
  const keyOf = (file: AddFile) =>
    JSON.stringify(fields.map(({ name }) => partitionValue(file.partitionValues, name) || null));
  const keys = [...new Set(files.map(keyOf))];
  if (keys.length === 0) return () => false;
  const rows = keys.map((key, i) => {
    const values = JSON.parse(key) as (string | null)[];
    return `(${[i, ...fields.map(({ type }, f) => partitionLiteral(type, values[f]))].join(', ')})`;
  });
  const columns = ['partition_key', ...metadata.partitionColumns.map(quoteIdent)].join(', ');
  try {
    const found = await session.rows<{ partition_key: number }>(
      `SELECT partition_key FROM (VALUES ${rows.join(', ')}) AS partitions(${columns}) WHERE ${where}`,
    );
    const matching = new Set(found.map(({ partition_key }) => keys[partition_key]));
    return (file) => matching.has(keyOf(file));
  } catch (e) {
    throw refused(asMurmurError(e).message, e);
  }
}
