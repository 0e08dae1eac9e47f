import type { Command } from 'commander';
import type { Cli } from '../../cli.js';
import { columns } from '../../text/columns.js';
import { ago, count, size } from '../../text/numbers.js';
import { iso } from './iso.js';

export function defineLs(command: Command, cli: Cli): void {
  command
    .command('ls')
    .description('Tables with rows, versions, files and sizes.')
    .addHelpText('after', '\nExample:\n  murmur table ls')
    .action(() => ls(cli));
}

async function ls(cli: Cli): Promise<void> {
  await cli.withLake(async ({ lake }) => {
    const tables = await lake.tables();
    const { paint, width } = cli.terminal;
    await cli.result(
      tables.map(({ updatedAt, ...table }) => ({ ...table, updated_at: iso(updatedAt) })),
      () => {
        if (tables.length === 0) return 'no tables yet';
        const rows = tables.map((t) => [
          t.table,
          count(t.rows),
          count(t.version),
          count(t.files),
          size(t.bytes),
          t.updatedAt === null ? '–' : ago(t.updatedAt, Date.now()),
        ]);
        return columns(
          [
            { name: 'table', whole: true },
            ...['rows', 'version', 'files', 'size'].map((name) => ({ name, align: 'right' as const })),
            { name: 'changed' },
          ],
          rows,
          { paint, width },
        );
      },
    );
    if (tables.length === 0) cli.next('murmur run', 'reads what lies in landing/');
    else cli.next('murmur table head gold', 'some of its rows');
  });
}
