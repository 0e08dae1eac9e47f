/** The text of a file in chunks, from any byte of it, whether it is stored plain or gzipped. */
import { createGunzip } from 'node:zlib';
import type { Storage } from '../../storage/storage.js';

/** Bytes of a file that are read at a time. */
export const chunkBytes = 256 * 1024;
/** What goes into the decompressor at a time: a thousand times as much may come out. */
const gzipStep = 8 * 1024;

export interface StoredText {
  storage: Storage;
  path: string;
  /** Where reading ends, in bytes of the file as it is stored. */
  size: number;
  gzip: boolean;
}

/** Chunks of text; in the end why there are no more, when that is not the end of the file. */
export type TextChunks = AsyncGenerator<Buffer, string | undefined>;

/**
 * @param from the first byte wanted, of the text
 * @param head the stored file's first bytes, when they are at hand
 */
export async function* textOf(text: StoredText, from: number, head?: Buffer): TextChunks {
  if (!text.gzip) {
    yield* stored(text, from, head);
    return undefined;
  }
  let skip = from;
  const chunks = gunzip(() => stored(text, 0, head));
  for (let next = await chunks.next(); ; next = await chunks.next()) {
    if (next.done) return next.value;
    const chunk = next.value;
    if (skip < chunk.length) yield skip === 0 ? chunk : chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

/** Looks at the first bytes of the chunks; those given back are whole again. `end` is why they end, if they do and not with the file. */
export async function peek(
  chunks: TextChunks,
  bytes: number,
): Promise<{ sample: Buffer; isWhole: boolean; end?: string | undefined; chunks: TextChunks }> {
  const seen: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const next = await chunks.next();
    if (next.done) {
      const end = next.value;
      return { sample: Buffer.concat(seen), isWhole: true, end, chunks: chain(seen, end) };
    }
    seen.push(next.value);
    length += next.value.length;
  }
  return { sample: Buffer.concat(seen), isWhole: false, chunks: chain(seen, chunks) };
}

async function* chain(seen: Buffer[], rest: TextChunks | string | undefined): TextChunks {
  yield* seen;
  return typeof rest === 'object' ? yield* rest : rest;
}

/** The chunks up to a byte of the text. */
export async function* until(chunks: TextChunks, bytes: number): TextChunks {
  let left = bytes;
  while (left > 0) {
    const next = await chunks.next();
    if (next.done) return next.value;
    yield next.value.subarray(0, left);
    left -= next.value.length;
  }
  await chunks.return(undefined);
  return undefined;
}

async function* stored(text: StoredText, from: number, head?: Buffer): AsyncGenerator<Buffer, undefined> {
  let at = from;
  if (head !== undefined && at < head.length) {
    yield head.subarray(at, text.size);
    at = head.length;
  }
  while (at < text.size) {
    const bytes = await readBytes(text.storage, text.path, at, Math.min(at + chunkBytes, text.size));
    if (bytes.length === 0) return undefined;
    yield bytes;
    at += bytes.length;
  }
  return undefined;
}

/** Bytes of a stored file, as a Buffer that shares their memory. */
export async function readBytes(storage: Storage, path: string, start: number, end: number): Promise<Buffer> {
  const bytes = await storage.readRange(path, start, end);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * What comes out of a gzip file, all of it even where the file is cut or broken. A piece in which the inflater fails
 * takes its output with it, so the file is then inflated again with that piece byte by byte.
 */
async function* gunzip(compressed: () => AsyncGenerator<Buffer>): TextChunks {
  const first = inflate(compressed, Number.POSITIVE_INFINITY);
  let given = 0;
  let next = await first.next();
  for (; !next.done; next = await first.next()) {
    given += next.value.length;
    yield next.value;
  }
  if (next.value === undefined || next.value.piece === undefined) return next.value?.reason;
  const again = inflate(compressed, next.value.piece);
  for (let more = await again.next(); ; more = await again.next()) {
    if (more.done) return more.value?.reason;
    if (given < more.value.length) yield more.value.subarray(given);
    given = Math.max(0, given - more.value.length);
  }
}

/** @param slowPiece this piece goes in byte by byte */
async function* inflate(
  compressed: () => AsyncGenerator<Buffer>,
  slowPiece: number,
): AsyncGenerator<Buffer, { reason: string; piece?: number } | undefined> {
  const inflater = createGunzip();
  const out: Buffer[] = [];
  let failure: string | undefined;
  let settle = () => {};
  inflater.on('data', (chunk: Buffer) => out.push(chunk));
  let isEnded = false;
  inflater.on('end', () => {
    isEnded = true;
    settle();
  });
  inflater.on('error', (e) => {
    failure ??= reasonOf(e);
    settle();
  });
  const settled = (act: () => void) =>
    new Promise<void>((resolve) => {
      settle = resolve;
      act();
    });
  try {
    let piece = 0;
    for await (const chunk of compressed())
      for (let at = 0; at < chunk.length; at += gzipStep, piece++) {
        const end = Math.min(at + gzipStep, chunk.length);
        const step = piece === slowPiece ? 1 : end - at;
        for (let i = at; i < end; i += step) {
          await settled(() =>
            inflater.write(chunk.subarray(i, i + step), (e) => {
              if (e) failure ??= reasonOf(e);
              settle();
            }),
          );
          yield* out.splice(0);
          if (failure !== undefined) return { reason: failure, piece };
          // What is left is padding: the inflater takes no more.
          if (isEnded) return undefined;
        }
      }
    if (!isEnded) await settled(() => inflater.end());
    yield* out.splice(0);
    return failure === undefined ? undefined : { reason: failure };
  } finally {
    inflater.destroy();
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'Z_BUF_ERROR') return 'the gzip file is cut: it ends before its content does';
  return `the gzip file is broken: ${message}`;
}
