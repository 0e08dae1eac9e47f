/**
 * SQL that users and plans write for every engine, as Spark reads it. It is written as DuckDB reads it: '…' is a string in
 * which a backslash is a character like any other, and "…" a name. Spark sees an escape in the one and a string in the
 * other, so both are written anew; all other text stays.
 */
import { quoted, quotedName } from '../../../posts/sql/spark-literals.js';

const token = /--[^\n]*|\/\*[\s\S]*?\*\/|'((?:[^']|'')*)'|"((?:[^"]|"")*)"/g;

export function sharedSql(text: string): string {
  return text.replace(token, (found, string?: string, name?: string) => {
    if (string !== undefined) return quoted(string.replaceAll("''", "'"));
    return name === undefined ? found : quotedName(name.replaceAll('""', '"'));
  });
}

/** True where the text is true; false where it is false or null. The line break ends a trailing comment. */
export function isTrue(text: string): string {
  return `coalesce(CAST((${sharedSql(text)}\n) AS BOOLEAN), false)`;
}
