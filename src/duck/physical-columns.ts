/** A column as its files hold it, in the type and with the names that the table's schema gives it. */
import type { DataType } from '../schema/column-types.js';
import { quoteIdent, quoteString } from './sql-text.js';
import { duckType } from './types.js';

/**
 * An expression of the type `to` over a value whose fields have the names that `from` has in their places. What `value` holds
 * beyond `from` is left out; narrower types are cast.
 */
export function readAs(value: string, from: DataType, to: DataType): string {
  return `CAST(${renames(from, to) ? renamed(value, from, to, 0) : value} AS ${duckType(to)})`;
}

function renames(from: DataType, to: DataType): boolean {
  return JSON.stringify(namesIn(from)) !== JSON.stringify(namesIn(to));
}

function namesIn(type: DataType): unknown {
  if (typeof type === 'string') return null;
  if (type.type === 'struct') return type.fields.map((field) => [field.name, namesIn(field.type)]);
  return type.type === 'array' ? namesIn(type.elementType) : [namesIn(type.keyType), namesIn(type.valueType)];
}

function renamed(value: string, from: DataType, to: DataType, depth: number): string {
  if (typeof from === 'string' || typeof to === 'string') return value;
  if (from.type === 'struct' && to.type === 'struct') {
    const fields = to.fields.map(({ name, type }, i) => {
      const { name: physical, type: physicalType } = from.fields[i]!;
      const field = `struct_extract(${value}, ${quoteString(physical)})`;
      return `${quoteIdent(name)} := ${renamed(field, physicalType, type, depth)}`;
    });
    return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${fields.join(', ')}) END`;
  }
  const item = `item${depth}`;
  if (from.type === 'array' && to.type === 'array') {
    if (!renames(from.elementType, to.elementType)) return value;
    const element = renamed(item, from.elementType, to.elementType, depth + 1);
    return `list_transform(${value}, lambda ${item}: ${element})`;
  }
  if (from.type === 'map' && to.type === 'map') {
    if (!renames(from, to)) return value;
    const key = renamed(`struct_extract(${item}, 'key')`, from.keyType, to.keyType, depth + 1);
    const entry = renamed(`struct_extract(${item}, 'value')`, from.valueType, to.valueType, depth + 1);
    const entries = `list_transform(map_entries(${value}), lambda ${item}: struct_pack(key := ${key}, value := ${entry}))`;
    return `map_from_entries(${entries})`;
  }
  return value;
}
