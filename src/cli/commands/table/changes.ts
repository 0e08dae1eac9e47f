import type { Row } from '../../../duck/json-value.js';
import type { LakeTable } from '../../../lake/lake-table.js';
import type { Cli } from '../../cli.js';
import { printJsonRows, shownRows } from '../../rows.js';
import { plural } from '../../text/numbers.js';

export interface ChangesOptions {
  from: number;
  to?: number;
  limit?: number;
  copiedRows?: boolean;
}

/** Rows shown to people who gave no limit. */
const shownAtMost = 200;

export async function changes(cli: Cli, table: LakeTable, options: ChangesOptions): Promise<void> {
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
  const { fields } = await table.schema(to);
  const head = [
    { name: '_commit_version', type: 'long' },
    { name: '_change_type', type: 'string' },
    ...fields.map(({ name, type }) => ({ name, type: typeof type === 'string' ? type : '' })),
  ];
  await cli.terminal.print(shownRows(cli.terminal, head, rows.slice(0, most)));
  if (rows.length > most) cli.say(`the first ${plural(most, 'row')}; --limit N shows more, --json gives all`);
}
