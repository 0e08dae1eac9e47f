/**
 * Very many rows, fast: they leave DuckDB as a few large texts, since a text costs about the same to fetch whether it holds one
 * value or ten thousand.
 */
import { MurmurError } from '../base/errors.js';
import type { DuckSession } from './session.js';

/** Rows in one text. */
const packRows = 8_192;
/** Control characters: what stands for null, behind each value, and behind each row. */
const [nullMark, valueEnd, rowEnd] = ['\u001d', '\u001f', '\u001e'];

/**
 * Gives each row of a query of texts without control characters (as URIs and JSON are), integers below 2^53 and booleans: values
 * in the order of the columns, as texts or null, in an array that is used again for the next row.
 * @throws duck.parquet_invalid (external) when a text holds one of the three characters that part values here
 */
export async function eachPacked(
  session: DuckSession,
  select: string,
  columns: number,
  give: (values: readonly (string | null)[]) => void,
): Promise<void> {
  const names = Array.from({ length: columns }, (_, i) => `c${i}`);
  const values = names.map(
    (name) => `coalesce(${name}::VARCHAR, chr(${code(nullMark)})) || chr(${code(valueEnd)})`,
  );
  const packs = session.stream(
    `SELECT string_agg(${values.join(' || ')}, chr(${code(rowEnd)})) || chr(${code(rowEnd)}) AS pack
     FROM (SELECT *, row_number() OVER () // ${packRows} AS n FROM (${select}) AS rows(${names.join(', ')})) GROUP BY n`,
  );
  for await (const chunk of packs) for (const { pack } of chunk) unpack(String(pack), columns, give);
}

function unpack(pack: string, columns: number, give: (values: readonly (string | null)[]) => void): void {
  const values: (string | null)[] = Array(columns).fill(null);
  for (let at = 0; at < pack.length; ) {
    for (let i = 0; i < columns; i++) {
      const end = pack.indexOf(valueEnd, at);
      if (end < 0) throw misplaced();
      const value = pack.slice(at, end);
      values[i] = value === nullMark ? null : value;
      at = end + 1;
    }
    if (pack[at] !== rowEnd) throw misplaced();
    at++;
    give(values);
  }
}

function code(character: string): number {
  return character.charCodeAt(0);
}

function misplaced(): MurmurError {
  return new MurmurError('duck.parquet_invalid', 'a control character in a path or in statistics', {
    fault: 'external',
  });
}
