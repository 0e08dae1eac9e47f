/** Quoting of what goes into SQL text. Values belong into parameters; this is for names, paths and constants. */

/** An identifier that DuckDB reads back letter for letter. */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A string constant. NUL cannot stand in SQL text, so a text that holds one is put together from its parts.
 */
export function quoteString(text: string): string {
  if (text.includes('\0')) return `(${text.split('\0').map(quoteString).join(' || chr(0) || ')})`;
  return `'${text.replaceAll("'", "''")}'`;
}

/** A list constant of strings, for the file lists of `read_parquet`. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteString).join(', ')}]`;
}
