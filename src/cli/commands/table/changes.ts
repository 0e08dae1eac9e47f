import type { Command } from 'commander';
import type { Row } from '../../../duck/json-value.js';
import type { LakeTable } from '../../../lake/lake-table.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';
import { printJsonRows, shownRows } from '../../rows.js';
import { plural } from '../../text/numbers.js';
import { tableVerb } from './one-table.js';

interface ChangesOptions {
  from: number;
  to?: number;
  limit?: number;
  copiedRows?: boolean;
}

/** Rows shown to people who gave no limit. */
const shownAtMost = 200;

export function defineChanges(command: Command, cli: Cli): void {
  tableVerb<ChangesOptions>(command, cli, {
    name: 'changes',
    description: 'Rows that its commits changed.',
    example: 'murmur table changes gold --from 3 --to 5',
    act: (table, options) => changes(cli, table, options),
  })
    .requiredOption('--from <n>', 'the first version whose changes are told', wholeNumber)
    .option('--to <n>', 'the last one; else the newest', wholeNumber)
    .option('--limit <n>', 'how many rows; else 200 for people and all with --json', wholeNumber)
    .option('--copied-rows', 'also rows that a rewrite deleted and inserted again as they were');
}

async function changes(cli: Cli, table: LakeTable, options: ChangesOptions): Promise<void> {
  const { from, to, limit, copiedRows } = options;
  const query = {
    from,
    ...(to === undefined ? {} : { to }),
    ...(copiedRows === undefined ? {} : { copiedRows }),
  };
  if (cli.json)
    return printJsonRows(
      cli.terminal,
      table.changes({ ...query, ...(limit === undefined ? {} : { limit }) }),
    );

  const most = limit ?? shownAtMost;
  const rows: Row[] = [];
  // One more than is shown tells whether there are more.
  for await (const row of table.changes({ ...query, limit: most + 1 })) rows.push(row);
  if (rows.length === 0) return cli.terminal.print('no row has changed');
  const { fields } = await table.schema(to === undefined ? {} : { version: to });
  const head = [
    { name: '_commit_version', type: 'long' },
    { name: '_change_type', type: 'string' },
    ...fields.map(({ name, type }) => ({ name, type: typeof type === 'string' ? type : '' })),
  ];
  await cli.terminal.print(shownRows(cli.terminal, head, rows.slice(0, most)));
  if (rows.length > most) cli.say(`the first ${plural(most, 'row')}; --limit N shows more, --json gives all`);
}
