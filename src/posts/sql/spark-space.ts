/** White space as JavaScript has it: Java's `\s` and Spark's `trim` know ASCII alone. */
import { pattern } from './spark-literals.js';

/** What stands between the brackets of a Java character class. */
export const space =
  '\\t\\n\\x0B\\f\\r \\xA0\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}';

export function trimSql(text: string): string {
  return `regexp_replace(${text}, ${pattern(`\\A[${space}]+|[${space}]+\\z`)}, '')`;
}
