import type { Command } from 'commander';
import type { When } from '../../../lake/point-in-time.js';
import type { Cli } from '../../cli.js';
import { plural } from '../../text/numbers.js';
import { atOptions, tableVerb, whenOf } from './one-table.js';

export function defineCount(command: Command, cli: Cli): void {
  const [version, timestamp] = atOptions();
  tableVerb<When>(command, cli, {
    name: 'count',
    description: 'Rows of a table.',
    example: 'murmur table count gold --json',
    act: async (table, options) => {
      const counted = await table.count(whenOf(options));
      const at = counted.version === null ? '' : ` at version ${counted.version}`;
      await cli.result(counted, () => `${plural(counted.rows, 'row')}${at}`);
    },
  })
    .addOption(version)
    .addOption(timestamp);
}
