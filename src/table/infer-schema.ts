/** The columns of rows that JavaScript alone describes: the table's types where it has the column, else what the values are. */
import { MurmurError } from '../base/errors.js';
import { asNullable } from '../delta/schema-evolution.js';
import { arrayOf, column, type DataType, type StructType, struct } from '../schema/column-types.js';
import { type InputRow, isPlainObject, mapEntries } from './row-values.js';

/**
 * The columns that the rows have, in the order in which they come. What the table lacks is: string, boolean, long (integers), double, timestamp
 * (Date), binary, array, map (Map), struct.
 * @throws table.column_unclear (user) for values of several types, and where all are null
 */
export function inferSchema(rows: readonly InputRow[], table: StructType): StructType {
  return inferStruct(rows, table, '');
}

function inferStruct(rows: readonly object[], known: StructType, path: string): StructType {
  const values = new Map<string, { name: string; values: unknown[] }>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      const entry = values.get(name.toLowerCase());
      if (entry === undefined) values.set(name.toLowerCase(), { name, values: [value] });
      else entry.values.push(value);
    }
  }
  const fields = [...values].map(([key, { name, values: all }]) => {
    const field = known.fields.find((f) => f.name.toLowerCase() === key);
    const present = all.filter((value) => value !== null && value !== undefined);
    return asNullable(column(field?.name ?? name, inferType(present, field?.type, path + name)));
  });
  return struct(...fields);
}

function inferType(values: readonly unknown[], known: DataType | undefined, path: string): DataType {
  if (typeof known === 'string') return known;
  if (known !== undefined && values.length === 0) return known;
  const kinds = new Set(values.map(kindOf));
  if (kinds.size === 2 && kinds.has('long') && kinds.has('double')) kinds.delete('long');
  const [kind, ...others] = kinds;
  if (kind === undefined || others.length > 0 || kind === 'unknown') throw unclear(path, [...kinds]);
  switch (known?.type ?? kind) {
    case 'array': {
      const items = values
        .flatMap((v) => (Array.isArray(v) ? v : []))
        .filter((v) => v !== null && v !== undefined);
      return arrayOf(
        inferType(items, known?.type === 'array' ? known.elementType : undefined, `${path}.element`),
      );
    }
    case 'map': {
      const own = known?.type === 'map' ? known : undefined;
      const entries = values.flatMap((v) => mapEntries(v) ?? []);
      const items = entries.map(([, v]) => v).filter((v) => v !== null && v !== undefined);
      return {
        type: 'map',
        keyType: inferType(
          entries.map(([k]) => k),
          own?.keyType,
          `${path}.key`,
        ),
        valueType: inferType(items, own?.valueType, `${path}.value`),
        valueContainsNull: true,
      };
    }
    case 'struct':
      return inferStruct(
        values.filter(isPlainObject),
        known?.type === 'struct' ? known : struct(),
        `${path}.`,
      );
    default:
      return kind as DataType;
  }
}

function kindOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return typeof value;
    case 'bigint':
      return 'long';
    case 'number':
      return Number.isSafeInteger(value) ? 'long' : 'double';
    default:
      if (value instanceof Date) return 'timestamp';
      if (value instanceof Uint8Array) return 'binary';
      if (value instanceof Map) return 'map';
      if (Array.isArray(value)) return 'array';
      return isPlainObject(value) ? 'struct' : 'unknown';
  }
}

function unclear(path: string, kinds: readonly string[]): MurmurError {
  const why = kinds.length === 0 ? 'all its values are null' : `its values are ${kinds.join(' and ')}`;
  return new MurmurError('table.column_unclear', `adding column ${path}: its type is not clear, ${why}`, {
    fault: 'user',
    fix: 'add the column with addColumns first, or leave it out',
    context: { column: path },
  });
}
