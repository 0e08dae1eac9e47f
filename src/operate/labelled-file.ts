/**
 * Labelled texts from a file, as data sets come: NDJSON, a JSON array, CSV or TSV, gzipped or not, with or without a header. Which
 * column is the text and which the label is found from their names, else from what stands in them, or said by the user.
 */
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MurmurError } from '../base/errors.js';
import { mappedColumns } from '../posts/canonical.js';
import type { Fields } from '../posts/field-path.js';
import { type LabelScheme, labelScheme, labelSentiment, normalLabel } from '../posts/labels.js';
import { parseTimestamp } from '../posts/parse-timestamp.js';
import { shapeOf } from '../posts/shapes/known.js';
import { detectDialect } from '../sources/files/csv-dialect.js';
import { parseCsvRecords } from '../sources/files/csv-record.js';
import { recordEnd } from '../sources/files/split-csv.js';
import type { LabelledRow } from './labelled-rows.js';

export interface ColumnChoice {
  /** Name of the column, or its number from 1. */
  text?: string;
  label?: string;
  /** What the labels mean, where the user said so: a column that holds such labels is the one. */
  labels?: LabelScheme;
}

/** Bytes by which a delimited file's form is judged. */
const sampleBytes = 64 * 1024;
/** Records by which columns without known names are judged. */
const sampleRecords = 500;
/** Most different values of a column that holds labels. */
const mostLabels = 6;
/** How columns of labels are called, alone or behind something: `airline_sentiment`. */
const labelName = /(^|[_ .-])(labels?|sentiment|polarity|target|class|annotation)$/i;

/**
 * Every record of the file that is not blank; what a record lacks is null.
 * @throws operate.data_unreadable (external; user where there is no such file), operate.data_invalid (user) when there is no text or
 * no label column, or two that may be it
 */
export async function readLabelledFile(path: string, choice: ColumnChoice = {}): Promise<LabelledRow[]> {
  const bytes = await contentOf(path);
  const records = recordsIn(bytes, path);
  if (records.length === 0) throw invalid(path, 'it has no records', [], 'name a file with labelled texts');
  return rowsOf(path, records, choice);
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    const bytes = await readFile(path);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? await promisify(gunzip)(bytes) : bytes;
  } catch (cause) {
    throw unreadable(path, cause as NodeJS.ErrnoException);
  }
}

function unreadable(path: string, cause: NodeJS.ErrnoException): MurmurError {
  const misnamed = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' }[cause.code ?? ''];
  const fix =
    misnamed !== undefined
      ? 'name a file with labelled texts'
      : cause.code?.startsWith('Z_')
        ? 'the file is cut or damaged: get it again'
        : undefined;
  return new MurmurError('operate.data_unreadable', `reading ${path}: ${misnamed ?? cause.message}`, {
    fault: misnamed === undefined ? 'external' : 'user',
    ...(fix === undefined ? {} : { fix }),
    cause,
  });
}

/** Null stands for a record that cannot be read. */
function recordsIn(bytes: Buffer, path: string): (Fields | null)[] {
  const start = bytes
    .toString('utf8', 0, 1024)
    .replace(/^\ufeff/, '')
    .trimStart();
  if (start.startsWith('[')) return jsonArray(bytes, path);
  if (start.startsWith('{')) return lines(bytes).map(jsonObject);
  return delimited(bytes, path);
}

function jsonArray(bytes: Buffer, path: string): (Fields | null)[] {
  try {
    const values = JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, '')) as unknown[];
    return values.map(fieldsOf);
  } catch (e) {
    throw invalid(path, `it begins like a JSON array and is none: ${(e as Error).message}`);
  }
}

function jsonObject(line: string): Fields | null {
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function delimited(bytes: Buffer, path: string): (Fields | null)[] {
  const dialect = detectDialect(bytes.subarray(0, sampleBytes), path, { header: 'auto', delimiter: 'auto' });
  const { delimiter, header, columns } = dialect;
  // Tab-separated values have no quotes (IANA, text/tab-separated-values): one that stands in a text is a part of it.
  const records = delimiter === '\t' ? tabbed(bytes, columns) : quoted(bytes, dialect);
  return header ? records.slice(1) : records;
}

function tabbed(bytes: Buffer, columns: readonly string[]): (Fields | null)[] {
  return lines(bytes).map((line) => {
    const values = line.split('\t');
    return Object.fromEntries(columns.map((name, i) => [name, values[i] ?? null]));
  });
}

function quoted(bytes: Buffer, dialect: ReturnType<typeof detectDialect>): (Fields | null)[] {
  const slices: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { end } = recordEnd(bytes, at, dialect.delimiter.charCodeAt(0), bytes.length);
    // A quote that is never closed costs its line, not the rest of the file.
    const lineEnd = bytes.indexOf(0x0a, at);
    const to = end >= 0 ? end : lineEnd >= 0 ? lineEnd + 1 : bytes.length;
    const record = trimmed(bytes.subarray(at, to));
    if (record.toString('latin1').trim() !== '') slices.push(record);
    at = to;
  }
  return parseCsvRecords(slices, dialect).map((record) => ('fields' in record ? record.fields : null));
}

