/** How a table's columns grow (Spark's rules for `mergeSchema`): columns are added, and nothing else changes. */
import { MurmurError } from '../base/errors.js';
import type { DataType, StructField, StructType } from '../schema/column-types.js';

/**
 * The table's columns with those of `incoming` that it lacks behind them, nested ones too. Names match ignoring case, and the
 * table's spelling stays; what is added is nullable. Types of columns that both have are not compared.
 * @returns the same object where nothing is added
 */
export function mergeSchema(table: StructType, incoming: StructType): StructType {
  const merged = mergeFields(table, incoming);
  return merged === table.fields ? table : { ...table, fields: merged };
}

function mergeFields({ fields }: StructType, incoming: StructType): StructField[] {
  let changed = false;
  const merged = fields.map((field) => {
    const theirs = incoming.fields.find((f) => f.name.toLowerCase() === field.name.toLowerCase());
    const type = theirs === undefined ? field.type : mergeType(field.type, theirs.type);
    if (type === field.type) return field;
    changed = true;
    return { ...field, type };
  });
  const known = new Set(fields.map(({ name }) => name.toLowerCase()));
  const added = incoming.fields.filter(({ name }) => !known.has(name.toLowerCase()));
  if (added.length > 0) merged.push(...added.map(asNullable));
  return changed || added.length > 0 ? merged : fields;
}

function mergeType(table: DataType, incoming: DataType): DataType {
  if (typeof table === 'string' || typeof incoming === 'string') return table;
  if (table.type === 'struct' && incoming.type === 'struct') return mergeSchema(table, incoming);
  if (table.type === 'array' && incoming.type === 'array') {
    const elementType = mergeType(table.elementType, incoming.elementType);
    return elementType === table.elementType ? table : { ...table, elementType };
  }
  if (table.type === 'map' && incoming.type === 'map') {
    const keyType = mergeType(table.keyType, incoming.keyType);
    const valueType = mergeType(table.valueType, incoming.valueType);
    return keyType === table.keyType && valueType === table.valueType
      ? table
      : { ...table, keyType, valueType };
  }
  return table;
}

/** The column and everything inside it. */
export function asNullable(field: StructField): StructField {
  return { ...field, nullable: true, type: nullableType(field.type) };
}

function nullableType(type: DataType): DataType {
  if (typeof type === 'string') return type;
  if (type.type === 'struct') return { ...type, fields: type.fields.map(asNullable) };
  if (type.type === 'array') {
    return { ...type, elementType: nullableType(type.elementType), containsNull: true };
  }
  return { ...type, valueType: nullableType(type.valueType), valueContainsNull: true };
}

/** @throws delta.schema_mismatch (user) naming the first column that `incoming` has and the table has not */
export function assertNoExtraColumns(root: string, table: StructType, incoming: StructType): void {
  const extra = firstExtra(table, incoming, '');
  if (extra === undefined) return;
  throw new MurmurError('delta.schema_mismatch', `writing to ${root}: it has no column ${extra}`, {
    fault: 'user',
    fix: 'leave it out, or write with mergeSchema: true to add it',
    context: { root, column: extra },
  });
}

function firstExtra(table: DataType, incoming: DataType, path: string): string | undefined {
  if (typeof table === 'string' || typeof incoming === 'string') return undefined;
  if (table.type === 'struct' && incoming.type === 'struct') {
    for (const { name, type } of incoming.fields) {
      const field = table.fields.find((f) => f.name.toLowerCase() === name.toLowerCase());
      const found = field === undefined ? path + name : firstExtra(field.type, type, `${path}${field.name}.`);
      if (found !== undefined) return found;
    }
  }
  if (table.type === 'array' && incoming.type === 'array') {
    return firstExtra(table.elementType, incoming.elementType, `${path}element.`);
  }
  if (table.type === 'map' && incoming.type === 'map') {
    return (
      firstExtra(table.keyType, incoming.keyType, `${path}key.`) ??
      firstExtra(table.valueType, incoming.valueType, `${path}value.`)
    );
  }
  return undefined;
}
