/**
 * Files to records, each with its place: the lines of NDJSON, the elements of a JSON array. What cannot be read stays as a
 * record with a fault. JSON is held to the rules of `sources/files/json-object.ts`: whole integers that a double cannot
 * hold become strings of their digits, a lone surrogate or a NUL is refused.
 */
import { MurmurError } from '../../../../base/errors.js';
import { letSql, pattern, quoted } from '../../../../posts/sql/spark-literals.js';
import { adding, type Stage } from './stage.js';
import { items } from './variant.js';

export interface LineOptions {
  /** A view over whole files: `value` their text (`wholetext`), `file_path` their URI (`_metadata.file_path`). */
  source: string;
  /** The landing place: a folder, or a URI of any scheme. */
  root: string;
  format: 'auto' | 'ndjson' | 'json' | 'csv' | 'parquet';
  /** Bytes; a longer line goes to quarantine. */
  maxLine: number;
}

/**
 * Stages to `source_file`, `position`, `v` (a VARIANT that is an object, or null) and `fault` (rule, reason, raw; or null).
 * @throws spark.format_unsupported (user) for CSV and Parquet
 */
export function recordStages({ root, format, maxLine }: LineOptions): Stage[] {
  if (format === 'csv' || format === 'parquet')
    throw new MurmurError(
      'spark.format_unsupported',
      `format: ${format} cannot be read from the landing place by Spark`,
      {
        fault: 'user',
        fix: 'land the posts as NDJSON or JSON (format: ndjson), or run this lake with `engine: embedded`',
      },
    );
  const isArray = format === 'ndjson' ? 'false' : `text RLIKE ${pattern('\\A[\\x00-\\x20]*\\[')}`;
  const isForeign = `source_file RLIKE ${pattern('(?i)\\.(csv|tsv|parquet)(\\.gz)?\\z')}`;
  return [
    (from) =>
      `SELECT ${withoutMark('value')} AS text, ${relative('file_path', root)} AS source_file FROM ${from}`,
    (from) => `SELECT *, CASE WHEN ${isForeign} THEN ${quoted(foreign)} END AS unread FROM ${from}
      WHERE NOT source_file RLIKE ${pattern('(?i)\\.(tmp|part|crdownload)(/|\\z)')}`,
    (from) => `SELECT source_file, unread, explode(CASE
        WHEN unread IS NOT NULL THEN array(${record({ position: '1', line: "''" })})
        WHEN ${isArray} THEN ${elements('text')}
        ELSE ${lines('text')} END) AS r FROM ${from}`,
    (
      from,
    ) => `SELECT source_file, unread, r.position, r.line, r.is_last, coalesce(r.element, ${parsed('r.line')}) AS v FROM ${from}
      WHERE r.element IS NOT NULL OR unread IS NOT NULL OR NOT r.line RLIKE ${pattern('\\A[ \\t-\\r]*\\z')}`,
    adding({ reason: reasonSql(maxLine) }),
    (
      from,
    ) => `SELECT source_file, position, CASE WHEN reason IS NULL THEN v END AS v, CASE WHEN reason IS NOT NULL THEN
        named_struct('rule', ${ruleSql(maxLine)}, 'reason', reason, 'raw', ${rawJson('line')}) END AS fault FROM ${from}`,
  ];
}

const foreign =
  'Spark reads NDJSON and JSON from the landing place, and this file is named for another format';

function ruleSql(maxLine: number): string {
  return `CASE WHEN unread IS NOT NULL THEN 'unreadable' WHEN octet_length(line) > ${maxLine} THEN 'line_too_long' ELSE 'bad_line' END`;
}

/** The path of a file below the landing place, with its `%xx` decoded. */
function relative(uri: string, root: string): string {
  const folder = `${root.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/+$/, '')}/`;
  const decoded = `coalesce(try_url_decode(replace(${uri}, '+', '%2B')), ${uri})`;
  return `substr(${decoded}, CASE WHEN locate(${quoted(folder)}, ${decoded}) > 0
    THEN locate(${quoted(folder)}, ${decoded}) + ${[...folder].length} ELSE 1 END)`;
}

function withoutMark(text: string): string {
  return `CASE WHEN startswith(${text}, '\uFEFF') THEN substr(${text}, 2) ELSE ${text} END`;
}

interface RecordParts {
  position: string;
  line: string;
  element?: string;
  isLast?: string;
}

function record({
  position,
  line,
  element = 'CAST(NULL AS VARIANT)',
  isLast = 'false',
}: RecordParts): string {
  return `named_struct('position', CAST(${position} AS BIGINT), 'line', ${line}, 'element', ${element}, 'is_last', ${isLast})`;
}

/** Physical lines. A text with invalid bytes is cut as bytes: Spark would replace them before anyone sees them. */
function lines(text: string): string {
  const bytes = `transform(split(decode(CAST(${text} AS BINARY), 'ISO-8859-1'), '\\n'), l -> CAST(encode(l, 'ISO-8859-1') AS STRING))`;
  return letSql(
    'all_lines',
    `CASE WHEN is_valid_utf8(${text}) THEN split(${text}, '\\n') ELSE ${bytes} END`,
    `transform(all_lines, (l, i) -> ${record({
      position: 'i + 1',
      line: "CASE WHEN endswith(l, '\\r') THEN left(l, length(l) - 1) ELSE l END",
      isLast: 'i + 1 = size(all_lines)',
    })})`,
  );
}

