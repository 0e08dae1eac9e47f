/** Rows of tables for people and for spreadsheets. */
import type { Terminal } from './terminal.js';
import { columns } from './text/columns.js';

/** A column and, if known, its type in DuckDB's words. */
export interface RowColumn {
  name: string;
  type?: string;
}

/** Aligned columns, numbers to the right; values that are no text as they are written in JSON. */
export function shownRows(
  terminal: Terminal,
  head: readonly RowColumn[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string {
  return columns(
    head.map(({ name, type = '' }) => {
      const numeric = numericType.test(type);
      return { name, align: numeric ? 'right' : 'left', whole: numeric || /^timestamp/i.test(type) };
    }),
    rows.map((row) => head.map(({ name }) => shown(row[name]))),
    { paint: terminal.paint, width: terminal.width, mayLeaveOut: true },
  );
}

const numericType = /^(U?(BIG|HUGE|SMALL|TINY)?INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL|long|integer|double)/;

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** An array of row objects, written as the rows come. */
export async function printJsonRows(
  terminal: Terminal,
  rows: AsyncIterable<Readonly<Record<string, unknown>>>,
): Promise<void> {
  let before = '[';
  for await (const row of rows) {
    await terminal.write(`${before}${JSON.stringify(row)}`);
    before = ',\n';
  }
  await terminal.print(before === '[' ? '[]' : ']');
}

/** One record of RFC 4180, without its line end; null is empty, lists and structs are JSON. */
export function csvLine(values: readonly unknown[]): string {
  return values
    .map((value) => {
      if (value === null || value === undefined) return '';
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
}
