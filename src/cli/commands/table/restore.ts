import type { Command } from 'commander';
import { MurmurError } from '../../../base/errors.js';
import type { RestoreTarget } from '../../../delta/index.js';
import type { OpenLake } from '../../../index.js';
import { millisOf, type When } from '../../../lake/point-in-time.js';
import type { Restored } from '../../../operate/restore.js';
import type { CaredTable } from '../../../operate/table-care.js';
import type { Cli } from '../../cli.js';
import { plural } from '../../text/numbers.js';
import { rebuiltText, withDisplay } from '../rebuild.js';
import { withTables } from './cared-tables.js';
import { atOptions } from './one-table.js';

interface RestoreOptions extends When {
  path?: string;
  rebuildDownstream?: boolean;
  yes?: boolean;
}

export function defineRestore(command: Command, cli: Cli): void {
  const [version, timestamp] = atOptions();
  command
    .command('restore')
    .description(
      'Make an older version the newest again, by a new commit; what came since stays readable for a while.',
    )
    .argument('[name]', 'the table; or --path')
    .option('--path <dir>', 'folder of a Delta table that is not in this lake')
    .addOption(version)
    .addOption(timestamp)
    .option(
      '--rebuild-downstream',
      'for a table of the pipeline: make the tables behind it anew; its own query goes on behind what it had read',
    )
    .option('--yes', 'without asking')
    .addHelpText(
      'after',
      '\nExamples:\n  murmur table restore mine --version 3\n  murmur table restore silver --version 12 --rebuild-downstream',
    )
    .action((name: string | undefined, options: RestoreOptions) => {
      if (name === undefined && options.path === undefined)
        throw usage('no table named', 'see "murmur table ls"');
      return withTables(cli, name === undefined ? [] : [name], options.path, ([table]) =>
        restore(cli, table!, options),
      );
    });
}

async function restore(cli: Cli, cared: CaredTable, options: RestoreOptions): Promise<void> {
  const to = targetOf(options);
  const { rebuildDownstream = false } = options;
  const { planRestoreCared, restoreCared } = await import('../../../operate/restore.js');
  const { target, from, restored, removed } = await planRestoreCared(cared, to, { rebuildDownstream });
  const { name } = cared.table;
  await cli.confirm(
    `Make version ${target} of ${name} the newest again, in place of ${from}: ${plural(restored.length, 'file')} come back, ${removed.length} go?`,
    { yes: options.yes },
  );
  const { open } = cared;
  if (rebuildDownstream && open !== undefined) return restoreDownstream(cli, open, name, to);
  const done = await restoreCared(cared, to);
  await cli.result(shape(done), () => `version ${done.version} of ${name} is as version ${done.target} was`);
  cli.next(`murmur table history ${name}`, 'what came when');
}

async function restoreDownstream(cli: Cli, open: OpenLake, name: string, to: RestoreTarget): Promise<void> {
  const { restoreAndRebuild } = await import('../../../operate/restore-downstream.js');
  const done = await withDisplay(cli, (shown) => restoreAndRebuild(open, name, to, shown));
  const { rebuilt } = done;
  await cli.result({ ...shape(done), rebuilt }, () => {
    const text = `version ${done.version} of ${name} is as version ${done.target} was`;
    return rebuilt === null ? text : `${text}\n${rebuiltText(cli, rebuilt)}`;
  });
  cli.next('murmur run', `goes on behind what ${name} had read`);
}

function shape(done: Restored) {
  return {
    table: done.table,
    version: done.version,
    restored_version: done.target,
    files_restored: done.filesRestored,
    files_removed: done.filesRemoved,
  };
}

function targetOf({ version, timestamp }: When): RestoreTarget {
  if (version !== undefined) return { version };
  if (timestamp !== undefined) return { timestamp: millisOf(timestamp) };
  throw usage('no version named', 'add --version N or --timestamp T');
}

function usage(what: string, fix: string): MurmurError {
  return new MurmurError('cli.usage', what, { fault: 'user', fix });
}
