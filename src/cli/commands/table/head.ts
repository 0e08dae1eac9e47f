import type { Command } from 'commander';
import type { LakeTable } from '../../../lake/lake-table.js';
import type { When } from '../../../lake/point-in-time.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';
import { shownRows } from '../../rows.js';
import { atOptions, tableVerb, whenOf } from './one-table.js';

interface HeadOptions extends When {
  limit: number;
}

export function defineHead(command: Command, cli: Cli): void {
  const [version, timestamp] = atOptions();
  tableVerb<HeadOptions>(command, cli, {
    name: 'head',
    description: 'Some rows of a table.',
    example: 'murmur table head silver --limit 5',
    act: (table, options) => head(cli, table, options),
  })
    .addOption(version)
    .addOption(timestamp)
    .option('--limit <n>', 'how many rows', wholeNumber, 10);
}

async function head(cli: Cli, table: LakeTable, options: HeadOptions): Promise<void> {
  const when = whenOf(options);
  const rows = await table.head(options.limit, when);
  const { fields } = await table.schema(when);
  await cli.result(rows, () => {
    if (rows.length === 0) return `${table.name} has no rows`;
    const columnsOf = fields.map(({ name, type }) => ({ name, type: typeof type === 'string' ? type : '' }));
    return shownRows(cli.terminal, columnsOf, rows);
  });
}
