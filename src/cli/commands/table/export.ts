import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { MurmurError } from '../../../base/errors.js';
import type { LakeTable } from '../../../lake/lake-table.js';
import type { When } from '../../../lake/point-in-time.js';
import type { Cli } from '../../cli.js';
import { plural, size } from '../../text/numbers.js';
import { atOptions, tableVerb, whenOf } from './one-table.js';

interface ExportOptions extends When {
  to: string;
  force?: boolean;
}

export function defineExport(command: Command, cli: Cli): void {
  const [version, timestamp] = atOptions();
  tableVerb<ExportOptions>(command, cli, {
    name: 'export',
    description: 'One version as one Parquet file.',
    example: 'murmur table export gold --to gold.parquet',
    act: (table, options) => exportTable(cli, table, options),
  })
    .addOption(version)
    .addOption(timestamp)
    .requiredOption('--to <file>', 'the Parquet file to write')
    .option('--force', 'replace a file that is there');
}

async function exportTable(cli: Cli, table: LakeTable, options: ExportOptions): Promise<void> {
  const { to, force } = options;
  const file = cli.path(to);
  if (existsSync(file) && !force) {
    throw new MurmurError('cli.file_exists', `exporting to ${to}: there is a file already`, {
      fault: 'user',
      fix: 'choose another name, or add --force',
    });
  }
  const written = await table.export(file, whenOf(options));
  const bytes = statSync(file).size;
  await cli.result(
    { ...written, file, bytes },
    () => `${plural(written.rows, 'row')} of version ${written.version} in ${to} (${size(bytes)})`,
  );
}
