/**
 * HTML entities as Python's `html.unescape` reads them: models were trained on text that went through it, and their
 * input must be the same here. It follows the HTML 5 standard, names without a semicolon included (`&ampx` → `&x`).
 */
import { decodeEntity } from 'html-entities';

const reference = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu;

/** Replaces every character reference once; what is none stays as it stands. */
export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(reference, (_, body: string) => (body.startsWith('#') ? numeric(body) : named(body)));
}

/** The longest known name at the start wins; the rest of the match is kept. */
function named(body: string): string {
  const characters = [...body];
  for (let length = characters.length; length > 1; length--) {
    const replacement = characterOf(characters.slice(0, length).join(''));
    if (replacement !== undefined) return replacement + characters.slice(length).join('');
  }
  return `&${body}`;
}

function characterOf(name: string): string | undefined {
  const angle = angles.get(name);
  if (angle !== undefined) return angle;
  const entity = `&${name}`;
  const decoded = decodeEntity(entity, { level: 'html5' });
  return decoded === entity ? undefined : decoded;
}

function numeric(body: string): string {
  const digits = body.replace(/;$/, '');
  const code = /^#x/i.test(digits)
    ? Number.parseInt(digits.slice(2), 16)
    : Number.parseInt(digits.slice(1), 10);
  if (code === 0x0d) return '\r';
  if (code >= 0x80 && code <= 0x9f) return windows1252[code - 0x80]!;
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  return isDropped(code) ? '' : String.fromCodePoint(code);
}

/** Control characters and noncharacters, which the standard calls errors, give nothing. */
function isDropped(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a && code !== 0x0c;
  return code === 0x7f || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
}

/** The two names that the library maps as HTML 4 did. */
const angles: ReadonlyMap<string, string> = new Map([
  ['lang;', '\u27e8'],
  ['rang;', '\u27e9'],
]);

/** What `&#128;` to `&#159;` mean: the bytes of Windows-1252, control characters where that has none. */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
