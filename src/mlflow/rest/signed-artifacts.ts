/**
 * Artifacts on Databricks: the workspace signs a URL for each file, and the file goes to the cloud's storage directly.
 * The shapes are those of MLflow's `databricks_artifacts.proto`.
 */
import { z } from 'zod';
import { MurmurError } from '../../base/errors.js';
import { checkArtifactPath } from '../artifact-path.js';
import type { ArtifactInfo, Artifacts } from '../store.js';
import type { Api } from './api.js';
import { answerFault } from './rest-fault.js';
import { receiveBytes, receiveFile, sendBytes, sendFile } from './transfer.js';

/** What the files belong to, and their folder within it. */
export type Owner = { kind: 'run' | 'model'; id: string; below: string };

const credential = z.object({
  signed_uri: z.string(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  type: z.string().default(''),
});

const files = z.object({
  files: z
    .array(
      z.object({
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: z.coerce.number().optional(),
      }),
    )
    .default([]),
  next_page_token: z.string().optional(),
});

type Target = { doing: string; url: string; headers: Record<string, string> };

export class SignedArtifacts implements Artifacts {
  constructor(
    readonly api: Api,
    readonly owner: Owner,
  ) {}

  async list(folder?: string): Promise<ArtifactInfo[]> {
    if (folder !== undefined) checkArtifactPath(folder);
    const { kind, id, below } = this.owner;
    const path = [below, folder ?? ''].filter((part) => part !== '').join('/');
    const found: ArtifactInfo[] = [];
    const pages = this.api.pages(async (page_token) => {
      const answer = await this.api.call({
        doing: `listing the artifacts of ${id}`,
        method: 'GET',
        path:
          kind === 'run' ? 'artifacts/list' : `logged-models/${encodeURIComponent(id)}/artifacts/directories`,
        query:
          kind === 'run'
            ? { run_id: id, path: path || undefined, page_token }
            : { artifact_directory_path: path || undefined, page_token },
        answer: files,
      });
      return { items: answer.files, next: answer.next_page_token };
    });
    for await (const { path, is_dir, file_size } of pages) {
      const own = below === '' ? path : path.slice(below.length + 1);
      found.push({ path: own, isFolder: is_dir, size: is_dir ? undefined : file_size });
    }
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    await sendBytes(this.api.http, await this.#signed('write', path), bytes);
  }

  async upload(localFile: string, path: string): Promise<void> {
    await sendFile(this.api.http, await this.#signed('write', path), localFile);
  }

  async read(path: string): Promise<Uint8Array> {
    return receiveBytes(this.api.http, await this.#signed('read', path));
  }

  async download(path: string, localFile: string): Promise<void> {
    await receiveFile(this.api.http, await this.#signed('read', path), localFile);
  }

  async #signed(access: 'read' | 'write', path: string): Promise<Target> {
    checkArtifactPath(path);
    const { kind, id, below } = this.owner;
    const full = below === '' ? path : `${below}/${path}`;
    const doing = `${access === 'read' ? 'reading' : 'writing'} the artifact ${path}`;
    const [found] =
      kind === 'run'
        ? await this.#ofRun(doing, access, id, full)
        : await this.#ofModel(doing, access, id, full);
    if (found === undefined) throw answerFault(this.api.connection, doing, 'no signed URL');
    if (found.type === 'AZURE_ADLS_GEN2_SAS_URI' && access === 'write') throw unsupported(doing);
    return {
      doing,
      url: found.signed_uri,
      headers: {
        ...(found.type === 'AZURE_SAS_URI' && access === 'write' ? { 'x-ms-blob-type': 'BlockBlob' } : {}),
        ...Object.fromEntries(found.headers.map(({ name, value }) => [name, value])),
      },
    };
  }

  async #ofRun(doing: string, access: 'read' | 'write', id: string, path: string) {
    const answer = await this.api.call({
      doing,
      method: 'POST',
      path: `artifacts/credentials-for-${access}`,
      body: { run_id: id, path: [path] },
      answer: z.object({ credential_infos: z.array(credential).default([]) }),
    });
    return answer.credential_infos;
  }

  async #ofModel(doing: string, access: 'read' | 'write', id: string, path: string) {
    const answer = await this.api.call({
      doing,
      method: 'POST',
      path: `logged-models/${encodeURIComponent(id)}/artifacts/credentials-for-${access === 'read' ? 'download' : 'upload'}`,
      body: { paths: [path] },
      answer: z.object({ credentials: z.array(z.object({ credential_info: credential })).default([]) }),
    });
    return answer.credentials.map((one) => one.credential_info);
  }
}

function unsupported(doing: string): MurmurError {
  return new MurmurError('mlflow.artifacts_unsupported', `${doing}: Azure Data Lake Gen2 is not supported`, {
    fault: 'user',
    fix: 'log the file with the Python client',
  });
}
