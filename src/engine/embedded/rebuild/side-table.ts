/**
 * A table's folder with another log. Data files are written where the table has its own, so that they need not be moved to
 * become part of it; the log that names them lies elsewhere, so that nobody sees them before the table's own log does.
 */
import { logFolder } from '../../../delta/log-files.js';
import type { ObjectInfo, PutIfAbsentOutcome, Storage } from '../../../storage/storage.js';

export class SideTable implements Storage {
  readonly kind: Storage['kind'];
  readonly root: string;

  /** @param log holds the log under the same paths */
  constructor(
    readonly files: Storage,
    readonly log: Storage,
  ) {
    this.kind = files.kind;
    this.root = files.root;
  }

  read(path: string): Promise<Uint8Array> {
    return this.#holder(path).read(path);
  }

  readRange(path: string, start: number, end: number): Promise<Uint8Array> {
    return this.#holder(path).readRange(path, start, end);
  }

  stat(path: string): Promise<ObjectInfo | undefined> {
    return this.#holder(path).stat(path);
  }

  /** Either of the log or of the data files: nobody asks for both. */
  list(prefix: string, options?: { after?: string }): AsyncIterable<ObjectInfo> {
    return this.#holder(prefix).list(prefix, options);
  }

  folders(prefix: string): Promise<string[]> {
    return this.#holder(prefix).folders(prefix);
  }

  putIfAbsent(path: string, bytes: Uint8Array): Promise<PutIfAbsentOutcome> {
    return this.#holder(path).putIfAbsent(path, bytes);
  }

  put(path: string, bytes: Uint8Array): Promise<void> {
    return this.#holder(path).put(path, bytes);
  }

  delete(path: string): Promise<void> {
    return this.#holder(path).delete(path);
  }

  download(path: string, localFile: string): Promise<void> {
    return this.#holder(path).download(path, localFile);
  }

  upload(localFile: string, path: string): Promise<void> {
    return this.#holder(path).upload(localFile, path);
  }

  uri(path: string): string {
    return this.#holder(path).uri(path);
  }

  localPath(path: string): string | undefined {
    return this.#holder(path).localPath(path);
  }

  at(prefix: string): Storage {
    return this.#holder(prefix).at(prefix);
  }

  #holder(path: string): Storage {
    return path.startsWith(logFolder) ? this.log : this.files;
  }
}
