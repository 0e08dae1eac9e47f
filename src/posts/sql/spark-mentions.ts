/** The three mention rules as Java patterns; see `mentions.ts`. */
import type { MentionRule } from '../mentions.js';
import { pattern } from './spark-literals.js';
import { space } from './spark-space.js';

/** SQL for the list of handles of a text. */
export function mentionsSql(text: string, rule: MentionRule): string {
  if (rule !== 'twitter') return `regexp_extract_all(${text}, ${pattern(`@(${handle[rule]})`)}, 1)`;
  return `filter(regexp_extract_all(${text}, ${pattern(candidate)}, 1), handle -> handle <> '')`;
}

/** SQL for a text without its mentions. */
export function withoutMentionsSql(text: string, rule: MentionRule): string {
  if (rule !== 'twitter') return `regexp_replace(${text}, ${pattern(`@${handle[rule]}`)}, '')`;
  return `regexp_replace(${text}, ${pattern(candidate)}, '$2')`;
}

const handle = { word: '[a-zA-Z0-9_]+', nonspace: `[^${space}]+` } as const;

/** twitter-text's "latin accented characters", which make a handle the beginning of a longer word. */
const accents =
  '\\x{0300}-\\x{036F}\\x{00C0}-\\x{00D6}\\x{00D8}-\\x{00F6}\\x{00F8}-\\x{024F}\\x{0253}\\x{0254}\\x{0256}\\x{0257}\\x{0259}\\x{025B}\\x{0263}\\x{0268}\\x{026F}\\x{0272}\\x{0289}\\x{028B}\\x{02BB}\\x{1E00}-\\x{1EFF}';

const word = 'a-zA-Z0-9_';
const at = '@\\x{FF20}';
/** What stands before an at-sign; `\G` is where the last candidate ended, whether it was a mention or not. */
const before = `(?:\\A|(?!\\G)(?:(?<![${word}!#$%&*${at}])|(?<=[rR][tT])(?<![${word}+~.\\-][rR][tT])))`;

/** Group 1 is the handle of a mention; group 2 all of a candidate that is none. A candidate is used up in either case. */
const candidate =
  `${before}(?:[${at}]([${word}]{1,20}+)(?!/[a-zA-Z])(?![${at}${accents}]|://)` +
  `|([${at}][${word}]{1,20}+(?:/[a-zA-Z][${word}\\-]{0,24}+)?))`;
