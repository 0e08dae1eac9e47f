/**
 * Delta's types in DuckDB and back (PROTOCOL.md, "Primitive Types"). To DuckDB the mapping is total; from DuckDB
 * everything that Delta has no exact type for is refused, because Parquet would otherwise get a type that Delta readers do not
 * expect (an unsigned integer, a HUGEINT turned into DOUBLE, a TIME).
 */
import type {
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  DuckDBType,
} from '@duckdb/node-api';
import { MurmurError } from '../base/errors.js';
import { type DataType, decimalParts } from '../schema/column-types.js';
import { quoteIdent } from './sql-text.js';

const toDuck: Record<string, string> = {
  string: 'VARCHAR',
  long: 'BIGINT',
  integer: 'INTEGER',
  short: 'SMALLINT',
  byte: 'TINYINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMPTZ',
  timestamp_ntz: 'TIMESTAMP',
  void: '"NULL"',
};

/**
 * The DuckDB type, as SQL text, that holds exactly the values of a Delta type and that its Parquet writer turns into
 * the physical type that Delta prescribes.
 * @throws duck.type_unsupported for a type name that is not Delta's
 */
export function duckType(type: DataType): string {
  if (typeof type === 'string') {
    const name = toDuck[type];
    if (name) return name;
    const decimal = decimalParts(type);
    if (decimal) return `DECIMAL(${decimal.precision},${decimal.scale})`;
    throw unsupportedType(`Delta type ${type}`);
  }
  if (type.type === 'array') return `${duckType(type.elementType)}[]`;
  if (type.type === 'map') return `MAP(${duckType(type.keyType)}, ${duckType(type.valueType)})`;
  return `STRUCT(${type.fields.map((f) => `${quoteIdent(f.name)} ${duckType(f.type)}`).join(', ')})`;
}

const toDelta: Record<string, DataType> = {
  VARCHAR: 'string',
  BIGINT: 'long',
  INTEGER: 'integer',
  SMALLINT: 'short',
  TINYINT: 'byte',
  FLOAT: 'float',
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
  BLOB: 'binary',
  DATE: 'date',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  TIMESTAMP: 'timestamp_ntz',
  SQLNULL: 'void',
};

/**
 * The Delta type of a DuckDB column; every nested field and element is nullable.
 * @throws duck.type_unsupported (user) for TIME, INTERVAL, BIT, UNION, ENUM, UUID, unsigned and huge integers,
 *   timestamps in other units and fixed-size arrays: cast them in the query first
 */
export function deltaType(type: DuckDBType): DataType {
  const text = type.toString();
  // A named type (JSON, an ENUM of the user's) carries an annotation of its own into Parquet.
  if (type.alias !== undefined) throw unsupportedType(`DuckDB type ${text}`);
  const simple = toDelta[text];
  if (simple) return simple;
  if (text.startsWith('DECIMAL(')) {
    const { width, scale } = type as DuckDBDecimalType;
    return `decimal(${width},${scale})`;
  }
  if ('entryNames' in type) {
    const { entryNames, entryTypes } = type as DuckDBStructType;
    return {
      type: 'struct',
      fields: entryNames.map((name, i) => ({
        name,
        type: deltaType(entryTypes[i]!),
        nullable: true,
        metadata: {},
      })),
    };
  }
  if ('keyType' in type) {
    const { keyType, valueType } = type as DuckDBMapType;
    return {
      type: 'map',
      keyType: deltaType(keyType),
      valueType: deltaType(valueType),
      valueContainsNull: true,
    };
  }
  if (text.endsWith('[]')) {
    return { type: 'array', elementType: deltaType((type as DuckDBListType).valueType), containsNull: true };
  }
  throw unsupportedType(`DuckDB type ${text}`);
}

/** For a type that only one of the two sides has. */
export function unsupportedType(what: string): MurmurError {
  return new MurmurError(
    'duck.type_unsupported',
    `${what} has no counterpart on the other side of Delta and DuckDB`,
    {
      fault: 'user',
      fix: 'cast the column to a type that Delta has, such as VARCHAR, BIGINT or TIMESTAMPTZ',
    },
  );
}
