/** What is said of text that gave no post. */
import type { RecordFault } from '../source.js';

/** Bytes of the original that a fault keeps at most. */
export const rawLimit = 4096;

export function faultOf(rule: RecordFault['rule'], reason: string, raw?: Uint8Array): RecordFault {
  return { rule, reason, raw: raw === undefined ? '' : readable(raw) };
}

/** The beginning of the bytes as valid UTF-8 without NUL, at most 4 kB long. */
function readable(raw: Uint8Array): string {
  let text = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, rawLimit))
    .toString('utf8')
    .replaceAll('\0', '\uFFFD');
  // Three bytes stand for each one that was invalid, so the text may have grown.
  while (Buffer.byteLength(text) > rawLimit) {
    const over = Buffer.byteLength(text) - rawLimit;
    text = text.slice(0, text.length - Math.ceil(over / 4)).replace(/[\uD800-\uDBFF]$/, '');
  }
  return text;
}
