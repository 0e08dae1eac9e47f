/**
 * `model: hf:owner/name` of a lake: the model is imported when it is first asked for, and from then on it is the bundle in
 * `models/`. The hub is asked once, so a restart needs no network, and the model does not change behind anybody's back.
 */
import { join } from 'node:path';
import { asMurmurError, MurmurError } from '../../base/errors.js';
import type { Environment } from '../../config/interpolate.js';
import type { MlflowStore } from '../../mlflow/index.js';
import { isBundle } from '../../scoring/bundle.js';
import { type Bundle, loadBundle } from '../../scoring/index.js';
import { sourceOf } from './bundle-source.js';
import { importModel } from './import-model.js';
import { modelNameOf } from './model-source.js';

export interface HubPlaces {
  /** `models` of the lake. */
  readonly models: string;
  /** For `HF_TOKEN` and `HF_ENDPOINT`. */
  readonly env: Environment;
  readonly store: MlflowStore;
}

/**
 * @param written `hf:owner/name[@revision]`
 * @throws model.of_another_source (user), and what importing throws, with the command that does it by hand as the remedy
 */
export async function hubModel(written: string, { models, env, store }: HubPlaces): Promise<Bundle> {
  const folder = join(models, modelNameOf(written));
  if (await isBundle(folder)) {
    await refuseAnother(written, folder);
    return loadBundle(folder);
  }
  try {
    await importModel(written, { models, env, openMlflow: () => store });
  } catch (e) {
    const { code, message, fault, fix, retry, context } = asMurmurError(e);
    const byHand = `\`murmur model import ${written}\` imports it by hand, with options`;
    throw new MurmurError(code, message, {
      ...{ fault, retry, context, cause: e },
      fix: fix === undefined ? byHand : `${fix} (${byHand})`,
    });
  }
  return loadBundle(folder);
}

/** Two models of one name from different owners, or of different revisions, are not the same. */
async function refuseAnother(written: string, folder: string): Promise<void> {
  const source = await sourceOf(folder);
  if (source === written) return;
  const what = source === undefined ? 'does not say where it is from' : `is of ${source}`;
  throw new MurmurError('model.of_another_source', `taking ${written} for the model: ${folder} ${what}`, {
    fault: 'user',
    fix: `import it under another name: \`murmur model import ${written} --name NAME\`, and write \`model: models/NAME\``,
    context: { folder },
  });
}
