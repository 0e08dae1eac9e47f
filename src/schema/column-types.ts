/**
 * Column types in Delta's own words (PROTOCOL.md, "Schema Serialization Format"): the one vocabulary in which
 * tables, plans and functions name types.
 */
export type PrimitiveType =
  | 'string'
  | 'long'
  | 'integer'
  | 'short'
  | 'byte'
  | 'float'
  | 'double'
  | 'boolean'
  | 'binary'
  | 'date'
  | 'timestamp'
  | 'timestamp_ntz'
  | 'void'
  | `decimal(${number},${number})`;

export interface ArrayType {
  type: 'array';
  elementType: DataType;
  containsNull: boolean;
}

export interface MapType {
  type: 'map';
  keyType: DataType;
  valueType: DataType;
  valueContainsNull: boolean;
}

export interface StructField {
  name: string;
  type: DataType;
  nullable: boolean;
  /** Unknown entries are kept when a schema is rewritten. */
  metadata: Record<string, unknown>;
}

export interface StructType {
  type: 'struct';
  fields: StructField[];
}

export type DataType = PrimitiveType | ArrayType | MapType | StructType;

/** A nullable column without metadata, which is what all of Murmur's own tables have. */
export function column(name: string, type: DataType, nullable = true): StructField {
  return { name, type, nullable, metadata: {} };
}

export function struct(...fields: StructField[]): StructType {
  return { type: 'struct', fields };
}

export function arrayOf(elementType: DataType): ArrayType {
  return { type: 'array', elementType, containsNull: true };
}

/** Precision and scale of `decimal(p,s)`; undefined for any other type. */
export function decimalParts(type: unknown): { precision: number; scale: number } | undefined {
  const match = typeof type === 'string' ? /^decimal\((\d+),\s*(-?\d+)\)$/.exec(type) : null;
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined;
}