function trimmed(record: Buffer): Buffer {
  let end = record.length;
  while (end > 0 && (record[end - 1] === 0x0a || record[end - 1] === 0x0d)) end--;
  return record.subarray(0, end);
}

function lines(bytes: Buffer): string[] {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

function rowsOf(path: string, records: readonly (Fields | null)[], choice: ColumnChoice): LabelledRow[] {
  const sample = records.filter((fields) => fields !== null).slice(0, sampleRecords);
  let text = columnNamed(sample, choice.text, path);
  let label = columnNamed(sample, choice.label, path);
  const isKnown = (column: 'text' | 'sentiment') =>
    sample.some((fields) => textOf(known(fields)[column]) !== null);
  if (label === undefined && !isKnown('sentiment')) label = labelColumn(path, sample, text, choice.labels);
  if (text === undefined && !isKnown('text')) text = longestColumn(sample, label);
  const rows = records.map((fields): LabelledRow => {
    if (fields === null) return { text: null, label: null, lang: null };
    const found = known(fields);
    return {
      text: textOf(text === undefined ? found.text : fields[text]),
      label: textOf(label === undefined ? found.sentiment : fields[label]),
      lang: textOf(found.lang),
    };
  });
  if (rows.every((row) => row.text === null)) throw invalid(path, 'no column holds texts', columnsOf(sample));
  if (rows.every((row) => row.label === null))
    throw invalid(path, 'no column holds labels that are known', columnsOf(sample));
  return rows;
}

/** The columns under the names that posts usually have. */
function known(fields: Fields): { text: unknown; sentiment: unknown; lang: unknown } {
  const reading = shapeOf(fields).read(fields);
  if (!('columns' in reading)) return { text: null, sentiment: null, lang: null };
  const { text, sentiment, lang } = mappedColumns(fields, {}, reading);
  return { text: text?.value, sentiment: sentiment?.value, lang: lang?.value };
}

/**
 * The column of few values that are labels of some scheme, or of the given one. One that is called so goes before others; of several
 * others none is taken, because a wrong one gives measures that look right.
 */
function labelColumn(
  path: string,
  sample: readonly Fields[],
  text: string | undefined,
  given: LabelScheme | undefined,
): string | undefined {
  const columns = columnsOf(sample).filter((column) => column !== text);
  const likely = columns.filter((column) => {
    const labels = sample.flatMap((fields) => normalLabel(textOf(fields[column]) ?? '') || []);
    const values = new Set(labels);
    return values.size > 1 && values.size <= mostLabels && looksLikeLabels(values, given);
  });
  const named = likely.find((column) => labelName.test(column));
  if (named === undefined && likely.length > 1)
    throw invalid(path, `labels may be in ${likely.join(' or ')}`, columnsOf(sample));
  return named ?? likely[0] ?? columns.find((column) => labelName.test(column));
}

/** A date may be longer than what a post says, and is never that. */
function longestColumn(sample: readonly Fields[], label: string | undefined): string | undefined {
  const length = (column: string) =>
    sample.reduce((sum, fields) => {
      const text = textOf(fields[column]);
      return text !== null && 'error' in parseTimestamp(text) ? sum + text.length : sum;
    }, 0);
  const others = columnsOf(sample).filter((column) => column !== label);
  return others.sort((a, b) => length(b) - length(a))[0];
}

/** Known words or numbers, or most of them said by the user; which scheme known ones are of is judged later, from the whole set. */
function looksLikeLabels(values: ReadonlySet<string>, given: LabelScheme | undefined): boolean {
  if (given !== undefined) {
    const said = [...values].filter((value) => labelSentiment(value, given) !== null);
    return said.length * 2 > values.size;
  }
  const scheme = labelScheme(values);
  return !('ambiguous' in scheme) || !scheme.reason.includes('no known scheme');
}

function columnNamed(
  sample: readonly Fields[],
  wanted: string | undefined,
  path: string,
): string | undefined {
  if (wanted === undefined) return undefined;
  const columns = columnsOf(sample);
  if (columns.includes(wanted)) return wanted;
  const numbered = /^[1-9]\d*$/.test(wanted) ? columns[Number(wanted) - 1] : undefined;
  if (numbered === undefined) throw invalid(path, `there is no column ${wanted}`, columns);
  return numbered;
}

function columnsOf(sample: readonly Fields[]): string[] {
  return [...new Set(sample.flatMap((fields) => Object.keys(fields)))];
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}

function invalid(
  path: string,
  what: string,
  columns: readonly string[] = [],
  fix = 'say which columns are meant with --text and --label, by name or by number from 1, and what labels mean with --labels',
): MurmurError {
  const seen = columns.length === 0 ? '' : `; its columns are ${columns.slice(0, 20).join(', ')}`;
  return new MurmurError('operate.data_invalid', `reading labelled texts from ${path}: ${what}${seen}`, {
    fault: 'user',
    fix,
  });
}
