/** `murmur model import`: a model from anywhere becomes a verified bundle in a folder, or nothing at all. */
import { randomUUID } from 'node:crypto';
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.js';
import { isMurmurError, MurmurError } from '../../base/errors.js';
import { isHubUri } from '../../hub/hub-uri.js';
import { isModelUri, type MlflowStore } from '../../mlflow/index.js';
import { isBundle, loadBundle } from '../../scoring/bundle.js';
import { fileDigest } from '../../scoring/file-digest.js';
import { makeBundle } from '../../scoring/making/make-bundle.js';
import type { OnnxChoice } from '../../scoring/making/onnx-choice.js';
import type { SettingOptions } from '../../scoring/making/settings.js';
import { type BundleReport, verifyBundle } from '../../scoring/verify-bundle.js';
import { noteSource } from './bundle-source.js';
import { fetchModel, modelNameOf } from './model-source.js';

export interface ImportOptions extends SettingOptions {
  /** Name of the model, and of its folder. Default: that of the repository, the registered model or the folder. */
  name?: string | undefined;
  /** Folder that is made. Default: one of the model's name in `models`. */
  to?: string | undefined;
  /** Folder that holds models. */
  models: string;
  /** Which ONNX file of several. */
  onnx?: OnnxChoice | undefined;
  /** For models of MLflow; called for those alone, and closed. */
  openMlflow: () => MlflowStore;
  /** `HF_TOKEN` and `HF_ENDPOINT` are read. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Bytes that have come, of how many. */
  onProgress?: (done: number, total: number) => void;
  clock?: Clock;
}

export interface ImportedModel extends BundleReport {
  source: string;
  folder: string;
  /** False where the same bundle was there already. */
  isNew: boolean;
}

/**
 * @param source `hf:owner/name[@revision]`, `models:/name/3`, `models:/name@alias`, `runs:/id/path`, or an absolute folder:
 * a bundle, or an export of `transformers` with an ONNX file
 * @throws model.name_invalid, model.folder_taken, scoring.import_refused, scoring.labels_unknown (user); what the hub, MLflow and
 * the check of the bundle throw
 */
export async function importModel(source: string, options: ImportOptions): Promise<ImportedModel> {
  const name = checkedName(options.name ?? modelNameOf(source));
  const folder = options.to ?? join(options.models, name);
  await refuseTaken(folder);
  const staging = join(dirname(folder), `.importing-${randomUUID()}`);
  try {
    await mkdir(staging, { recursive: true });
    const bundle = join(staging, 'bundle');
    await bring(source, staging, bundle, name, options);
    if (isHubUri(source) || isModelUri(source)) await noteSource(bundle, source);
    const report = await verifyBundle(bundle).catch((e) => {
      throw ofSource(e, bundle, source);
    });
    const isNew = await place(bundle, folder, report.model.digest);
    return { ...report, source, folder, isNew };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function bring(
  source: string,
  staging: string,
  bundle: string,
  name: string,
  options: ImportOptions,
): Promise<void> {
  const fetched = await fetchModel(source, join(staging, 'source'), options);
  if (fetched.onnx === undefined) {
    // Hidden files are of whoever kept the folder: .git, .DS_Store.
    await cp(fetched.folder, bundle, {
      recursive: true,
      filter: (path) => path === fetched.folder || !basename(path).startsWith('.'),
    });
    return;
  }
  const { clock = systemClock, labels, maxTokens, preprocess } = options;
  const { onnx, origin } = fetched;
  const version = fetched.version ?? (await fileDigest(join(fetched.folder, onnx.model))).slice(0, 8);
  const settings = { labels, maxTokens, preprocess };
  await makeBundle(fetched.folder, onnx, bundle, { ...settings, name, version, origin, clock });
}

/** What is wrong is wrong where it is from; the copy is gone when the user reads of it. */
function ofSource(e: unknown, copy: string, source: string): unknown {
  if (!isMurmurError(e) || !e.code.startsWith('scoring.')) return e;
  return new MurmurError(e.code, e.message.replaceAll(copy, source), {
    fault: e.fault,
    fix: `get a sound copy of ${source}, and import that`,
    context: { ...e.context, folder: source },
    cause: e,
  });
}

/** Nothing but a bundle may be there: the same one is what was wanted, another one is not overwritten. */
async function refuseTaken(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there === undefined || (there.isDirectory() && (await isBundle(folder)))) return;
  throw taken(folder, 'something that is no bundle is there');
}

/** The bundle appears whole or not at all: by a rename. */
async function place(bundle: string, folder: string, digest: string): Promise<boolean> {
  try {
    await rename(bundle, folder);
    return true;
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw e;
    if ((await digestOf(folder)) === digest) return false;
    throw taken(folder, 'another bundle is there');
  }
}

async function digestOf(folder: string): Promise<string | undefined> {
  try {
    return (await loadBundle(folder)).model.digest;
  } catch (e) {
    if (isMurmurError(e)) return undefined;
    throw e;
  }
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9_][\w.-]*$/.test(name) && name !== 'bundled' && name !== 'lexicon') return name;
  throw new MurmurError(
    'model.name_invalid',
    `importing a model as ${JSON.stringify(name)}: not a free name`,
    {
      fault: 'user',
      fix: 'give a name of letters, digits, _, - and . with --name (bundled and lexicon are taken)',
    },
  );
}

function taken(folder: string, what: string): MurmurError {
  return new MurmurError('model.folder_taken', `importing a model to ${folder}: ${what}`, {
    fault: 'user',
    fix: 'choose another --name or --to, or remove that folder',
    context: { folder },
  });
}
