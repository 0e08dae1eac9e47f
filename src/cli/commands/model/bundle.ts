import { isHubUri } from '../../../hub/hub-uri.js';
import { isModelUri } from '../../../mlflow/model-uri.js';
import type { Bundle } from '../../../scoring/index.js';
import { absoluteLocation } from '../../../storage/open-storage.js';
import type { Cli } from '../../cli.js';

/**
 * The bundle meant: the given one, else what the lake says, else the bundled one. Folders of a lake are relative to it; what
 * MLflow or the hub has is downloaded.
 */
export async function bundleOf(cli: Cli, given: string | undefined): Promise<string | Bundle> {
  const isName = (text: string) => text === 'bundled' || text === 'lexicon';
  const isFar = (text: string) => isModelUri(text) || isHubUri(text);
  const hasLake = cli.flags.lake !== undefined || cli.findLakeDir() !== undefined;
  if (given !== undefined && !isFar(given)) return isName(given) ? given : cli.location(given);
  const { findModel, modelPlaces, openModelPlaces } = await import('../../../pipeline/model/index.js');
  if (!hasLake) {
    if (given === undefined) return 'bundled';
    const places = modelPlaces(cli.cwd, cli.env);
    return (await findModel(given, places).finally(() => places.store.close())).bundle;
  }
  return cli.withLake(async ({ lake, spec, env }) => {
    const written = given ?? spec.model;
    if (!isFar(written)) return isName(written) ? written : absoluteLocation(written, lake.dir);
    const places = openModelPlaces(lake, spec, env);
    return (await findModel(written, places).finally(() => places.store.close())).bundle;
  });
}

/** The model as a person or the lake names it; `bundled` where neither does. */
export async function writtenModel(cli: Cli, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  if (cli.flags.lake === undefined && cli.findLakeDir() === undefined) return 'bundled';
  return cli.withLake(async ({ spec }) => spec.model);
}
