/** What Delta allows as a table's columns (PROTOCOL.md, "Schema Serialization Format"; Spark's rules for names). */
import { MurmurError } from '../base/errors.js';
import type { DataType, StructType } from '../schema/column-types.js';

/** @throws delta.bad_schema (user) */
export function assertSchema(schema: StructType, partitionColumns: readonly string[]): void {
  if (schema.fields.length === 0) throw badSchema('it has no columns');
  assertNames(schema, '');
  for (const name of partitionColumns) {
    const field = schema.fields.find((f) => f.name === name);
    if (field === undefined) throw badSchema(`partition column ${name} is not one of its columns`);
    if (typeof field.type !== 'string') throw badSchema(`partition column ${name} is not of a simple type`);
  }
  if (partitionColumns.length >= schema.fields.length)
    throw badSchema('all its columns are partition columns');
}

function assertNames(type: DataType, path: string): void {
  if (typeof type === 'string') return;
  if (type.type === 'array') {
    assertNames(type.elementType, `${path}element.`);
    return;
  }
  if (type.type === 'map') {
    assertNames(type.keyType, `${path}key.`);
    assertNames(type.valueType, `${path}value.`);
    return;
  }
  const seen = new Set<string>();
  for (const field of type.fields) {
    const shown = JSON.stringify(path + field.name);
    if (field.name === '' || /[ ,;{}()\n\t=]/.test(field.name)) {
      throw badSchema(`the name ${shown} is empty or holds one of " ,;{}()=", a tab or a line break`);
    }
    if (seen.has(field.name.toLowerCase())) throw badSchema(`the name ${shown} is there twice`);
    seen.add(field.name.toLowerCase());
    assertNames(field.type, `${path}${field.name}.`);
  }
}

function badSchema(why: string): MurmurError {
  return new MurmurError('delta.bad_schema', `creating a table: ${why}`, {
    fault: 'user',
    fix: 'rename the column, or choose other partition columns',
  });
}
