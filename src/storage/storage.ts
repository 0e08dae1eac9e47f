/**
 * The storage seam: a flat space of files below one root, on a local disk, in memory, or in a bucket. Paths are
 * relative to the root, with `/`, without a leading slash, and literal (never URI-encoded). Delta's commit protocol
 * rests on `putIfAbsent`.
 */
export interface ObjectInfo {
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  mtimeMs: number;
  /** Content tag, where the store has one. */
  etag?: string;
}

export type PutIfAbsentOutcome = 'created' | 'exists';

export interface Storage {
  readonly kind: 'local' | 'memory' | 's3';
  /** For messages: the absolute folder or `s3://bucket/prefix`. */
  readonly root: string;

  /** The whole file. @throws storage.not_found */
  read(path: string): Promise<Uint8Array>;
  /** Bytes `start` (inclusive) to `end` (exclusive, at most the file's end). @throws storage.not_found */
  readRange(path: string, start: number, end: number): Promise<Uint8Array>;
  stat(path: string): Promise<ObjectInfo | undefined>;
  /**
   * Files whose path starts with `prefix`, at any depth, in ascending UTF-8 byte order of their path; with `after`, only
   * those behind that path. A folder that is not there is an empty listing.
   */
  list(prefix: string, options?: { after?: string }): AsyncIterable<ObjectInfo>;
  /** Names of the folders directly below `prefix` (empty, or ending in `/`) in which there are files, sorted. */
  folders(prefix: string): Promise<string[]>;
  /**
   * Writes a new file durably and atomically: of all contenders for a path exactly one gets `created`, and no reader
   * ever sees a part of it.
   */
  putIfAbsent(path: string, bytes: Uint8Array): Promise<PutIfAbsentOutcome>;
  /** Writes or replaces a file atomically and durably. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Deletes a file; one that is not there is fine. */
  delete(path: string): Promise<void>;
  /** Copies the file to a path on this machine's disk, replacing what is there. @throws storage.not_found */
  download(path: string, localFile: string): Promise<void>;
  /** Writes or replaces a file, atomically and durably, from one on this machine's disk, however large. */
  upload(localFile: string, path: string): Promise<void>;
  /** The file's full name, for messages: a local path or a URL. */
  uri(path: string): string;
  /** Where the file lies on this machine's disk, for those who can only open files; undefined for other stores. */
  localPath(path: string): string | undefined;
  /** The same store with its root moved down to `prefix`. */
  at(prefix: string): Storage;
}
