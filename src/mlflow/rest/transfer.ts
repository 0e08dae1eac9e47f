/** Files as bodies of requests and answers: streamed, so that their size is no matter. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import type { Http } from './http.js';

interface Target {
  doing: string;
  /** Path below the server's address, or a whole signed URL. */
  url: string;
  headers?: Record<string, string>;
}

export async function sendFile(http: Http, target: Target, localFile: string): Promise<void> {
  const { size } = await stat(localFile);
  await http.send({
    ...target,
    method: 'PUT',
    headers: { ...target.headers, 'content-length': String(size) },
    body: () => Readable.toWeb(createReadStream(localFile)) as ReadableStream,
    limited: false,
    read: discard,
  });
}

export async function sendBytes(http: Http, target: Target, bytes: Uint8Array): Promise<void> {
  await http.send({
    ...target,
    method: 'PUT',
    body: () => Buffer.from(bytes),
    limited: false,
    read: discard,
  });
}

export function receiveBytes(http: Http, source: Target): Promise<Uint8Array> {
  return http.send({
    ...source,
    method: 'GET',
    limited: false,
    read: async (response) => new Uint8Array(await response.arrayBuffer()),
  });
}

/** Each try begins anew; a failed one leaves no file. */
export async function receiveFile(http: Http, source: Target, localFile: string): Promise<void> {
  await http.send({
    ...source,
    method: 'GET',
    limited: false,
    read: async (response) => {
      try {
        await pipeline(
          Readable.fromWeb((response.body ?? new Blob([]).stream()) as NodeReadableStream),
          createWriteStream(localFile),
        );
      } catch (e) {
        await rm(localFile, { force: true });
        throw e;
      }
    },
  });
}

async function discard(response: Response): Promise<void> {
  await response.arrayBuffer();
}
