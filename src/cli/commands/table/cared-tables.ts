/** What the verbs that change tables share: which tables are meant. */
import { existsSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { findLake } from '../../../lake/paths.js';
import type { CaredTable } from '../../../operate/table-care.js';
import type { Cli } from '../../cli.js';

/** Adds a verb that takes names of tables, or --path; without either, all tables of the lake. */
export function careVerb<O>(
  command: Command,
  cli: Cli,
  verb: { name: string; description: string; example: string },
  act: (tables: CaredTable[], options: O) => Promise<void>,
): Command {
  return command
    .command(verb.name)
    .description(verb.description)
    .argument('[name...]', 'the tables; none for all of this lake')
    .option('--path <dir>', 'folder of a Delta table that is not in this lake')
    .addHelpText('after', `\nExample:\n  ${verb.example}`)
    .action((names: string[], options: O & { path?: string }) =>
      withTables(cli, names, options.path, (tables) => act(tables, options)),
    );
}

export async function withTables(
  cli: Cli,
  names: readonly string[],
  path: string | undefined,
  work: (tables: CaredTable[]) => Promise<void>,
): Promise<void> {
  if (path !== undefined) return withTableAt(cli, cli.location(path), work);
  await cli.withLake(async (open) => {
    const wanted = names.length > 0 ? names : await open.lake.tableNames();
    const tables = await Promise.all(wanted.map((name) => open.lake.namedTable(name)));
    await work(tables.map((table) => ({ table, open })));
  });
}

/** A path may lead into a lake, whose queries then have their say. */
async function withTableAt(
  cli: Cli,
  location: string,
  work: (tables: CaredTable[]) => Promise<void>,
): Promise<void> {
  const dir = existsSync(location) ? findLake(realpathSync(location)) : undefined;
  if (dir !== undefined) {
    const { openLake } = await import('../../../pipeline/open.js');
    const open = await openLake(dir, { env: cli.env });
    try {
      const table = open.lake.table(basename(location));
      if (existsSync(table.path) && realpathSync(table.path) === realpathSync(location))
        return await work([{ table, open }]);
    } finally {
      await open.close();
    }
  }
  const { tableAt } = await import('../../../lake/table-at.js');
  const { table, close } = tableAt(location);
  await work([{ table, open: undefined }]).finally(close);
}