/** The elements of an array; a text that does not parse as a whole is one broken record. */
function elements(text: string): string {
  return letSql(
    'all_elements',
    items(parsed(text)),
    `CASE WHEN all_elements IS NULL THEN array(${record({ position: '1', line: text })})
      ELSE transform(all_elements, (e, i) -> ${record({ position: 'i + 1', line: 'to_json(e)', element: 'e' })}) END`,
  );
}

/** A text as VARIANT if it is one JSON value and nothing else: behind a value Spark's parser looks at nothing. */
function parsed(text: string): string {
  return strictly(exactNumbers(text));
}

function strictly(json: string): string {
  const end = '"end of the record"';
  return letSql(
    'both',
    items(`try_parse_json(concat('[', ${json}, ',${end}]'))`),
    `CASE WHEN size(both) = 2 AND to_json(get(both, 1)) = '${end}' THEN get(both, 0) END`,
  );
}

/** Escaped backslashes and quotes as control characters, which no JSON text may hold. */
const veiled = (text: string) => `replace(replace(${text}, '\\\\\\\\', '\\u0001'), '\\\\"', '\\u0002')`;
const unveiled = (text: string) => `replace(replace(${text}, '\\u0002', '\\\\"'), '\\u0001', '\\\\\\\\')`;

/** Whole numbers from 2^53 on, and numbers beyond a double, as strings of their digits. */
function exactNumbers(text: string): string {
  const safe = String(Number.MAX_SAFE_INTEGER);
  const unsafe = [...safe].flatMap((digit, i) =>
    digit === '9' ? [] : [`${safe.slice(0, i)}[${Number(digit) + 1}-9][0-9]{${safe.length - 1 - i}}`],
  );
  const integer = `[1-9][0-9]{${safe.length},}|${unsafe.join('|')}`;
  const huge = '[0-9]+(?:[.][0-9]+)?[eE][+]?0*(?:3[1-9][0-9]|[4-9][0-9]{2}|[1-9][0-9]{3,})';
  const number = pattern(`(?<![0-9.eE+-])(-?(?:${integer}|${huge}))(?![0-9.eE])`);
  const pieces = `transform(split(${veiled(text)}, '"'), (piece, i) ->
    CASE WHEN i % 2 = 0 THEN regexp_replace(piece, ${number}, '"$1"') ELSE piece END)`;
  return `CASE WHEN ${text} RLIKE ${pattern('[0-9]{16}|[0-9][eE][+]?[0-9]{3}')} AND NOT ${text} RLIKE ${pattern('[\\x01\\x02]')}
    THEN ${unveiled(`array_join(${pieces}, '"')`)} ELSE ${text} END`;
}

/** Why a record gives no post, in the words of the embedded engine, but for where broken JSON is broken. */
function reasonSql(maxLine: number): string {
  const high = '\\\\u[dD][89abAB][0-9a-fA-F]{2}';
  const low = '\\\\u[dD][c-fC-F][0-9a-fA-F]{2}';
  const lone = `${veiled('line')} RLIKE ${pattern(`${high}(?!${low})|(?<!${high})${low}`)}`;
  const type = 'schema_of_variant(v)';
  return `CASE
    WHEN unread IS NOT NULL THEN unread
    WHEN octet_length(line) > ${maxLine} THEN 'longer than ${maxLine} bytes (max_line)'
    WHEN NOT is_valid_utf8(line) THEN 'invalid UTF-8'
    WHEN contains(line, '\\u0000') THEN 'a NUL byte'
    WHEN v IS NULL AND ${lone} THEN 'a lone surrogate (half of a character)'
    WHEN v IS NULL AND is_last THEN 'the last line is cut: it has no end and is no whole object'
    WHEN v IS NULL THEN 'broken JSON'
    WHEN ${type} = 'VOID' THEN 'not an object but null'
    WHEN startswith(${type}, 'ARRAY') THEN 'not an object but an array'
    WHEN NOT startswith(${type}, 'OBJECT') THEN concat('not an object but a ',
      CASE ${type} WHEN 'STRING' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' ELSE 'number' END)
    WHEN contains(${veiled('line')}, '\\\\u0000') THEN 'a NUL character' END`;
}

/** What stood there, cut and made readable, as JSON: itself when it is an object or list, else a string. */
export function rawJson(text: string): string {
  const readable = `replace(make_valid_utf8(CAST(left(CAST(${text} AS BINARY), 4096) AS STRING)), '\\u0000', '\uFFFD')`;
  return letSql(
    'cut',
    readable,
    `CASE WHEN schema_of_variant(${strictly('cut')}) RLIKE '^(OBJECT|ARRAY)' THEN cut ELSE to_json(CAST(cut AS VARIANT)) END`,
  );
}
