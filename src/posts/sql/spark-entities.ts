/**
 * HTML entities in Spark SQL. Two numeric entities may be the halves of one character, and stay apart until mentions are
 * removed (`clean-text.ts`); Spark's strings cannot hold half a character. So each half is written as a character of
 * plane 16 while the text is worked on, a mark stands before what is such a character in truth, and at the end whole
 * characters are put together.
 */
import { unescapeHtml } from '../clean-text.js';
import { entityNames } from './entity-names.js';
import { letSql, pattern, quoted } from './spark-literals.js';

/** Stands before a character of the text that would be taken for half of one, or for the mark itself. */
const mark = '\u{10FFFD}';
const high = '\\x{100000}-\\x{1003FF}';
const low = '\\x{100400}-\\x{1007FF}';
const markPattern = '\\x{10FFFD}';

/** From this code on a number stands for no character, says the library. */
const tooLarge = 1_114_111;

/** Whether a text may hold numeric entities, so that halves and marks can be in its unescaped form. */
const mayHoldHalves = (text: string) => `contains(${text}, '&#')`;

/** SQL for the text with its entities unescaped, halves and marks as above. */
export function unescapedSql(text: string): string {
  const marked = `CASE WHEN ${mayHoldHalves(text)}
    THEN regexp_replace(${text}, ${pattern(`[${high}${low}${markPattern}]`)}, concat(${quoted(mark)}, '$0')) ELSE ${text} END`;
  return `CASE WHEN contains(${text}, '&')
    THEN array_join(transform(split(${marked}, '&', -1), (part, i) -> CASE WHEN i = 0 THEN part ELSE ${decodedPart('part')} END), '')
    ELSE ${text} END`;
}

/**
 * SQL for an unescaped text in its final form: halves put together, those without another half replaced by U+FFFD.
 * @param original the text before it was unescaped
 */
export function wellFormedSql(text: string, original: string): string {
  const token = pattern(`(?s)${markPattern}.|[${high}][${low}]|.`);
  const whole = letSql(
    'h',
    "hex(encode(c, 'UTF-16BE'))",
    "decode(unhex(concat('D', translate(substr(h, 6, 1), 'CDEF', '89AB'), substr(h, 7, 2), substr(h, 13, 4))), 'UTF-16BE')",
  );
  const character = `CASE
    WHEN startswith(c, ${quoted(mark)}) THEN substr(c, 2)
    WHEN length(c) = 2 THEN ${whole}
    WHEN c RLIKE ${pattern(`[${high}${low}]`)} THEN '\uFFFD'
    ELSE c END`;
  return `CASE
    WHEN NOT ${mayHoldHalves(original)} OR NOT ${text} RLIKE ${pattern(`[${high}${low}${markPattern}]`)} THEN ${text}
    ELSE array_join(transform(regexp_extract_all(${text}, ${token}, 0), c -> ${character}), '') END`;
}

/** What stands behind an ampersand, decoded; with its ampersand when it is no entity. */
function decodedPart(part: string): string {
  const rest = (token: string) => `substr(${part}, length(${token}) + 1)`;
  const legacy = `\\A(?:${legacyNames().join('|')});?`;
  const hex = "ltrim('0', rtrim(';', substr(token, 3)))";
  const number = `CASE WHEN substr(token, 2, 1) NOT IN ('x', 'X') THEN ltrim('0', rtrim(';', substr(token, 2)))
    WHEN length(${hex}) > 6 THEN '${tooLarge}' ELSE coalesce(conv(${hex}, 16, 10), '') END`;
  const named = `CASE token WHEN 'amp;' THEN '&' WHEN 'lt;' THEN '<' WHEN 'gt;' THEN '>' WHEN 'quot;' THEN '"'
    ELSE try_element_at(${entityMap()}, token) END`;
  return letSql(
    'token',
    `regexp_extract(${part}, ${pattern('\\A(?:#[0-9]+|#[xX][0-9a-fA-F]+|[0-9a-zA-Z]+);?')}, 0)`,
    `CASE
      WHEN token = '' THEN concat('&', ${part})
      WHEN startswith(token, '#') THEN concat(${letSql('digits', number, numericEntity('digits'))}, ${rest('token')})
      ELSE ${letSql(
        'value',
        named,
        `CASE WHEN value IS NOT NULL THEN concat(value, ${rest('token')})
          ELSE ${letSql(
            'prefix',
            `regexp_extract(${part}, ${pattern(legacy)}, 0)`,
            `CASE WHEN prefix = '' THEN concat('&', ${part})
              ELSE concat(try_element_at(${entityMap()}, prefix), ${rest('prefix')}) END`,
          )} END`,
      )} END`,
  );
}

/** The character of a code in decimal digits without leading zeros; '' is 0. */
function numericEntity(digits: string): string {
  const remapped = [...Array(256).keys()].flatMap((code) => {
    const character = unescapeHtml(`&#${code};`);
    const other = character.codePointAt(0)!;
    return other === code ? [] : [`WHEN ${code} THEN ${other}`];
  });
  // In UTF-16BE a U+FEFF is a character, in UTF-32 it would be a byte order mark.
  const unit = (code: string) => `lpad(hex(${code}), 4, '0')`;
  const astral = (code: string) =>
    `decode(unhex(concat(${unit(`55296 + ((${code}) - 65536) div 1024`)}, ${unit(`56320 + (${code}) % 1024`)})), 'UTF-16BE')`;
  const character = `CASE
    WHEN code >= ${tooLarge} THEN '\uFFFD'
    WHEN code BETWEEN 55296 AND 57343 THEN ${astral('1048576 + code - 55296')}
    WHEN code BETWEEN 1048576 AND 1050623 OR code = 1114109 THEN concat(${quoted(mark)}, ${astral('code')})
    WHEN code > 65535 THEN ${astral('code')}
    ELSE decode(unhex(${unit('code')}), 'UTF-16BE') END`;
  const known = `CASE code ${remapped.join(' ')} ELSE code END`;
  return letSql(
    'code',
    `CASE WHEN ${digits} = '' THEN 0 WHEN length(${digits}) > 7 THEN ${tooLarge} ELSE try_cast(${digits} AS INT) END`,
    letSql('code', known, character),
  );
}

/** `amp;` and, where HTML needs no semicolon, `amp` to what they stand for: one constant, folded once. */
function entityMap(): string {
  const entries = entityNames.map((name) => [`${name};`, unescapeHtml(`&${name};`)]);
  for (const name of legacyNames()) entries.push([name, unescapeHtml(`&${name}`)]);
  return `str_to_map(${quoted(entries.map((entry) => entry.join('\x02')).join('\x01'))}, ${quoted('\x01')}, ${quoted('\x02')})`;
}

/** Names that are entities without their semicolon, whatever follows. */
function legacyNames(): string[] {
  return entityNames.filter((name) => unescapeHtml(`&${name}`) === unescapeHtml(`&${name};`));
}
