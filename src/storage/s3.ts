/**
 * Storage in a bucket. What Delta rests on is the conditional put: `If-None-Match: *` lets one of many contenders have a
 * name. Everything else may be sent twice and is, when an answer fails to come.
 */
import { randomUUID } from 'node:crypto';
import type { ListObjectsV2Output, ListObjectsV2Request } from '@aws-sdk/client-s3';
import { S3Connection, type S3Options } from './s3-connection.js';
import { isTransient, s3Error, statusOf } from './s3-errors.js';
import { pause, retried, tries } from './s3-retry.js';
import { downloadObject, type S3Place, uploadObject } from './s3-transfer.js';
import type { ObjectInfo, PutIfAbsentOutcome, Storage } from './storage.js';
import { compareUtf8 } from './utf8-order.js';

/** Stands beside every object that was put conditionally, so that a put whose answer was lost finds its own again. */
const putIdKey = 'murmur-put';

export class S3Storage implements Storage {
  readonly kind = 's3';
  readonly root: string;
  /** Empty, or ending in `/`. */
  readonly #prefix: string;

  /** @param prefix of every key, without slashes around it */
  constructor(
    readonly bucket: string,
    prefix: string,
    readonly connection: S3Connection,
  ) {
    const inner = prefix.replace(/^\/+|\/+$/g, '');
    this.#prefix = inner === '' ? '' : `${inner}/`;
    this.root = `s3://${bucket}${inner === '' ? '' : `/${inner}`}`;
  }

