/**
 * Who is mentioned in a text, by one of three rules. A lake has one rule for its whole life, since tables made under
 * different rules cannot be compared.
 *
 * - `twitter`: what Twitter itself links, to the letter of the public twitter-text specification
 *   (github.com/twitter/twitter-text, conformance/extract.yml, "mentions"). E-mail addresses are none, and a list
 *   (`@user/list`) is a list, not a mention of its owner.
 * - `word`: `@\w+` with an ASCII `\w`, as Java, RE2 and JavaScript have it; the `y` of `x@y.com` counts.
 * - `nonspace`: `@\S+`, punctuation and all.
 */

export const mentionRules = ['twitter', 'word', 'nonspace'] as const;
export type MentionRule = (typeof mentionRules)[number];

/** One occurrence: `text.slice(start, end)` is the at-sign and the handle. */
export interface MentionSpan {
  readonly start: number;
  readonly end: number;
  readonly handle: string;
}

/** Handles without the at-sign, in order, one an occurrence, in the case in which they were written. */
export function mentions(text: string, rule: MentionRule): string[] {
  return mentionSpans(text, rule).map((span) => span.handle);
}

/** The text without its mentions; what stood around them stays. */
export function removeMentions(text: string, rule: MentionRule): string {
  const spans = mentionSpans(text, rule);
  if (spans.length === 0) return text;
  let rest = '';
  let from = 0;
  for (const { start, end } of spans) {
    rest += text.slice(from, start);
    from = end;
  }
  return rest + text.slice(from);
}

export function mentionSpans(text: string, rule: MentionRule): MentionSpan[] {
  if (!text.includes('@') && !text.includes(fullWidthAt)) return [];
  if (rule === 'twitter') return twitterSpans(text);
  const pattern = rule === 'word' ? /@\w+/g : /@\S+/g;
  return Array.from(text.matchAll(pattern), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    handle: match[0].slice(1),
  }));
}

const fullWidthAt = '＠';
const maxHandle = 20;
const maxSlug = 25;

/**
 * Goes from at-sign to at-sign. A candidate is taken apart as [what stands before] @ handle [/list], and what it takes
 * is used up even if it is then refused: the character before the next at-sign must lie behind it.
 */
function twitterSpans(text: string): MentionSpan[] {
  const spans: MentionSpan[] = [];
  let used = 0;
  for (let at = nextAt(text, 0); at >= 0; at = nextAt(text, at + 1)) {
    if (!mayPrecede(text, at, used)) continue;
    const end = skipWhile(text, at + 1, at + 1 + maxHandle, isWord);
    if (end === at + 1) continue;
    used = listEnd(text, end);
    if (used === end && !spoils(text, end)) {
      spans.push({ start: at, end, handle: text.slice(at + 1, end) });
    }
  }
  return spans;
}

function nextAt(text: string, from: number): number {
  for (let i = from; i < text.length; i++) if (isAt(text.charCodeAt(i))) return i;
  return -1;
}

/** The text's start, a character that is neither a word's nor one of `!#$%&*@＠`, or `RT` that is a word of its own. */
function mayPrecede(text: string, at: number, used: number): boolean {
  if (at === 0) return true;
  if (at <= used) return false;
  const before = text.charCodeAt(at - 1);
  if (!isWord(before) && !isAt(before) && !'!#$%&*'.includes(text[at - 1]!)) return true;
  if (at < 2 || text.slice(at - 2, at).toLowerCase() !== 'rt') return false;
  if (at === 2) return true;
  return !isWord(text.charCodeAt(at - 3)) && !'+~.-'.includes(text[at - 3]!);
}

/** Behind `/list-name` when one follows the handle (a letter, then letters, digits, `_` and `-`), else `end`. */
function listEnd(text: string, end: number): number {
  if (text[end] !== '/' || !isLetter(text.charCodeAt(end + 1))) return end;
  return skipWhile(text, end + 2, end + 1 + maxSlug, (code) => isWord(code) || code === 0x2d);
}

/** What follows may make it something else: another at-sign (an address), an accented letter (a longer word), a URL. */
function spoils(text: string, end: number): boolean {
  const code = text.charCodeAt(end);
  return isAt(code) || latinAccent.test(text.charAt(end)) || text.startsWith('://', end);
}

/** The specification's "latin accented characters". */
const latinAccent =
  /[\u0300-\u036F\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0253\u0254\u0256\u0257\u0259\u025B\u0263\u0268\u026F\u0272\u0289\u028B\u02BB\u1E00-\u1EFF]/;

function skipWhile(text: string, from: number, limit: number, accept: (code: number) => boolean): number {
  let i = from;
  while (i < limit && i < text.length && accept(text.charCodeAt(i))) i++;
  return i;
}

function isAt(code: number): boolean {
  return code === 0x40 || code === 0xff20;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

function isWord(code: number): boolean {
  return isLetter(code) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}
