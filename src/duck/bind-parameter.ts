/** JavaScript values as parameters of a statement: the type follows from the value. */
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { MurmurError } from '../base/errors.js';
import type { DuckApi } from './native.js';

interface Parameter {
  value: DuckDBValue;
  type: DuckDBType;
}

/**
 * Numbers become INTEGER, BIGINT or DOUBLE; bigint BIGINT or HUGEINT; Date TIMESTAMPTZ; Uint8Array BLOB; arrays LIST (of
 * the first non-null element's type); plain objects STRUCT.
 * @throws duck.parameter_unsupported (user)
 */
export function bindParameters(
  api: DuckApi,
  params: readonly unknown[],
): { values: DuckDBValue[]; types: DuckDBType[] } {
  const bound = params.map((p) => parameter(api, p));
  return { values: bound.map((b) => b.value), types: bound.map((b) => b.type) };
}

function parameter(api: DuckApi, value: unknown): Parameter {
  switch (typeof value) {
    case 'undefined':
      return { value: null, type: api.SQLNULL };
    case 'boolean':
      return { value, type: api.BOOLEAN };
    case 'string':
      return { value, type: api.VARCHAR };
    case 'number':
      return numberParameter(api, value);
    case 'bigint':
      return { value, type: BigInt.asIntN(64, value) === value ? api.BIGINT : api.HUGEINT };
    case 'object':
      return value === null ? { value, type: api.SQLNULL } : objectParameter(api, value);
    default:
      throw unsupported(typeof value);
  }
}

function numberParameter(api: DuckApi, value: number): Parameter {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return { value, type: api.DOUBLE };
  if (value === (value | 0)) return { value, type: api.INTEGER };
  return { value: BigInt(value), type: api.BIGINT };
}

function objectParameter(api: DuckApi, value: object): Parameter {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw unsupported('invalid Date');
    const micros = BigInt(value.getTime()) * 1000n;
    return { value: new api.DuckDBTimestampTZValue(micros), type: api.TIMESTAMPTZ };
  }
  if (value instanceof Uint8Array) return { value: new api.DuckDBBlobValue(value), type: api.BLOB };
  if (Array.isArray(value)) {
    const items = value.map((v) => parameter(api, v));
    const type = items.find((i) => i.value !== null)?.type ?? api.SQLNULL;
    return { value: new api.DuckDBListValue(items.map((i) => i.value)), type: api.LIST(type) };
  }
  const fields = Object.entries(value).map(([name, v]) => [name, parameter(api, v)] as const);
  return {
    value: new api.DuckDBStructValue(Object.fromEntries(fields.map(([name, p]) => [name, p.value]))),
    type: api.STRUCT(Object.fromEntries(fields.map(([name, p]) => [name, p.type]))),
  };
}

function unsupported(what: string): MurmurError {
  return new MurmurError('duck.parameter_unsupported', `a parameter of JavaScript type ${what}`, {
    fault: 'user',
    fix: 'pass null, booleans, numbers, bigints, strings, Dates, bytes, or arrays and objects of these',
  });
}
