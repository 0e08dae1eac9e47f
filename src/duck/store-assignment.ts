/**
 * Which columns of a query may be stored in which columns of a table (the rules of SQL's store assignment): names match
 * ignoring case, and a type may change only where no value can change. What may not fit, such as a number that is too
 * large, fails when it is cast.
 */
import type { DuckDBListType, DuckDBMapType, DuckDBStructType, DuckDBType } from '@duckdb/node-api';
import { MurmurError } from '../base/errors.js';
import { type DataType, decimalParts, type StructType, struct } from '../schema/column-types.js';
import type { DuckSession } from './session.js';
import { deltaType, duckType } from './types.js';

export interface QueryColumn {
  name: string;
  type: DuckDBType;
  /** Whether it is a bare NULL, which DuckDB shows as INTEGER and which fits every type. */
  isNull?: boolean;
}

/** The columns that a query would give, without running it. */
export async function queryColumns(session: DuckSession, select: string): Promise<QueryColumn[]> {
  const columns = await session.columnTypesOf(select);
  if (!columns.some(({ type }) => type.toString() === 'INTEGER')) return columns;
  const names = columns.map((_, i) => `c${i}`);
  const types = names.map((name) => `typeof(${name}) AS ${name}`).join(', ');
  const [found] = await session.rows(
    `SELECT ${types} FROM (SELECT 1) LEFT JOIN
     (SELECT * FROM (${select}\n) AS query(${names.join(', ')}) LIMIT 0) ON true`,
  );
  return columns.map((column, i) => (found![`c${i}`] === '"NULL"' ? { ...column, isNull: true } : column));
}

/**
 * The columns of a query as Delta sees them: of the table's type where the table has them, else of their own. Names are as
 * the query spells them.
 * @throws duck.type_mismatch (user) where the query's type cannot be stored in the table's, duck.type_unsupported (user)
 *   where a new column has no type in Delta
 */
export function incomingSchema(columns: readonly QueryColumn[], table: StructType): StructType {
  return struct(
    ...columns.map(({ name, type, isNull = false }) =>
      incomingField(name, isNull ? 'null' : type, table, ''),
    ),
  );
}

function incomingField(name: string, from: DuckDBType | 'null', parent: StructType, path: string) {
  const known = parent.fields.find((f) => f.name.toLowerCase() === name.toLowerCase());
  const shown = path + (known?.name ?? name);
  return { name, type: incomingType(from, known?.type, shown), nullable: true, metadata: {} };
}

function incomingType(from: DuckDBType | 'null', to: DataType | undefined, path: string): DataType {
  if (to === undefined) return newType(from, path);
  if (from === 'null') return to;
  if (typeof to === 'string') {
    if (isAssignable(from, to)) return to;
    throw mismatch(path, from, to);
  }
  if (to.type === 'struct' && 'entryNames' in from) {
    const { entryNames, entryTypes } = from as DuckDBStructType;
    return struct(...entryNames.map((name, i) => incomingField(name, entryTypes[i]!, to, `${path}.`)));
  }
  if (to.type === 'map' && 'keyType' in from) {
    const { keyType, valueType } = from as DuckDBMapType;
    return {
      ...to,
      keyType: incomingType(keyType, to.keyType, `${path}.key`),
      valueType: incomingType(valueType, to.valueType, `${path}.value`),
    };
  }
  if (to.type === 'array' && !('keyType' in from) && 'valueType' in from) {
    const { valueType } = from as DuckDBListType;
    return { ...to, elementType: incomingType(valueType, to.elementType, `${path}.element`) };
  }
  throw mismatch(path, from, to);
}

function newType(from: DuckDBType | 'null', path: string): DataType {
  if (from !== 'null') return deltaType(from);
  throw new MurmurError(
    'duck.type_unsupported',
    `adding column ${path}: all its values are null, so it has no type`,
    {
      fault: 'user',
      fix: 'leave it out, or cast it to the type that it will have',
      context: { column: path },
    },
  );
}

const integers = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const localTimes = /^(?:TIMESTAMP(?:_S|_MS)?|DATE)$/;

function isAssignable(from: DuckDBType, to: DataType): boolean {
  const text = from.toString();
  const decimal = text.startsWith('DECIMAL(') ? decimalParts(`decimal${text.slice(7)}`) : undefined;
  const wanted = decimalParts(to);
  if (wanted) return integers.test(text) || (decimal !== undefined && decimal.scale <= wanted.scale);
  switch (to) {
    case 'long':
    case 'integer':
    case 'short':
    case 'byte':
      return integers.test(text) || decimal?.scale === 0;
    case 'double':
    case 'float':
      return (
        integers.test(text) ||
        decimal !== undefined ||
        text === 'FLOAT' ||
        (text === 'DOUBLE' && to === 'double')
      );
    case 'string':
      return text === 'VARCHAR' || text === 'UUID' || text.startsWith('ENUM') || from.alias === 'JSON';
    case 'timestamp':
      return text === 'TIMESTAMP WITH TIME ZONE' || localTimes.test(text);
    case 'timestamp_ntz':
      return localTimes.test(text);
    case 'void':
      return false;
    default:
      return text === duckType(to);
  }
}

function mismatch(path: string, from: DuckDBType, to: DataType): MurmurError {
  const wanted = typeof to === 'string' ? to : to.type;
  return new MurmurError(
    'duck.type_mismatch',
    `writing column ${path}: it is ${wanted} (${duckType(to)}), the query gives ${from.toString()}`,
    {
      fault: 'user',
      fix: `cast it in the query if that is what you mean: CAST(… AS ${duckType(to)})`,
      context: { column: path },
    },
  );
}
