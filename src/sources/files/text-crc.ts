import { crc32 } from 'node:zlib';
import type { Storage } from '../../storage/storage.js';
import type { InputRange } from '../source.js';
import type { ListedFile } from './listing.js';
import { textOf, until } from './text.js';

/** Text that is read at most to learn whether a file was rewritten. Bytes. */
const readLimit = 64 * 1024 * 1024;

/** Whether what was read of a file, up to the end of `before`, is what stands there now; undefined when it is too much. */
export async function isSameText(
  storage: Storage,
  { path, size }: ListedFile,
  { gzip, to }: InputRange,
): Promise<boolean | undefined> {
  if (to.byte > readLimit) return undefined;
  let crc = 0;
  let length = 0;
  const chunks = textOf({ storage, path, size: gzip ? size : Math.min(size, to.byte), gzip }, 0);
  for await (const chunk of until(chunks, to.byte)) {
    crc = crc32(chunk, crc);
    length += chunk.length;
  }
  return length === to.byte && crc === to.crc;
}
