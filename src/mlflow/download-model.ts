/** A model of MLflow as a local folder, which appears whole or not at all. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MurmurError } from '../base/errors.js';
import { checkArtifactPath } from './artifact-path.js';
import { mlmodelFile } from './model-format.js';
import { type ResolvedModel, resolveModel } from './model-uri.js';
import type { ArtifactInfo, Artifacts, MlflowStore } from './store.js';

export interface DownloadedModel extends ResolvedModel {
  folder: string;
  files: number;
  bytes: number;
}

/** A model is some files; who names more than this does not name a model. */
const maxFiles = 10_000;
const atOnce = 4;

/**
 * Downloads the model that a URI names, and checks that each file is as long as the store says. Digests are the matter of
 * who loads the bundle.
 * @param folder must not be there yet
 * @throws mlflow.model_unknown, mlflow.model_invalid, mlflow.folder_taken (user), mlflow.transfer_broken,
 * mlflow.folder_failed (external), and what the store throws
 */
export async function downloadModel(
  store: MlflowStore,
  uri: string,
  folder: string,
): Promise<DownloadedModel> {
  return downloadResolved(store, await resolveModel(store, uri), folder);
}

/** As `downloadModel`, of a model that is resolved already. */
export async function downloadResolved(
  store: MlflowStore,
  resolved: ResolvedModel,
  folder: string,
): Promise<DownloadedModel> {
  const artifacts = store.artifacts(resolved.location);
  const files = await filesOf(artifacts, resolved.uri);
  const temporary = join(dirname(folder), `.${randomUUID()}.tmp`);
  try {
    const bytes = await fetchAll(artifacts, files, temporary);
    await rename(temporary, folder);
    return { ...resolved, folder, files: files.length, bytes };
  } catch (e) {
    throw e instanceof MurmurError ? e : folderFault(folder, e);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** @throws mlflow.model_invalid where no `MLmodel` is among them */
async function filesOf(artifacts: Artifacts, uri: string): Promise<ArtifactInfo[]> {
  const files: ArtifactInfo[] = [];
  const folders: (string | undefined)[] = [undefined];
  while (folders.length > 0) {
    for (const info of await artifacts.list(folders.pop())) {
      checkArtifactPath(info.path);
      if (info.isFolder) folders.push(info.path);
      else files.push(info);
    }
    if (files.length + folders.length > maxFiles) throw noModel(uri, `more than ${maxFiles} files`);
  }
  if (!files.some(({ path }) => path === mlmodelFile)) throw noModel(uri, 'no MLmodel');
  return files;
}

async function fetchAll(
  artifacts: Artifacts,
  files: readonly ArtifactInfo[],
  folder: string,
): Promise<number> {
  let bytes = 0;
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const target = join(folder, file.path);
      await mkdir(dirname(target), { recursive: true });
      await artifacts.download(file.path, target);
      const { size } = await stat(target);
      if (size !== (file.size ?? size)) throw broken(file, size);
      bytes += size;
    }
  };
  const ended = await Promise.allSettled(
    Array.from({ length: atOnce }, () =>
      worker().finally(() => {
        waiting.length = 0;
      }),
    ),
  );
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return bytes;
}

function noModel(uri: string, what: string): MurmurError {
  return new MurmurError('mlflow.model_invalid', `no model at ${uri}: ${what}`, {
    fault: 'user',
    fix: 'name a folder of artifacts that holds an MLmodel',
    context: { uri },
  });
}

function broken({ path, size }: ArtifactInfo, actual: number): MurmurError {
  return new MurmurError(
    'mlflow.transfer_broken',
    `downloading the artifact ${path}: ${actual} bytes came, expected ${size}`,
    {
      fault: 'external',
      retry: 'backoff',
      fix: 'try again; if it stays so, log the model anew',
      context: { path, actual, expected: size ?? null },
    },
  );
}

function folderFault(folder: string, cause: unknown): MurmurError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') {
    return new MurmurError(
      'mlflow.folder_taken',
      `downloading a model to ${folder}: the folder is there already`,
      {
        fault: 'user',
        fix: 'remove it, or name another',
        cause,
        context: { folder },
      },
    );
  }
  return new MurmurError('mlflow.folder_failed', `downloading a model to ${folder}: ${message}`, {
    fault: 'external',
    fix: 'check the folder, its permissions and the space on its disk',
    cause,
    context: { folder },
  });
}
