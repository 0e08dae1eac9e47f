/** Artifacts that the tracking server itself hands on (`mlflow-artifacts:`, `--serve-artifacts`). */
import { z } from 'zod';
import { isMurmurError } from '../../base/errors.js';
import { checkArtifactPath } from '../artifact-path.js';
import { notFound } from '../faults.js';
import type { ArtifactInfo, Artifacts } from '../store.js';
import type { Api } from './api.js';
import { receiveBytes, receiveFile, sendBytes, sendFile } from './transfer.js';

const listing = z.object({
  files: z
    .array(
      z.object({
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: z.coerce.number().optional(),
      }),
    )
    .default([]),
});

const endpoint = '/api/2.0/mlflow-artifacts/artifacts';

export class ProxyArtifacts implements Artifacts {
  readonly #root: string;

  /** @param uri `mlflow-artifacts:/1/2ab/artifacts`; a host in it is that of the server */
  constructor(
    readonly api: Api,
    uri: string,
  ) {
    this.#root = uri.replace(/^mlflow-artifacts:(\/\/[^/]*)?\/*/, '').replace(/\/+$/, '');
  }

  async list(folder?: string): Promise<ArtifactInfo[]> {
    if (folder !== undefined) checkArtifactPath(folder);
    const doing = `listing the artifacts of ${this.#root}`;
    const answer = await this.api.http.send({
      doing,
      method: 'GET',
      url: `${endpoint}?path=${encodeURIComponent(this.#full(folder))}`,
      read: (response) => this.api.readJson(doing, response, listing),
    });
    const prefix = folder === undefined ? '' : `${folder}/`;
    return answer.files
      .map(({ path, is_dir, file_size }) => ({
        path: prefix + path,
        isFolder: is_dir,
        size: is_dir ? undefined : file_size,
      }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  put(path: string, bytes: Uint8Array): Promise<void> {
    return sendBytes(this.api.http, this.#target('writing', path), bytes);
  }

  upload(localFile: string, path: string): Promise<void> {
    return sendFile(this.api.http, this.#target('writing', path), localFile);
  }

  read(path: string): Promise<Uint8Array> {
    return this.#found(path, receiveBytes(this.api.http, this.#target('reading', path)));
  }

  download(path: string, localFile: string): Promise<void> {
    return this.#found(path, receiveFile(this.api.http, this.#target('reading', path), localFile));
  }

  #target(verb: string, path: string): { doing: string; url: string } {
    checkArtifactPath(path);
    const encoded = this.#full(path).split('/').map(encodeURIComponent).join('/');
    return { doing: `${verb} the artifact ${path}`, url: `${endpoint}/${encoded}` };
  }

  #full(path: string | undefined): string {
    return path === undefined ? this.#root : `${this.#root}/${path}`;
  }

  /** The server says in several ways that a file is not there, an internal error among them. */
  async #found<T>(path: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (e) {
      if (isMurmurError(e) && e.context.status === 404) {
        throw notFound(`artifact ${path}`, this.api.connection.uri, e);
      }
      throw e;
    }
  }
}
