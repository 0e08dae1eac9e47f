/** DuckDB's type object of a Delta type: what data chunks and function signatures are made of. */
import type { DuckDBType } from '@duckdb/node-api';
import type { DataType } from '../schema/column-types.js';
import { decimalParts } from '../schema/column-types.js';
import type { DuckApi } from './native.js';
import { unsupportedType } from './types.js';

/** @throws duck.type_unsupported for `void`, which no vector can hold, and for names that are not Delta's */
export function nativeType(api: DuckApi, type: DataType): DuckDBType {
  if (typeof type !== 'string') {
    if (type.type === 'array') return api.LIST(nativeType(api, type.elementType));
    if (type.type === 'map') return api.MAP(nativeType(api, type.keyType), nativeType(api, type.valueType));
    return api.STRUCT(Object.fromEntries(type.fields.map((f) => [f.name, nativeType(api, f.type)])));
  }
  const decimal = decimalParts(type);
  if (decimal) return api.DECIMAL(decimal.precision, decimal.scale);
  const primitives: Record<string, DuckDBType> = {
    string: api.VARCHAR,
    long: api.BIGINT,
    integer: api.INTEGER,
    short: api.SMALLINT,
    byte: api.TINYINT,
    float: api.FLOAT,
    double: api.DOUBLE,
    boolean: api.BOOLEAN,
    binary: api.BLOB,
    date: api.DATE,
    timestamp: api.TIMESTAMPTZ,
    timestamp_ntz: api.TIMESTAMP,
  };
  const found = primitives[type];
  if (!found) throw unsupportedType(`Delta type ${type}`);
  return found;
}