  at(prefix: string): S3Storage {
    return new S3Storage(this.bucket, this.#prefix + prefix, this.connection);
  }

  uri(path: string): string {
    return `s3://${this.bucket}/${this.#prefix}${path}`;
  }

  localPath(): undefined {
    return undefined;
  }

  read(path: string): Promise<Uint8Array> {
    return this.#retried('reading', path, async () => {
      const { sdk, client } = await this.connection.api();
      const { Body } = await client.send(new sdk.GetObjectCommand(this.#place(path)));
      return Body!.transformToByteArray();
    });
  }

  async readRange(path: string, start: number, end: number): Promise<Uint8Array> {
    if (end <= start) {
      const { size } = await this.#retried('reading', path, () => this.#head(path));
      return new Uint8Array(Math.min(0, size));
    }
    return this.#retried('reading', path, async () => {
      const { sdk, client } = await this.connection.api();
      const Range = `bytes=${start}-${end - 1}`;
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ ...this.#place(path), Range }));
        return await Body!.transformToByteArray();
      } catch (e) {
        // It begins behind the end of the object.
        if (statusOf(e) === 416) return new Uint8Array();
        throw e;
      }
    });
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    return this.#retried('looking at', path, async () => {
      try {
        return await this.#head(path);
      } catch (e) {
        if (statusOf(e) === 404 && (e as Error).name !== 'NoSuchBucket') return undefined;
        throw e;
      }
    });
  }

  async *list(prefix: string, options: { after?: string } = {}): AsyncIterable<ObjectInfo> {
    const Prefix = this.#prefix + prefix;
    const StartAfter = options.after === undefined ? undefined : this.#prefix + options.after;
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await this.#page(prefix, { Prefix, StartAfter, ContinuationToken });
      for (const { Key, Size, LastModified, ETag } of page.Contents ?? []) {
        const path = Key!.slice(this.#prefix.length);
        // Consoles make empty objects that stand for folders.
        if (path === '' || path.endsWith('/')) continue;
        yield info(path, Size, LastModified, ETag);
      }
      if (!page.IsTruncated || page.NextContinuationToken === undefined) return;
      ContinuationToken = page.NextContinuationToken;
    }
  }

  async folders(prefix: string): Promise<string[]> {
    const Prefix = this.#prefix + prefix;
    const names: string[] = [];
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await this.#page(prefix, { Prefix, Delimiter: '/', ContinuationToken });
      for (const { Prefix: folder } of page.CommonPrefixes ?? [])
        names.push(folder!.slice(Prefix.length, -1));
      if (!page.IsTruncated || page.NextContinuationToken === undefined) return names.sort(compareUtf8);
      ContinuationToken = page.NextContinuationToken;
    }
  }

  /**
   * A put whose answer does not come may have happened, and its repetition then finds the name taken by itself: so what
   * stands there is asked for the mark of this call.
   * @throws storage.unreachable when it stays unknown whether the file was written
   */
  async putIfAbsent(path: string, bytes: Uint8Array): Promise<PutIfAbsentOutcome> {
    const id = randomUUID();
    const put = { ...this.#place(path), Body: bytes, IfNoneMatch: '*', Metadata: { [putIdKey]: id } };
    let mayBeDone = false;
    for (let attempt = 1; ; attempt++) {
      try {
        const { sdk, client } = await this.connection.api();
        await client.send(new sdk.PutObjectCommand(put));
        return 'created';
      } catch (e) {
        const status = statusOf(e);
        if (status === 412) return mayBeDone && (await this.#isMarked(path, id)) ? 'created' : 'exists';
        // 409: another put of this name is under way, and ours was not taken.
        if (status !== 409 && !isTransient(e)) throw await this.#fault('writing', path, e);
        if (attempt === tries) throw await this.#fault('writing', path, e);
        mayBeDone ||= status !== 409;
        await pause(this.connection, attempt);
      }
    }
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    await this.#retried('writing', path, async () => {
      const { sdk, client } = await this.connection.api();
      await client.send(new sdk.PutObjectCommand({ ...this.#place(path), Body: bytes }));
    });
  }

  async delete(path: string): Promise<void> {
    await this.#retried('deleting', path, async () => {
      const { sdk, client } = await this.connection.api();
      try {
        await client.send(new sdk.DeleteObjectCommand(this.#place(path)));
      } catch (e) {
        if (statusOf(e) !== 404 || (e as Error).name === 'NoSuchBucket') throw e;
      }
    });
  }

  async download(path: string, localFile: string): Promise<void> {
    try {
      await downloadObject(this.connection, this.#place(path), localFile);
    } catch (e) {
      throw await this.#fault('reading', path, e);
    }
  }

  async upload(localFile: string, path: string): Promise<void> {
    try {
      await uploadObject(this.connection, this.#place(path), localFile);
    } catch (e) {
      throw await this.#fault('writing', path, e);
    }
  }

  #place(path: string): S3Place {
    return { Bucket: this.bucket, Key: this.#prefix + path };
  }

  #page(prefix: string, which: Omit<ListObjectsV2Request, 'Bucket'>): Promise<ListObjectsV2Output> {
    return this.#retried('listing', prefix, async () => {
      const { sdk, client } = await this.connection.api();
      return client.send(new sdk.ListObjectsV2Command({ Bucket: this.bucket, ...which }));
    });
  }

  async #head(path: string): Promise<ObjectInfo> {
    const { sdk, client } = await this.connection.api();
    const found = await client.send(new sdk.HeadObjectCommand(this.#place(path)));
    return info(path, found.ContentLength, found.LastModified, found.ETag);
  }

  async #isMarked(path: string, id: string): Promise<boolean> {
    return this.#retried('looking at', path, async () => {
      const { sdk, client } = await this.connection.api();
      const { Metadata } = await client.send(new sdk.HeadObjectCommand(this.#place(path)));
      return Metadata?.[putIdKey] === id;
    });
  }

  async #retried<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await retried(this.connection, work);
    } catch (e) {
      throw await this.#fault(doing, path, e);
    }
  }

  async #fault(doing: string, path: string, e: unknown): Promise<Error> {
    const endpoint = await this.connection.api().then(
      (api) => api.endpoint,
      () => 'S3',
    );
    return s3Error(e, { doing, uri: this.uri(path), bucket: this.bucket, endpoint });
  }
}

/** Listings tell parts of a second and single looks do not, so nobody gets them. */
function info(
  path: string,
  size: number | undefined,
  modified: Date | undefined,
  etag: string | undefined,
): ObjectInfo {
  const mtimeMs = Math.floor((modified?.getTime() ?? 0) / 1000) * 1000;
  return { path, size: size ?? 0, mtimeMs, ...(etag === undefined ? {} : { etag }) };
}

const standard = new S3Connection();

/** @param location `s3://bucket/prefix`; literal, as `Storage` paths are */
export function openS3(location: string, options?: S3Options): S3Storage {
  const [bucket = '', ...inner] = location.slice('s3://'.length).split('/');
  return new S3Storage(bucket, inner.join('/'), options === undefined ? standard : new S3Connection(options));
}
