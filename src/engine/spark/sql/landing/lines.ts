/**
 * Files to records, each with its place: the lines of NDJSON, the elements of a JSON array, and the records that Python
 * found in files of other formats. What cannot be read stays as a record with a fault. JSON is held to the rules of
 * `sources/files/json-object.ts`: whole integers that a double cannot hold become strings of their digits, a lone
 * surrogate or a NUL is refused.
 */
import { letSql, pattern } from '../../../../posts/sql/spark-literals.js';
import { isPlain, type LandingFormat } from './files.js';
import { adding, type Stage } from './stage.js';
import { items } from './variant.js';

export interface LineOptions {
  /** A view over the files by `filesSql`. */
  source: string;
  /** A view over what Python made of the files that are not plain JSON (`models/spark/murmur_landing.py`). */
  opened: string;
  format: LandingFormat;
  /** Bytes; a longer line goes to quarantine. */
  maxLine: number;
}

/** Stages to `source_file`, `position`, `v` (a VARIANT that is an object, or null) and `fault` (rule, reason, raw; or null). */
export function recordStages({ opened, format, maxLine }: LineOptions): Stage[] {
  const isArray = format === 'ndjson' ? 'false' : `text RLIKE ${pattern('\\A[\\x00-\\x20]*\\[')}`;
  return [
    (
      from,
    ) => `SELECT source_file, value AS text, CAST(NULL AS BIGINT) AS ordinal, CAST(NULL AS STRING) AS found_rule,
        CAST(NULL AS STRING) AS found_reason FROM ${from} WHERE ${isPlain(format)}
      UNION ALL SELECT source_file, CAST(content AS STRING), position, rule, reason FROM ${opened}`,
    (from) =>
      `SELECT source_file, ordinal, found_rule, found_reason, ${withoutMark('text')} AS text FROM ${from}`,
    // What stands before the explosion is read by either of two scans; behind it Spark has no cause to plan all of it twice.
    (from) => `SELECT source_file, ordinal IS NOT NULL AS is_found, found_rule, found_reason, explode(CASE
        WHEN ordinal IS NOT NULL THEN array(${record({ position: 'ordinal', line: 'text' })})
        WHEN ${isArray} THEN ${elements('text')}
        ELSE ${lines('text')} END) AS r FROM ${from}`,
    (
      from,
    ) => `SELECT source_file, is_found, found_rule, found_reason, r.position, r.line, r.is_last, coalesce(r.element, ${parsed('r.line')}) AS v
      FROM ${from} WHERE is_found OR r.element IS NOT NULL OR NOT r.line RLIKE ${pattern('\\A[ \\t-\\r]*\\z')}`,
    adding({ reason: reasonSql(maxLine) }),
    (
      from,
    ) => `SELECT source_file, position, CASE WHEN reason IS NULL THEN v END AS v, CASE WHEN reason IS NOT NULL THEN
        named_struct('rule', ${ruleSql(maxLine)}, 'reason', reason, 'raw', ${rawJson('line')}) END AS fault FROM ${from}`,
  ];
}

function ruleSql(maxLine: number): string {
  return `CASE WHEN found_rule IS NOT NULL THEN found_rule WHEN octet_length(line) > ${maxLine} THEN 'line_too_long' ELSE 'bad_line' END`;
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
    WHEN found_reason IS NOT NULL THEN found_reason
    WHEN is_found AND v IS NOT NULL THEN NULL
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
