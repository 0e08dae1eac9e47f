/**
 * `nullable: false` is a promise to every reader, and Parquet does not keep it. Before a commit either the writer of a new
 * file has checked every value against the schema, or the file's statistics prove that no such column holds a null; what
 * neither proves is refused.
 */
import { MurmurError } from '../base/errors.js';
import type { DataType, StructField } from '../schema/column-types.js';
import type { AddFile } from './actions.js';
import type { Snapshot } from './snapshot.js';
import { parseStats } from './stats.js';

/** @throws delta.not_null (user) */
export function assertNoNulls(
  root: string,
  { schema, metadata }: Pick<Snapshot, 'schema' | 'metadata'>,
  adds: readonly AddFile[],
  isChecked: (add: AddFile) => boolean,
): void {
  const required = schema.fields.filter((field) => !field.nullable);
  const nested = schema.fields.find((field) => holdsRequired(field.type));
  if (required.length === 0 && nested === undefined) return;
  for (const add of adds) {
    if (!add.dataChange) continue;
    const checked = isChecked(add);
    if (nested !== undefined && !checked) throw refused(root, nested, 'nulls inside it were not counted');
    const nulls = add.stats === undefined ? undefined : parseStats(add.stats)?.nullCount;
    for (const field of required) {
      if (metadata.partitionColumns.includes(field.name)) {
        if (add.partitionValues[field.name]) continue;
        throw refused(root, field, 'a partition value is null');
      }
      if (checked) continue;
      const count = typeof field.type === 'string' ? nulls?.[field.name] : undefined;
      if (count === 0) continue;
      throw refused(root, field, count === undefined ? 'nulls were not counted' : `${count} values are null`);
    }
  }
}

function holdsRequired(type: DataType): boolean {
  if (typeof type === 'string') return false;
  if (type.type === 'struct') return type.fields.some((f) => !f.nullable || holdsRequired(f.type));
  if (type.type === 'array') return !type.containsNull || holdsRequired(type.elementType);
  return !type.valueContainsNull || holdsRequired(type.keyType) || holdsRequired(type.valueType);
}

function refused(root: string, { name }: StructField, why: string): MurmurError {
  return new MurmurError('delta.not_null', `writing to ${root}: column ${name} is NOT NULL, ${why}`, {
    fault: 'user',
    fix: `give ${name} a value in every row`,
    context: { root, column: name },
  });
}
