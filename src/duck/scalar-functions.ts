/** A TypeScript scalar function as DuckDB takes it: vectors in, vector out, nulls included, errors as messages. */
import type { DuckDBScalarFunction, DuckDBVector } from '@duckdb/node-api';
import { MurmurError } from '../base/errors.js';
import type { ScalarFunction } from '../schema/scalar-function.js';
import { decoder, encoder } from './js-value.js';
import type { DuckApi } from './native.js';
import { nativeType } from './native-type.js';

/** @param onFailure is told what the function threw, before the statement fails */
export function scalarFunction(
  api: DuckApi,
  fn: ScalarFunction,
  onFailure: (failure: MurmurError) => void,
): DuckDBScalarFunction {
  const decode = fn.parameters.map(decoder);
  const encode = encoder(api, fn.returns);
  return api.DuckDBScalarFunction.create({
    name: fn.name,
    parameterTypes: fn.parameters.map((t) => nativeType(api, t)),
    returnType: nativeType(api, fn.returns),
    // DuckDB's default would answer null for a null argument without asking; the function decides itself.
    specialHandling: true,
    mainFunction(info, input, output) {
      try {
        const columns = decode.map((_, i) => input.getColumnVector(i));
        // The library types the items of a vector only in its subclasses.
        const out = output as DuckDBVector & { setItem(row: number, value: unknown): void; flush(): void };
        const rows = input.rowCount;
        for (let row = 0; row < rows; row++) {
          const args = columns.map((vector, i) => decode[i]!(vector.getItem(row)));
          out.setItem(row, encode(fn.call(...args)));
        }
        out.flush();
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        onFailure(
          new MurmurError('duck.function_failed', `SQL function ${fn.name} threw: ${reason}`, {
            fault: 'internal',
            cause,
          }),
        );
        info.setError(`${fn.name}: ${reason}`);
      }
    },
  });
}
