/**
 * Deletion vectors: the rows of a data file that are deleted without the file having been rewritten (PROTOCOL.md, "Deletion
 * Vector Format"). A vector that cannot be trusted byte for byte is refused, since reading on without it would
 * bring deleted rows back.
 */
import { crc32 } from 'node:zlib';
import { isMurmurError, MurmurError } from '../base/errors.js';
import { openStorage } from '../storage/open-storage.js';
import type { Storage } from '../storage/storage.js';
import type { DeletionVector } from './actions.js';
import { literalPath } from './paths.js';
import { bitmapRanges, type RowRange } from './roaring-bitmap.js';
import { decodeZ85 } from './z85.js';

const magic = 1681511377;
const fileVersion = 1;
/** Characters of a UUID in Z85. */
const uuidLength = 20;

/**
 * The deleted rows of a file as ascending ranges of row numbers (from 0). The result may be iterated again and again.
 * @throws delta.bad_deletion_vector (external) when it is missing, damaged, or not what the log says of it
 */
export async function readDeletionVector(
  storage: Storage,
  vector: DeletionVector,
): Promise<Iterable<RowRange>> {
  const bad = (what: string, cause?: unknown) => badVector(storage.root, vector, what, cause);
  const payload = vector.storageType === 'i' ? inlinePayload(vector) : await storedPayload(storage, vector);
  if (typeof payload === 'string') throw bad(payload);
  if (payload.length < 12 || payload.readUInt32LE(0) !== magic) throw bad('it does not begin as one');
  const bitmap = payload.subarray(4);
  let count = 0;
  try {
    for (const [first, last] of bitmapRanges(bitmap)) count += last - first + 1;
  } catch (cause) {
    throw bad(`its bitmap is broken: ${(cause as Error).message}`, cause);
  }
  if (count !== vector.cardinality) throw bad(`it holds ${count} rows, the log says ${vector.cardinality}`);
  return { [Symbol.iterator]: () => bitmapRanges(bitmap) };
}

/** Where the vector's file lies below the table's root; undefined for inline and absolute ones, or a malformed name. */
export function deletionVectorPath({ storageType, pathOrInlineDv }: DeletionVector): string | undefined {
  if (storageType !== 'u') return undefined;
  const uuid = decodeZ85(pathOrInlineDv.slice(-uuidLength))?.toString('hex');
  if (uuid?.length !== 32) return undefined;
  const dashed = uuid.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const prefix = pathOrInlineDv.slice(0, -uuidLength);
  return `${prefix === '' ? '' : `${prefix}/`}deletion_vector_${dashed}.bin`;
}

/** The bytes, or what is wrong. */
function inlinePayload({ pathOrInlineDv, sizeInBytes }: DeletionVector): Buffer | string {
  const bytes = decodeZ85(pathOrInlineDv);
  if (bytes === undefined) return 'its text is not Z85';
  // Z85 knows whole groups of four bytes only.
  if (bytes.length < sizeInBytes || bytes.length >= sizeInBytes + 4) {
    return `its text holds ${bytes.length} bytes, the log says ${sizeInBytes}`;
  }
  return bytes.subarray(0, sizeInBytes);
}

async function storedPayload(storage: Storage, vector: DeletionVector): Promise<Buffer | string> {
  const { offset = 1, sizeInBytes } = vector;
  const file = locate(storage, vector);
  if (file === undefined) return 'its name is malformed';
  let version: Uint8Array;
  let stored: Buffer;
  try {
    version = await file.storage.readRange(file.path, 0, 1);
    stored = Buffer.from(await file.storage.readRange(file.path, offset, offset + sizeInBytes + 8));
  } catch (e) {
    if (isMurmurError(e, 'storage.not_found')) return `${file.storage.uri(file.path)} is not there`;
    throw e;
  }
  if (version[0] !== fileVersion)
    return `its file has version ${version[0] ?? 'none'}, expected ${fileVersion}`;
  if (stored.length !== sizeInBytes + 8) return 'its file is too short';
  const length = stored.readInt32BE(0);
  if (length !== sizeInBytes) return `its file says ${length} bytes, the log says ${sizeInBytes}`;
  const payload = stored.subarray(4, 4 + sizeInBytes);
  if (crc32(payload) !== stored.readUInt32BE(4 + sizeInBytes)) return 'its checksum is wrong';
  return payload;
}

function locate(storage: Storage, vector: DeletionVector): { storage: Storage; path: string } | undefined {
  if (vector.storageType === 'u') {
    const path = deletionVectorPath(vector);
    return path === undefined ? undefined : { storage, path };
  }
  const path = literalPath(vector.pathOrInlineDv);
  const slash = path.lastIndexOf('/');
  return { storage: openStorage(path.slice(0, slash + 1), '/'), path: path.slice(slash + 1) };
}

function badVector(root: string, vector: DeletionVector, what: string, cause?: unknown): MurmurError {
  const { storageType, pathOrInlineDv, offset } = vector;
  return new MurmurError(
    'delta.bad_deletion_vector',
    `reading a deletion vector of ${root} (${storageType} ${pathOrInlineDv}): ${what}`,
    {
      fault: 'external',
      fix: 'put its file back, or restore the table to a version before the rows were deleted',
      context: { root, storageType, pathOrInlineDv, ...(offset === undefined ? {} : { offset }) },
      cause,
    },
  );
}
