import { relative } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { plural } from '../text/numbers.js';

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Drop the tables and checkpoints of this lake. What has landed, murmur.yaml and models stay.',
    )
    .option('--yes', 'without asking')
    .addHelpText('after', '\nExample:\n  murmur reset --yes')
    .action(({ yes }: { yes?: boolean }) => resetLake(cli, yes));
}

async function resetLake(cli: Cli, yes: boolean | undefined): Promise<void> {
  const { planReset, reset } = await import('../../operate/reset.js');
  await cli.withLake(async ({ lake }) => {
    const { folders, tables } = await planReset(lake);
    const rows = tables.reduce((sum, table) => sum + (table.rows ?? 0), 0);
    const names = folders.map((folder) => relative(cli.cwd, folder) || '.');
    if (folders.length > 0) {
      const what = `${plural(tables.length, 'table')} with ${plural(rows, 'row')}`;
      await cli.confirm(`Delete ${names.join(' and ')}: ${what}?`, { yes });
      await reset(lake);
    }
    await cli.result({ deleted: folders, tables }, () =>
      folders.length === 0
        ? 'there was nothing to delete'
        : `deleted ${names.join(' and ')}; landing/ is as it was`,
    );
    cli.next('murmur run', 'reads what has landed from its beginning');
  });
}
