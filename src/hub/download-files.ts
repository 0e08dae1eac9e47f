/**
 * Files of a repository into a local folder. A cut download goes on where it was cut; a file is taken only if its length and
 * its digest are those that the repository names.
 */
import { createHash, type Hash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReadableStream } from 'node:stream/web';
import { backoff } from '../base/backoff.js';
import { type Clock, systemClock } from '../base/clock.js';
import { isMurmurError, MurmurError } from '../base/errors.js';
import { unreachable } from './hub-connection.js';
import type { HubFile, HubRepository } from './repository.js';

export interface DownloadOptions {
  /** Called with the bytes that are there of all files together, and their total. */
  onProgress?: (done: number, total: number) => void;
  clock?: Clock;
}

/** Cuts in a row without a byte between them. */
const idleCuts = 5;
const firstWaitMs = 200;

/**
 * @param paths of the repository; each file gets the same path below `folder`
 * @throws hub.transfer_broken, hub.unreachable, hub.folder_failed (external), and what the hub refuses with
 */
export async function downloadFiles(
  repository: HubRepository,
  paths: readonly string[],
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  const files = paths.map((path) => repository.files.find((file) => file.path === path)!);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const file of files) {
    const target = join(folder, ...file.path.split('/'));
    await mkdir(dirname(target), { recursive: true });
    await fetchFile(repository, file, target, {
      ...options,
      onProgress: (done) => options.onProgress?.(before + done, total),
    });
    before += file.size;
  }
}

async function fetchFile(
  repository: HubRepository,
  file: HubFile,
  target: string,
  { onProgress, clock = systemClock }: DownloadOptions,
): Promise<void> {
  const hash = hashOf(file);
  const { connection, uri } = repository;
  let done = 0;
  const out = await onDisk(target, open(target, 'w'));
  try {
    for (let cuts = 0; done < file.size; ) {
      const from = done;
      try {
        for await (const chunk of await bodyOf(repository, file, from)) {
          if (done + chunk.length > file.size) throw broken(uri, file, `more than ${file.size} bytes came`);
          await onDisk(target, out.writeFile(chunk));
          hash.update(chunk);
          done += chunk.length;
          onProgress?.(done, file.size);
        }
        if (done === from) throw new Error('the connection ended');
      } catch (e) {
        if (isMurmurError(e)) throw e;
        cuts = done > from ? 0 : cuts + 1;
        if (cuts === idleCuts)
          throw unreachable({ about: `${file.path} of ${uri}`, hubUrl: connection.hubUrl }, e);
        await clock.sleep(backoff(cuts, firstWaitMs));
      }
    }
  } finally {
    await out.close();
  }
  const actual = hash.digest('hex');
  if (actual === file.digest.hex) return;
  throw broken(
    uri,
    file,
    `other bytes came than the repository names (${actual}, expected ${file.digest.hex})`,
  );
}

/** The file's bytes from an offset on. The token is not sent on where the hub leads to another host. */
async function bodyOf(
  { connection: { hubUrl, accessToken, fetch }, repository, commit, uri }: HubRepository,
  file: HubFile,
  from: number,
): Promise<AsyncIterable<Uint8Array>> {
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const response = await fetch(`${hubUrl}/${repository}/resolve/${commit}/${path}`, {
    headers: {
      // As it is: a range of a compressed answer would be another one.
      'accept-encoding': 'identity',
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      ...(from === 0 ? {} : { range: `bytes=${from}-` }),
    },
  });
  if (from > 0 && response.status !== 206) {
    await response.body?.cancel();
    throw broken(uri, file, 'the connection was cut, and the server does not go on in the middle');
  }
  return response.body as ReadableStream<Uint8Array>;
}

function hashOf({ digest, size }: HubFile): Hash {
  return digest.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

async function onDisk<T>(target: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (e) {
    throw folderFailed(target, e);
  }
}

function broken(uri: string, { path }: HubFile, what: string): MurmurError {
  return new MurmurError('hub.transfer_broken', `downloading ${path} of ${uri}: ${what}`, {
    fault: 'external',
    retry: 'backoff',
    fix: 'try again; if it stays so, the hub or a mirror in between serves another file',
    context: { path },
  });
}

function folderFailed(target: string, cause: unknown): MurmurError {
  return new MurmurError('hub.folder_failed', `writing ${target}: ${(cause as Error).message}`, {
    fault: 'external',
    fix: 'check the folder, its permissions and the space on its disk',
    cause,
  });
}
