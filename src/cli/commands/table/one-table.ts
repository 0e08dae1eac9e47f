/** What the verbs on one table share: which table is meant, and which of its states. */
import { type Command, Option } from 'commander';
import { MurmurError } from '../../../base/errors.js';
import type { LakeTable } from '../../../lake/lake-table.js';
import type { When } from '../../../lake/point-in-time.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';

interface Verb<O> {
  name: string;
  description: string;
  example: string;
  act(table: LakeTable, options: O): Promise<void>;
}

/** Adds a verb that takes the name of a table of the lake, or --path. */
export function tableVerb<O>(
  command: Command,
  cli: Cli,
  { name, description, example, act }: Verb<O>,
): Command {
  return command
    .command(name)
    .description(description)
    .argument('[name]', 'the table; or --path')
    .option('--path <dir>', 'a Delta table that is not in this lake: its folder, or s3://bucket/prefix')
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action((table: string | undefined, options: O & { path?: string }) =>
      withTable(cli, table, options.path, (found) => act(found, options)),
    );
}

/** `--version` and `--timestamp`, as `When` has them. */
export function atOptions(): [Option, Option] {
  return [
    new Option('--version <n>', 'as it was at this version').argParser(wholeNumber).conflicts('timestamp'),
    new Option('--timestamp <time>', 'as it was then: 2026-11-21T10:00:00Z, a date, "2h ago"'),
  ];
}

/** The part of a verb's options that says which state is meant. */
export function whenOf({ version, timestamp }: When): When {
  return { ...(version === undefined ? {} : { version }), ...(timestamp === undefined ? {} : { timestamp }) };
}

async function withTable(
  cli: Cli,
  name: string | undefined,
  path: string | undefined,
  work: (table: LakeTable) => Promise<void>,
): Promise<void> {
  if (path !== undefined) {
    const { tableAt } = await import('../../../lake/table-at.js');
    const { table, close } = tableAt(cli.location(path));
    return work(table).finally(close);
  }
  if (name === undefined) {
    throw new MurmurError('cli.usage', 'no table named', {
      fault: 'user',
      fix: 'see "murmur table ls", or give --path DIR',
    });
  }
  await cli.withLake(async ({ lake }) => work(await lake.namedTable(name)));
}
