/**
 * One post from its JSON text. What JSON allows and a table cannot hold (a lone surrogate, a NUL character) is refused
 * here with its reason; integers that a double cannot hold come out as strings of their digits.
 */
import { isUtf8 } from 'node:buffer';
import { parse as parseLossless } from 'lossless-json';

export type JsonObject = { fields: Record<string, unknown> } | { reason: string };

/** An integer of 16 digits may be beyond 2^53, an exponent of 3 digits beyond a double. */
const maybeInexact = /\d{16}|\d[eE]\+?\d{3}/;

/** @param bytes the whole text of one JSON value */
export function parseJsonObject(bytes: Buffer): JsonObject {
  const text = bytes.toString('utf8');
  if (text.includes('\uFFFD') && !isUtf8(bytes)) return { reason: 'invalid UTF-8' };
  if (text.includes('\0')) return { reason: 'a NUL byte' };
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return { reason: `not an object but ${nameOf(value)}` };
    if (maybeInexact.test(text)) value = parseLossless(text, null, losslessOptions);
    if (text.includes('\\u')) {
      const reason = unstorable(value);
      if (reason !== undefined) return { reason };
    }
  } catch (e) {
    return {
      reason: e instanceof SyntaxError ? `broken JSON: ${withoutText(e.message)}` : 'nested too deeply',
    };
  }
  return { fields: value as Record<string, unknown> };
}

/** Whether the bytes are the text of one whole object. */
export function isJsonObject(bytes: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** In `u` mode a surrogate that is half of a pair is no character of its own. */
const loneSurrogate = /\p{Surrogate}/u;

const losslessOptions = {
  parseNumber(digits: string): number | string {
    const value = Number(digits);
    const exact = /^-?\d+$/.test(digits) ? Number.isSafeInteger(value) : Number.isFinite(value);
    return exact ? value : digits;
  },
  onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue,
};

/** Why a string anywhere in the value cannot be stored; looked for only where the text has escapes. */
function unstorable(value: unknown): string | undefined {
  if (typeof value === 'string') {
    if (loneSurrogate.test(value)) return 'a lone surrogate (half of a character)';
    return value.includes('\0') ? 'a NUL character' : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const reason = unstorable(key) ?? unstorable(child);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** The parser's message without the piece of the post that it quotes, and in the same words under every Node. */
function withoutText(message: string): string {
  return message
    .replace(/(?:, )?(?:\.\.\.)?"[\s\S]*" is not valid JSON$/, '')
    .replace(/ in JSON/, '')
    .replace(/ \(line \d+ column \d+\)$/, '');
}
