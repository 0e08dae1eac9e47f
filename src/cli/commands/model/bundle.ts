import { absoluteLocation } from '../../../storage/open-storage.js';
import type { Cli } from '../../cli.js';

/** The bundle meant: the given one, else what the lake says, else the bundled one. Folders of a lake are relative to it. */
export async function bundleOf(cli: Cli, given: string | undefined): Promise<string> {
  const isName = (text: string) => text === 'bundled' || text === 'lexicon';
  if (given !== undefined) return isName(given) ? given : cli.location(given);
  if (cli.flags.lake === undefined && cli.findLakeDir() === undefined) return 'bundled';
  return cli.withLake(async ({ lake, spec }) =>
    isName(spec.model) ? spec.model : absoluteLocation(spec.model, lake.dir),
  );
}
