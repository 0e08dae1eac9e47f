import type { DataType } from './column-types.js';

/**
 * A scalar function written in TypeScript that a SQL session can register under `name`. `call` gets one row's
 * arguments (SQL null as `null`, lists as arrays, timestamps as bigint microseconds since the epoch) and gives back
 * a value of the `returns` type in the same form. It must not throw: what it cannot read it answers with `null`.
 */
export interface ScalarFunction {
  name: string;
  parameters: DataType[];
  returns: DataType;
  call(...args: unknown[]): unknown;
}
