/**
 * Column mapping (PROTOCOL.md, "Column Mapping"): a column's name in the schema is not the one in files, statistics and
 * partition values, so that columns can be renamed and dropped without rewriting anything.
 */
import type { DataType, StructField, StructType } from '../schema/column-types.js';
import type { Metadata } from './actions.js';

/** `id`: data columns are found by the field id in the Parquet file; statistics and partition values go by name all the same. */
export type ColumnMappingMode = 'none' | 'name' | 'id';

export function columnMappingMode({ configuration }: Pick<Metadata, 'configuration'>): ColumnMappingMode {
  const mode = configuration['delta.columnMapping.mode'];
  return mode === 'name' || mode === 'id' ? mode : 'none';
}

/** The name in statistics, partition values and (by name) data files. */
export function physicalName(field: StructField, mode: ColumnMappingMode): string {
  const name = field.metadata['delta.columnMapping.physicalName'];
  return mode !== 'none' && typeof name === 'string' ? name : field.name;
}

/** The id that Parquet files give the field; undefined where the schema has none. */
export function columnId({ metadata }: StructField): number | undefined {
  const id = Number(metadata['delta.columnMapping.id'] ?? Number.NaN);
  return Number.isInteger(id) ? id : undefined;
}

/** The schema with physical names at every level. */
export function physicalSchema(schema: StructType, mode: ColumnMappingMode): StructType {
  if (mode === 'none') return schema;
  return { type: 'struct', fields: schema.fields.map((field) => physicalField(field, mode)) };
}

export function physicalField(field: StructField, mode: ColumnMappingMode): StructField {
  if (mode === 'none') return field;
  return { ...field, name: physicalName(field, mode), type: physicalType(field.type, mode) };
}

function physicalType(type: DataType, mode: ColumnMappingMode): DataType {
  if (typeof type === 'string') return type;
  if (type.type === 'struct') return physicalSchema(type, mode);
  if (type.type === 'array') return { ...type, elementType: physicalType(type.elementType, mode) };
  return {
    ...type,
    keyType: physicalType(type.keyType, mode),
    valueType: physicalType(type.valueType, mode),
  };
}
