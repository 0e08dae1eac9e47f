/**
 * The columns of a table as DuckDB expressions over a query's columns: cast to the exact type, missing ones null, NOT NULL
 * enforced. Parquet gets its types from these casts alone, because DuckDB would happily write a sum as DOUBLE or a plain
 * TIMESTAMP as a local time.
 */
import { MurmurError } from '../base/errors.js';
import type { DataType, StructField, StructType } from '../schema/column-types.js';
import { quoteIdent, quoteString } from './sql-text.js';
import { duckType } from './types.js';

/**
 * `SELECT`-list items for the fields of `schema`, from a query with these `columns`. Names match ignoring case.
 * @throws duck.column_unknown (user) for columns the schema lacks, duck.column_ambiguous (user) for two of one name
 */
export function columnCasts(schema: StructType, columns: readonly string[]): string[] {
  const given = new Map<string, string>();
  for (const name of columns) {
    const key = name.toLowerCase();
    if (given.has(key)) {
      throw new MurmurError(
        'duck.column_ambiguous',
        `writing two columns named ${name} (names ignore case)`,
        {
          fault: 'user',
        },
      );
    }
    given.set(key, name);
  }
  const casts = schema.fields.map((field) => {
    const name = given.get(field.name.toLowerCase());
    given.delete(field.name.toLowerCase());
    return `${columnCast(field, name)} AS ${quoteIdent(field.name)}`;
  });
  if (given.size > 0) {
    const known = schema.fields.map((f) => f.name).join(', ');
    throw new MurmurError(
      'duck.column_unknown',
      `columns ${[...given.values()].join(', ')} are not among ${known}`,
      {
        fault: 'user',
        fix: 'leave them out of the query, or add them to the table first',
      },
    );
  }
  return casts;
}

function columnCast(field: StructField, name: string | undefined): string {
  const type = duckType(field.type);
  const value = name === undefined ? `CAST(NULL AS ${type})` : `CAST(${quoteIdent(name)} AS ${type})`;
  const violated = violation(value, field.type, field.nullable);
  if (!violated) return value;
  const message = quoteString(`null in column ${field.name}, whose schema does not allow it`);
  return `CASE WHEN ${violated} THEN error(${message}) ELSE ${value} END`;
}

/** A condition that is true when the value holds a null its type forbids; undefined when it forbids none. */
function violation(value: string, type: DataType, nullable: boolean): string | undefined {
  const conditions = nullable ? [] : [`${value} IS NULL`];
  const inside = violationInside(value, type);
  if (inside) conditions.push(`(${value} IS NOT NULL AND (${inside}))`);
  return conditions.length > 0 ? conditions.join(' OR ') : undefined;
}

function violationInside(value: string, type: DataType): string | undefined {
  if (typeof type === 'string') return undefined;
  if (type.type === 'struct') {
    const conditions = type.fields.flatMap((f) => {
      return violation(`struct_extract(${value}, ${quoteString(f.name)})`, f.type, f.nullable) ?? [];
    });
    return conditions.length > 0 ? conditions.join(' OR ') : undefined;
  }
  if (type.type === 'array') return violationAmong(value, type.elementType, type.containsNull);
  const keys = violationAmong(`map_keys(${value})`, type.keyType, false);
  const values = violationAmong(`map_values(${value})`, type.valueType, type.valueContainsNull);
  // Map keys are never null in DuckDB: only what is inside them can be.
  const conditions = [typeof type.keyType === 'string' ? undefined : keys, values].filter(
    (c) => c !== undefined,
  );
  return conditions.length > 0 ? conditions.join(' OR ') : undefined;
}

function violationAmong(list: string, type: DataType, nullable: boolean): string | undefined {
  const element = violation('element', type, nullable);
  return element && `len(list_filter(${list}, lambda element: ${element})) > 0`;
}
