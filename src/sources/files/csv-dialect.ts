/** How a CSV file is written, guessed from its beginning as far as the options leave it open. */

import type { CsvOptions } from '../options.js';
import type { CsvDialect } from '../source.js';
import { parseFields } from './csv-record.js';
import { recordEnd } from './split-csv.js';

const delimiters = [',', '\t', ';', '|'];
/** Names that columns of posts have; one of them in the first record makes it a header. */
const usualNames = new Set(
  (
    'text tweet tweet_text content message body post comment full_text user username user_name screen_name author ' +
    'handle date created_at timestamp time datetime id id_str ids post_id tweet_id sentiment label target polarity ' +
    'airline_sentiment lang language source query flag'
  ).split(' '),
);

/**
 * @param sample the first bytes of the text, without byte order mark
 * @param path its extension may name the delimiter
 * @returns undefined when no delimiter stands in the first record and none is known
 */
export function detectDialect(sample: Buffer, path: string, options: CsvOptions): CsvDialect {
  const delimiter =
    options.delimiter !== 'auto'
      ? options.delimiter
      : /\.tsv(\.gz)?$/i.test(path)
        ? '\t'
        : (commonDelimiter(sample) ?? ',');
  const [first = [], ...others] = firstRecords(sample, delimiter, 20);
  const header = options.header === 'auto' ? isHeader(first, others) : options.header === 'yes';
  return { delimiter, header, columns: columnNames(first, header, options.columns ?? []) };
}

/** The delimiter that stands equally often in each of the first records, the most frequent one first. */
export function commonDelimiter(sample: Buffer): string | undefined {
  let best: { delimiter: string; fields: number } | undefined;
  for (const delimiter of delimiters) {
    const counts = firstRecords(sample, delimiter, 10).map((fields) => fields.length);
    const fields = counts[0] ?? 1;
    const agree = counts.filter((count) => count === fields).length;
    if (fields < 2 || agree < counts.length * 0.8) continue;
    if (best === undefined || fields > best.fields) best = { delimiter, fields };
  }
  return best?.delimiter;
}

/** The fields of the first whole records. */
function firstRecords(sample: Buffer, delimiter: string, count: number): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < sample.length && records.length < count) {
    const { end } = recordEnd(sample, at, delimiter.charCodeAt(0), sample.length);
    // The last record may be cut by the sample's end, unless it is all that there is.
    if (end < 0 && records.length > 0) break;
    const bytes = sample.subarray(at, end < 0 ? undefined : end);
    at = end < 0 ? sample.length : end;
    const parsed = parseFields(bytes, delimiter);
    if ('fields' in parsed && parsed.fields.some((field) => field.trim() !== '')) records.push(parsed.fields);
  }
  return records;
}

/**
 * A header has only distinct names in it. Where that leaves doubt, it is one: posts read under wrong names stop the
 * query and say so, while a header read as a post would slip through.
 */
function isHeader(first: string[], others: string[][]): boolean {
  const cells = first.map((cell) => cell.trim().toLowerCase());
  if (cells.some((cell) => usualNames.has(cell)) && !cells.some(isData)) return true;
  if (new Set(cells).size < cells.length || cells.some((cell) => cell === '' || isData(cell))) return false;
  return !others.some((record) => record.some((cell, i) => cell.trim().toLowerCase() === cells[i]));
}

/** A number, a date, or text as nobody names a column. */
function isData(cell: string): boolean {
  return (
    cell.length > 64 ||
    /^[-+]?[\d.,:/\s-]+([eEtTzZ][\d:+.-]*)?$/.test(cell) ||
    /[.!?…]\s|\s@\w|https?:/.test(cell)
  );
}

function columnNames(first: string[], header: boolean, given: readonly string[]): string[] {
  const taken = new Set<string>();
  const width = Math.max(first.length, given.length);
  return Array.from({ length: width }, (_, i) => {
    const own = header ? first[i]?.trim() : undefined;
    const wanted = given[i] ?? (own === undefined || own === '' ? `column${i}` : own);
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted}_${n}`;
    taken.add(name);
    return name;
  });
}
