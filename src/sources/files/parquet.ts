/**
 * Parquet files: planned by rows and read by the engine, which alone can open them. One that it cannot open where it is, being
 * gzipped or in a bucket, is copied into the source's own folder first, and stays there until the batches that read it are
 * done.
 */
import { randomUUID } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isMurmurError, MurmurError } from '../../base/errors.js';
import type { Storage } from '../../storage/storage.js';
import type { InputRange, Position } from '../source.js';
import { faultOf } from './faults.js';
import type { Cut, FileCursor, Opened, RangeHead, Room } from './file-cursor.js';
import { textOf } from './text.js';

/** Rows of the Parquet file at `uri`, from its footer. Rejects when it is none. */
export type CountParquetRows = (uri: string) => Promise<number>;

/** A gzipped Parquet file is unpacked in memory; a larger one has to be unpacked by whoever writes it. Bytes. */
const unpackedLimit = 512 * 1024 * 1024;
const copiesFolder = 'unpacked/';

export function isParquet(sample: Buffer): boolean {
  return sample.subarray(0, 4).toString('latin1') === 'PAR1';
}

/** The stores in which Parquet files stand. */
interface Stores {
  storage: Storage;
  state: Storage;
  countParquetRows?: CountParquetRows | undefined;
}

export async function openParquet(stores: Stores, head: RangeHead, from: Position): Promise<Opened> {
  if (stores.countParquetRows === undefined)
    throw new MurmurError('source.parquet_uncounted', 'a Parquet file, and nothing to count its rows with', {
      fault: 'internal',
      context: { path: head.path },
    });
  try {
    const rows = await stores.countParquetRows(await parquetUri(stores, head));
    if (rows === 0) return { kind: 'nothing' };
    return { kind: 'cursor', cursor: new ParquetCursor(head, from, rows) };
  } catch (e) {
    if (isMurmurError(e, 'storage.not_found')) throw e;
    const [reason] = (e as Error).message.split('\n');
    return { kind: 'faulty', head, fault: faultOf('unreadable', `not readable as Parquet: ${reason}`) };
  }
}

/** A name under which the engine can open the file. */
export async function parquetUri({ storage, state }: Stores, head: CopiedFile): Promise<string> {
  const inPlace = head.gzip ? undefined : storage.localPath(head.path);
  if (inPlace !== undefined) return inPlace;
  const path = copyPath(head);
  if ((await state.stat(path)) === undefined)
    await (head.gzip ? unpack : fetchCopy)({ storage, state }, head, path);
  return state.uri(path);
}

/** Whether a range is read from a copy. */
export function isCopied({ storage }: Pick<Stores, 'storage'>, { path, format, gzip }: InputRange): boolean {
  return format === 'parquet' && (gzip || storage.localPath(path) === undefined);
}

/** Deletes every copy that none of these ranges needs. */
export async function dropCopies(state: Storage, needed: Iterable<InputRange>): Promise<void> {
  const keep = new Set<string>();
  for (const range of needed) keep.add(copyPath(range));
  const found: string[] = [];
  for await (const { path } of state.list(copiesFolder)) found.push(path);
  for (const path of found) if (!keep.has(path)) await state.delete(path);
}

type CopiedFile = Pick<InputRange, 'path' | 'size' | 'mtimeMs' | 'etag' | 'gzip'>;

function copyPath({ path, size, mtimeMs, etag = '' }: CopiedFile): string {
  const key = [path, `${size} ${mtimeMs}${etag}`].map((part) => crc32(part).toString(16).padStart(8, '0'));
  return `${copiesFolder}${key.join('-')}.parquet`;
}

/** By way of another file: a copy is whole or not there. */
async function fetchCopy(
  { storage, state }: { storage: Storage; state: Storage },
  { path }: CopiedFile,
  to: string,
): Promise<void> {
  const arriving = join(tmpdir(), `murmur-${randomUUID()}.parquet`);
  try {
    await storage.download(path, arriving);
    await state.upload(arriving, to);
  } finally {
    await unlink(arriving).catch(() => undefined);
  }
}

async function unpack(
  { storage, state }: { storage: Storage; state: Storage },
  { path, size }: CopiedFile,
  to: string,
): Promise<void> {
  const parts: Buffer[] = [];
  let length = 0;
  const chunks = textOf({ storage, path, size, gzip: true }, 0);
  for (let next = await chunks.next(); ; next = await chunks.next()) {
    if (next.done) {
      if (next.value !== undefined) throw new Error(next.value);
      break;
    }
    parts.push(next.value);
    length += next.value.length;
    if (length > unpackedLimit) {
      await chunks.return(undefined);
      throw new Error(`more than ${unpackedLimit} bytes when unpacked; land it without gzip`);
    }
  }
  await state.put(to, Buffer.concat(parts));
}

class ParquetCursor implements FileCursor {
  position: Position;

  constructor(
    readonly head: RangeHead,
    from: Position,
    readonly rows: number,
  ) {
    this.position = from;
  }

  get isDone(): boolean {
    return this.position.line >= this.rows;
  }

  async take(room: Room): Promise<Cut | undefined> {
    const from = this.position;
    const bytesEach = Math.max(1, this.head.size / this.rows);
    const fitting = Math.max(room.begun ? 0 : 1, Math.floor(room.bytes / bytesEach));
    const count = Math.min(room.records, this.rows - from.line, fitting);
    if (count <= 0) return undefined;
    const to = { byte: 0, line: from.line + count };
    this.position = to;
    const range = { ...this.head, from, to, last: to.line >= this.rows };
    return { range, records: count, bytes: Math.ceil(count * bytesEach), slices: [], waits: false };
  }

  async close(): Promise<void> {}
}
