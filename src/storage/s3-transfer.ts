/** Whole files between a bucket and this machine's disk, in parts and in parallel: one stream alone is slow over the Internet. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { bounded } from '../base/bounded.js';
import type { S3Connection } from './s3-connection.js';
import { statusOf } from './s3-errors.js';
import { retried } from './s3-retry.js';

/** Bytes of a part. A file that is not larger takes one request. */
export const partBytes = 8 * 1024 * 1024;
/** Parts under way at once, of one file. */
const partsAtOnce = 4;
/** S3 takes no more parts of one file. */
const mostParts = 10_000;

export interface S3Place {
  Bucket: string;
  Key: string;
}

/** Copies the object into a local file, replacing what is there. */
export async function downloadObject(
  connection: S3Connection,
  place: S3Place,
  localFile: string,
): Promise<void> {
  const file = await open(localFile, 'w');
  try {
    // An object that is replaced while its parts are read is read anew, as one.
    await retried(connection, () => downloadParts(connection, place, file));
  } finally {
    await file.close();
  }
}

async function downloadParts(connection: S3Connection, place: S3Place, file: FileHandle): Promise<void> {
  await file.truncate(0);
  const first = await retried(connection, () => getPart(connection, place, file, 0));
  if (first === undefined) return;
  const starts: number[] = [];
  for (let start = partBytes; start < first.size; start += partBytes) starts.push(start);
  await bounded(starts, partsAtOnce, (start) =>
    retried(connection, () => getPart(connection, { ...place, IfMatch: first.etag }, file, start)),
  ).catch((e: unknown) => {
    if (statusOf(e) === 412)
      throw Object.assign(new Error('the object was replaced'), { code: 'ECONNRESET' });
    throw e;
  });
}

/** @returns size and tag of the whole object; undefined for an empty one */
async function getPart(
  connection: S3Connection,
  place: S3Place & { IfMatch?: string },
  file: FileHandle,
  start: number,
): Promise<{ size: number; etag: string } | undefined> {
  const { sdk, client } = await connection.api();
  try {
    const Range = `bytes=${start}-${start + partBytes - 1}`;
    const got = await client.send(new sdk.GetObjectCommand({ ...place, Range }));
    const size = Number(/\/(\d+)$/.exec(got.ContentRange ?? '')?.[1] ?? got.ContentLength);
    const expected = got.ContentRange === undefined ? size : Math.min(partBytes, size - start);
    let at = start;
    for await (const chunk of got.Body as Readable) {
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
    }
    if (at - start !== expected)
      throw Object.assign(new Error(`${at - start} of ${expected} bytes came`), { code: 'ECONNRESET' });
    return { size, etag: got.ETag! };
  } catch (e) {
    if (start === 0 && statusOf(e) === 416) return undefined;
    throw e;
  }
}

/** Writes or replaces the object. Parts of an upload that fails are taken back. */
export async function uploadObject(
  connection: S3Connection,
  place: S3Place,
  localFile: string,
): Promise<void> {
  const { size } = await stat(localFile);
  const { patient } = await connection.api();
  const { Upload } = await import('@aws-sdk/lib-storage');
  await retried(connection, async () => {
    const body = createReadStream(localFile, { highWaterMark: 1024 * 1024 });
    try {
      await new Upload({
        client: patient,
        params: { ...place, Body: body },
        queueSize: partsAtOnce,
        partSize: Math.max(partBytes, Math.ceil(size / mostParts)),
      }).done();
    } finally {
      body.destroy();
    }
  });
}
