/** An experiment by name, made where it is not there. */
import { isMurmurError } from '../base/errors.js';
import type { Experiment, MlflowStore } from './store.js';

/** Of several processes that make it at once, all get the same one. */
export async function ensureExperiment(store: MlflowStore, name: string): Promise<Experiment> {
  const known = await store.tracking.experimentByName(name);
  if (known !== undefined) return known;
  try {
    return await store.tracking.createExperiment({ name });
  } catch (e) {
    const made = isMurmurError(e, 'mlflow.already_exists')
      ? await store.tracking.experimentByName(name)
      : undefined;
    if (made === undefined) throw e;
    return made;
  }
}
