/**
 * Models of an MLflow registry: what is there, a bundle as a new version, and which version an alias means. Every move of an
 * alias by Murmur is written down as tags, so that going back is one step and can be done again.
 */
import { type Clock, systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import {
  ensureExperiment,
  logModel,
  type Metric,
  type MlflowStore,
  type ModelVersion,
  registerModel,
  type Tags,
} from '../mlflow/index.js';
import { type Bundle, verifyBundle } from '../scoring/index.js';

export interface ListedVersion {
  version: string;
  aliases: string[];
  /** Milliseconds since the epoch. */
  created_at: number;
  /** Of one evaluation, the newest that measured something; without any those of the run that made it. */
  metrics: Record<string, number>;
  /** The data of that evaluation; null where it is not known. */
  data: string | null;
  tags: Tags;
}

export interface ListedModel {
  name: string;
  /** Version by alias. */
  aliases: Tags;
  /** Newest first. */
  versions: ListedVersion[];
}

/** A move of an alias; `from` null: it was not there. */
export interface AliasMove {
  name: string;
  alias: string;
  from: string | null;
  to: string;
}

/** The experiment in which bundles are logged that come from no run. */
const experiment = 'murmur';

export async function listModels(store: MlflowStore): Promise<ListedModel[]> {
  const models: ListedModel[] = [];
  for await (const { name, aliases } of store.registry.searchModels()) {
    const versions: ListedVersion[] = [];
    for await (const version of store.registry.searchVersions(name)) {
      versions.push({
        version: version.version,
        aliases: Object.keys(aliases).filter((alias) => aliases[alias] === version.version),
        created_at: version.createdAt,
        ...(await measuresOf(store, version)),
        tags: version.tags,
      });
    }
    models.push({ name, aliases, versions });
  }
  return models.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Proves a bundle, logs it in a run of its own, and makes it the next version of a registered model.
 * @throws what `verifyBundle` throws, before anything is written; what the store throws
 */
export async function registerBundle(
  store: MlflowStore,
  bundle: Bundle,
  { name, clock = systemClock }: { name: string; clock?: Clock },
): Promise<ModelVersion> {
  const { model } = await verifyBundle(bundle);
  const { experimentId } = await ensureExperiment(store, experiment);
  const run = await store.tracking.createRun({
    experimentId,
    name: `register ${model.id}`,
    startTime: clock.now(),
  });
  try {
    const about = { 'murmur.bundle': model.id, 'murmur.digest': model.digest };
    const logged = await logModel(store, run, bundle.folder, { params: about, clock });
    const version = await registerModel(store, logged, { name, tags: about });
    await store.tracking.updateRun(run.runId, { status: 'FINISHED', endTime: clock.now() });
    return version;
  } catch (e) {
    // What went wrong is the news; that it cannot be noted either is not.
    await store.tracking
      .updateRun(run.runId, { status: 'FAILED', endTime: clock.now() })
      .catch(() => undefined);
    throw e;
  }
}

/** Points an alias at a version. @throws operate.no_such_version (user), mlflow.invalid_value (user) */
export async function promote(
  store: MlflowStore,
  name: string,
  version: string,
  alias: string,
  clock: Clock = systemClock,
): Promise<AliasMove> {
  const { registry } = store;
  if ((await registry.getVersion(name, version)) === undefined)
    throw await noSuchVersion(store, name, version);
  const from = (await registry.versionByAlias(name, alias))?.version ?? null;
  if (from === version) return { name, alias, from, to: version };
  const before = await versionsBefore(store, name, alias, from);
  await registry.setAlias(name, alias, version);
  await note(store, { name, alias, from, to: version }, from === null ? before : [...before, from]);
  await registry.setVersionTag(name, version, `murmur.promoted.${alias}`, timeOf(clock));
  return { name, alias, from, to: version };
}

/** Points an alias at the version that it meant before the present one. @throws operate.no_version_before (user) */
export async function rollback(
  store: MlflowStore,
  name: string,
  alias: string,
  clock: Clock = systemClock,
): Promise<AliasMove> {
  const { registry } = store;
  const from = (await registry.versionByAlias(name, alias))?.version ?? null;
  const before = await versionsBefore(store, name, alias, from);
  const to = before.pop();
  if (to === undefined)
    throw new MurmurError(
      'operate.no_version_before',
      from === null
        ? `rolling back ${name}@${alias}: there is no such alias`
        : `rolling back ${name}@${alias}: no version is known from before ${from}`,
      {
        fault: 'user',
        fix: `choose one: "murmur model ls", then "murmur model promote ${name} VERSION --alias ${alias}"`,
        context: { name, alias },
      },
    );
  await registry.setAlias(name, alias, to);
  await note(store, { name, alias, from, to }, before);
  if (from !== null) await registry.setVersionTag(name, from, `murmur.rolled_back.${alias}`, timeOf(clock));
  return { name, alias, from, to };
}

/** Where the alias is now, and the versions that it meant before, oldest first: for the next rollback. */
async function note(
  store: MlflowStore,
  { name, alias, to }: AliasMove,
  before: readonly string[],
): Promise<void> {
  await store.registry.setModelTag(name, historyTag(alias), [...before, to].join(','));
}

/**
 * The versions that an alias meant before `present`, oldest first; those that are gone are left out. Where somebody else has moved
 * the alias meanwhile, what was noted last is one of them.
 */
async function versionsBefore(
  store: MlflowStore,
  name: string,
  alias: string,
  present: string | null,
): Promise<string[]> {
  const noted = (await store.registry.getModel(name))?.tags[historyTag(alias)] ?? '';
  const before = noted.split(',').filter((version) => version !== '');
  if (before.at(-1) === present) before.pop();
  const there = await Promise.all(
    before.map(async (version) => (await store.registry.getVersion(name, version)) !== undefined),
  );
  return before.filter((_, i) => there[i]);
}

function historyTag(alias: string): string {
  return `murmur.history.${alias}`;
}

function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/** A run or a model that was deleted meanwhile has no metrics. */
async function measuresOf(
  store: MlflowStore,
  { runId, source }: ModelVersion,
): Promise<Pick<ListedVersion, 'metrics' | 'data'>> {
  const modelId = /^models:\/(m-\w+)$/.exec(source)?.[1];
  const ofModel =
    modelId === undefined ? [] : (await store.tracking.getLoggedModel(modelId).catch(ifGone))?.metrics;
  const newest = newestEvaluation(ofModel ?? []);
  if (newest !== undefined) return newest;
  const ofRun = runId === undefined ? {} : (await store.tracking.getRun(runId).catch(ifGone))?.metrics;
  return { metrics: { ...ofRun }, data: null };
}

/** Measures by different data must not stand side by side: what has one data set and digest belongs together. */
function newestEvaluation(points: readonly Metric[]): Pick<ListedVersion, 'metrics' | 'data'> | undefined {
  const ofData = new Map<string, Metric[]>();
  for (const point of [...points].sort((a, b) => a.timestamp - b.timestamp)) {
    const { name, digest } = point.dataset ?? { name: '', digest: '' };
    const key = `${name}\n${digest}`;
    const before = ofData.get(key) ?? [];
    // The one with the newest point stands last.
    ofData.delete(key);
    ofData.set(key, [...before, point]);
  }
  const evaluations = [...ofData.values()].reverse();
  const isOfNothing = (some: readonly Metric[]) =>
    some.some(({ key, value }) => key === 'evaluated' && value === 0);
  const found = evaluations.find((some) => !isOfNothing(some)) ?? evaluations[0];
  return (
    found && {
      metrics: Object.fromEntries(found.map(({ key, value }) => [key, value])),
      data: found[0]?.dataset?.name ?? null,
    }
  );
}

function ifGone(e: unknown): undefined {
  if (e instanceof MurmurError && e.code === 'mlflow.not_found') return undefined;
  throw e;
}

async function noSuchVersion(store: MlflowStore, name: string, version: string): Promise<MurmurError> {
  const versions: string[] = [];
  if ((await store.registry.getModel(name)) !== undefined)
    for await (const found of store.registry.searchVersions(name)) versions.push(found.version);
  return new MurmurError(
    'operate.no_such_version',
    `no version ${version} of the model ${name} in MLflow at ${store.uri}`,
    {
      fault: 'user',
      fix:
        versions.length > 0
          ? `versions are ${versions.reverse().join(', ')}`
          : `register one: "murmur model register FOLDER --name ${name}"`,
      context: { name, version },
    },
  );
}
