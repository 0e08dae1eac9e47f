/** Fields of CSV records. Many records are parsed in one call; only where that fails is each looked at alone. */
import { isUtf8 } from 'node:buffer';
import { type Options, parse } from 'csv-parse/sync';
import type { CsvDialect } from '../source.js';

export type CsvRecord = { fields: Record<string, unknown> } | { reason: string };

/** @param records the bytes of one record each, without line end */
export function parseCsvRecords(records: readonly Buffer[], dialect: CsvDialect): CsvRecord[] {
  const rows = parseTogether(records, dialect.delimiter);
  return records.map((bytes, i) => {
    if (!isUtf8(bytes)) return { reason: 'invalid UTF-8' };
    if (bytes.includes(0)) return { reason: 'a NUL byte' };
    const row = rows?.[i];
    const parsed = row === undefined ? parseFields(bytes, dialect.delimiter) : { fields: row };
    return 'reason' in parsed ? parsed : named(parsed.fields, dialect.columns);
  });
}

/** The fields of one record. */
export function parseFields(bytes: Buffer, delimiter: string): { fields: string[] } | { reason: string } {
  try {
    const rows = parse(bytes, csvParse(delimiter));
    return rows.length === 1
      ? { fields: rows[0]! }
      : { reason: `broken CSV: ${rows.length} records where one was expected` };
  } catch (e) {
    return { reason: `broken CSV: ${(e as { code?: string }).code ?? 'cannot be parsed'}` };
  }
}

/** The rows, when each one ends exactly where its record ends. */
function parseTogether(records: readonly Buffer[], delimiter: string): string[][] | undefined {
  const lineEnd = Buffer.from('\n');
  let rows: RowWithInfo[];
  try {
    const text = Buffer.concat(records.flatMap((record) => [record, lineEnd]));
    rows = parse(text, { ...csvParse(delimiter), info: true }) as unknown as RowWithInfo[];
  } catch {
    return undefined;
  }
  let end = 0;
  const isAligned = records.every((record, i) => {
    end += record.length + 1;
    return rows[i]?.info.bytes === end;
  });
  return isAligned && rows.length === records.length ? rows.map((row) => row.record) : undefined;
}

interface RowWithInfo {
  record: string[];
  info: { bytes: number };
}

function csvParse(delimiter: string): Options {
  return {
    delimiter,
    bom: true,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: 0,
  };
}

/** An empty field is null. Too few fields leave the last columns out; too many mean that a delimiter was not quoted. */
function named(values: readonly string[], columns: readonly string[]): CsvRecord {
  if (values.length > columns.length)
    return { reason: `${values.length} fields where there are ${columns.length} columns` };
  const fields: Record<string, unknown> = {};
  for (let i = 0; i < values.length; i++) fields[columns[i]!] = values[i] === '' ? null : values[i];
  return { fields };
}
