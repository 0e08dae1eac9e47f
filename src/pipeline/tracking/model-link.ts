/** From the model that scores to what MLflow has of it: the registered version, and the logged model behind that. */
import { isModelUri, type MlflowStore, parseModelUri } from '../../mlflow/index.js';
import type { ScorerModel } from '../../scoring/scorer.js';
import type { ModelStatus } from '../model/model-status.js';

export interface ModelLink {
  name: string;
  version: string;
  /** Of MLflow 3. */
  modelId?: string;
}

/**
 * @param written the model as murmur.yaml or a person names it
 * @param id `name/version` of the model that was found
 * @returns undefined for a model that did not come from MLflow
 */
export async function modelLink(
  store: MlflowStore,
  written: string,
  id: string,
): Promise<ModelLink | undefined> {
  if (!isModelUri(written)) return undefined;
  const parsed = parseModelUri(written);
  if (parsed.kind !== 'alias' && parsed.kind !== 'version') return undefined;
  const [name, version] = splitId(id);
  const registered = await store.registry.getVersion(name, version);
  if (registered === undefined) return undefined;
  const modelId = /^models:\/(m-\w+)$/.exec(registered.source)?.[1];
  return { name, version, ...(modelId === undefined ? {} : { modelId }) };
}

/** The same as tags of a run. */
export function modelTags(link: ModelLink | undefined): Record<string, string> {
  if (link === undefined) return {};
  return {
    'murmur.model_uri': `models:/${link.name}/${link.version}`,
    ...(link.modelId === undefined ? {} : { 'murmur.logged_model': link.modelId }),
  };
}

export function modelParams({ id, digest }: Pick<ScorerModel, 'id' | 'digest'>): Record<string, string> {
  const [name, version] = splitId(id);
  return { model_name: name, model_version: version, model_digest: digest };
}

/** What was seen of the models beside their scores: shadow and drift, where there are such figures. */
export function modelMetrics({ shadow, drift, swaps, loads }: ModelStatus): Record<string, number> {
  const { agreement = null, scored = 0 } = shadow ?? {};
  return {
    'model.swaps': swaps,
    'model.loads': loads.total,
    ...(agreement === null ? {} : { 'shadow.agreement': agreement, 'shadow.scored': scored }),
    ...(drift.figures === null
      ? {}
      : {
          'drift.score_psi': drift.figures.score_psi,
          'drift.length_psi': drift.figures.length_psi,
          'drift.class_psi': drift.figures.class_psi,
        }),
  };
}

function splitId(id: string): [name: string, version: string] {
  const at = id.lastIndexOf('/');
  return [id.slice(0, at), id.slice(at + 1)];
}
