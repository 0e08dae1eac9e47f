/** A field inside structs, in the two ways DuckDB has of naming it. */
import { quoteIdent, quoteString } from './sql-text.js';

/** As an expression. (`"a"."b"` could mean column b of table a.) */
export function columnAccess(path: readonly string[]): string {
  const [first = '', ...rest] = path;
  return rest.reduce((parent, name) => `struct_extract(${parent}, ${quoteString(name)})`, quoteIdent(first));
}

/** As a key of `column_statistics`. */
export function columnKey(path: readonly string[]): string {
  return path.map(quoteIdent).join('.');
}
