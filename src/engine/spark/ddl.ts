/** Columns as Spark's DDL (`post_id STRING, at TIMESTAMP`): what a Python function's result type is named with. */
import { quotedName } from '../../posts/sql/spark-literals.js';
import type { DataType, StructField } from '../../schema/column-types.js';

export function ddlOf(columns: readonly StructField[]): string {
  return columns.map(({ name, type }) => `${quotedName(name)} ${typeDdl(type)}`).join(', ');
}

export function typeDdl(type: DataType): string {
  if (typeof type === 'string') return primitives[type] ?? type.toUpperCase();
  if (type.type === 'array') return `ARRAY<${typeDdl(type.elementType)}>`;
  if (type.type === 'map') return `MAP<${typeDdl(type.keyType)}, ${typeDdl(type.valueType)}>`;
  return `STRUCT<${type.fields.map((field) => `${quotedName(field.name)}: ${typeDdl(field.type)}`).join(', ')}>`;
}

/** Where Delta's word is not Spark SQL's. */
const primitives: Record<string, string> = { long: 'BIGINT', short: 'SMALLINT', byte: 'TINYINT' };
