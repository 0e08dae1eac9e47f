/** From a model as people write it to a bundle that is checked and lies on this machine's disk. */
import { isMurmurError, MurmurError } from '../../base/errors.js';
import type { Environment } from '../../config/interpolate.js';
import { isHubUri } from '../../hub/hub-uri.js';
import {
  downloadResolved,
  isModelUri,
  type MlflowStore,
  mlmodelFile,
  parseModelUri,
  type ResolvedModel,
  resolveModel,
} from '../../mlflow/index.js';
import {
  type Bundle,
  bundleDigestIn,
  bundleFolder,
  loadBundle,
  openScorer,
  type RemoteBundleOptions,
  type ScorerModel,
} from '../../scoring/index.js';
import { absoluteLocation } from '../../storage/open-storage.js';
import type { ModelCache } from './model-cache.js';

/** A model that can be opened. */
export interface FoundModel {
  /** As it was written. */
  readonly written: string;
  /** Its `id` is the registry's `name/version` where the model came from there, else the one in the bundle. */
  readonly model: ScorerModel;
  /** Files and goldens' texts are checked, what it answers is not: that is done where it runs. */
  readonly bundle: Bundle | 'lexicon';
}

/** Where models are looked for. */
export interface ModelPlaces {
  /** Relative folders start here. */
  readonly dir: string;
  readonly cache: ModelCache;
  readonly remote: RemoteBundleOptions;
  readonly store: MlflowStore;
  /** Where models of the hub are imported to, and what is read of the environment for it; outside of a lake nowhere. */
  readonly hub?: { models: string; env: Environment };
}

/**
 * Finds `bundled`, `lexicon`, a folder, `s3://bucket/prefix`, `models:/name@alias`, `models:/name/3`, `runs:/id/path`
 * or `hf:owner/name`.
 * @throws mlflow.model_unknown, model.of_another_source (user), scoring.bundle_missing, scoring.bundle_altered, scoring.bundle_invalid, and what
 *   the stores throw
 */
export async function findModel(written: string, places: ModelPlaces): Promise<FoundModel> {
  if (written === 'lexicon') return lexicon();
  if (isModelUri(written)) return fetchModel(await resolveModel(places.store, written), places);
  if (isHubUri(written)) {
    const { hubModel } = await import('./hub-model.js');
    const bundle = await hubModel(written, { ...(places.hub ?? nowhere(written)), store: places.store });
    return { written, model: bundle.model, bundle };
  }
  const named = written === 'bundled' ? written : absoluteLocation(written, places.dir);
  const bundle = await loadBundle(await bundleFolder(named, places.remote));
  return { written, model: bundle.model, bundle };
}

/** The bundle of a model that MLflow has; nothing is downloaded that is here already. */
export async function fetchModel(
  resolved: ResolvedModel,
  { cache, store }: Pick<ModelPlaces, 'cache' | 'store'>,
): Promise<FoundModel> {
  const { uri, registered } = resolved;
  const fetch = (folder: string) => downloadResolved(store, resolved, folder);
  const bundle = await cache.bundle(await digestOf(store, resolved), fetch);
  const id = registered === undefined ? bundle.model.id : `${registered.name}/${registered.version}`;
  return renamed(bundle, id, uri);
}

/** To be told of each model that has proven itself: it is kept for `lastKnownModel` and `plannedModel`. */
export async function rememberModel(
  { written, model: { id, digest }, bundle }: FoundModel,
  { cache, store }: Pick<ModelPlaces, 'cache' | 'store'>,
): Promise<void> {
  if (bundle === 'lexicon') return;
  await cache.use(bundle);
  if (isModelUri(written)) await cache.remember(store.uri, { written, id, digest });
}

/** The last model under a name of MLflow's that has proven itself, if its bundle is still here. */
export async function lastKnownModel(
  written: string,
  { cache, store }: Pick<ModelPlaces, 'cache' | 'store'>,
): Promise<FoundModel | undefined> {
  const known = await cache.known(store.uri, written);
  const bundle = known && (await cache.find(known.digest));
  return bundle && renamed(bundle, known.id, written);
}

/** Exactly the model with which a batch was planned. @throws pipeline.model_gone (external) */
export async function plannedModel(
  { id, digest }: { id: string; digest: string },
  { cache, store, remote }: ModelPlaces,
): Promise<FoundModel> {
  const words = await lexicon();
  if (words.model.digest === digest) return words;
  const here = (await cache.find(digest)) ?? (await shipped(digest, remote));
  if (here !== undefined) return renamed(here, id, id);
  const again = await fetchAgain(id, { cache, store });
  if (again?.model.digest === digest) return again;
  throw new MurmurError(
    'pipeline.model_gone',
    `scoring a batch that was planned with the model ${id}: it is no longer there (digest ${digest})`,
    {
      fault: 'external',
      fix: 'put the model back where it was, or let the batch be scored with the present one: `murmur run --replay-with-present-model`',
      context: { model: id, digest },
    },
  );
}

/** Whether a name may lead to another model from one moment to the next. */
export function isMoving(written: string): boolean {
  if (!isModelUri(written)) return false;
  const uri = parseModelUri(written);
  return uri.kind === 'alias' || (uri.kind === 'version' && uri.version === undefined);
}

function nowhere(written: string): never {
  throw new MurmurError('model.needs_import', `taking ${written} for a model outside of a lake`, {
    fault: 'user',
    fix: `import it first: \`murmur model import ${written} --to DIR\``,
  });
}

function renamed(bundle: Bundle, id: string, written: string): FoundModel {
  const model = { ...bundle.model, id };
  return { written, model, bundle: { ...bundle, model } };
}

async function lexicon(): Promise<FoundModel> {
  const { model } = await openScorer({ bundle: 'lexicon' });
  return { written: 'lexicon', model, bundle: 'lexicon' };
}

/** @throws mlflow.model_invalid, scoring.bundle_invalid (user) before anything is downloaded */
async function digestOf(store: MlflowStore, { uri, location }: ResolvedModel): Promise<string> {
  const mlmodel = await store
    .artifacts(location)
    .read(mlmodelFile)
    .catch((cause) => {
      if (!isMurmurError(cause, 'mlflow.not_found')) throw cause;
      throw invalid(uri, `no model at ${uri}: no ${mlmodelFile}`, { cause });
    });
  const digest = bundleDigestIn(Buffer.from(mlmodel).toString('utf8'), uri);
  if (digest !== undefined) return digest;
  throw invalid(uri, `the model at ${uri} is no bundle: its ${mlmodelFile} has no flavor murmur`, {
    fix: `make a bundle of it, \`murmur model import ${uri}\`, and register that or write \`model: models/NAME\``,
  });
}

function invalid(uri: string, message: string, about: { fix?: string; cause?: unknown }): MurmurError {
  return new MurmurError('mlflow.model_invalid', message, {
    fault: 'user',
    fix: 'register a bundle: `murmur model register FOLDER --name NAME`',
    context: { uri },
    ...about,
  });
}

async function shipped(digest: string, remote: RemoteBundleOptions): Promise<Bundle | undefined> {
  const bundle = await loadBundle(await bundleFolder('bundled', remote));
  return bundle.model.digest === digest ? bundle : undefined;
}

/** A version of the registry stays what it was, so its name leads back to it. */
async function fetchAgain(
  id: string,
  places: Pick<ModelPlaces, 'cache' | 'store'>,
): Promise<FoundModel | undefined> {
  try {
    return await fetchModel(await resolveModel(places.store, `models:/${id}`), places);
  } catch (e) {
    if (isMurmurError(e)) return undefined;
    throw e;
  }
}
