import type { Command } from 'commander';
import type { LakeTable } from '../../../lake/lake-table.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';
import { columns } from '../../text/columns.js';
import { count } from '../../text/numbers.js';
import { iso } from './iso.js';
import { tableVerb } from './one-table.js';

interface HistoryOptions {
  limit: number;
}

export function defineHistory(command: Command, cli: Cli): void {
  tableVerb<HistoryOptions>(command, cli, {
    name: 'history',
    description: 'Its commits, newest first.',
    example: 'murmur table history application',
    act: (table, options) => history(cli, table, options),
  }).option('--limit <n>', 'how many commits', wholeNumber, 20);
}

async function history(cli: Cli, table: LakeTable, { limit }: HistoryOptions): Promise<void> {
  const commits = await table.history(limit);
  await cli.result(
    commits.map((commit) => ({ ...commit, timestamp: iso(commit.timestamp) })),
    () => {
      if (commits.length === 0) return `${table.name} does not exist yet`;
      const { paint, width } = cli.terminal;
      const head = [
        { name: 'version', align: 'right' as const, whole: true },
        { name: 'when', whole: true },
        { name: 'operation' },
        { name: 'what' },
      ];
      const rows = commits.map((c) => [
        count(c.version),
        iso(c.timestamp) ?? '–',
        c.operation ?? '–',
        metricsText(c.operationMetrics),
      ]);
      return columns(head, rows, { paint, width });
    },
  );
}

function metricsText(metrics: Readonly<Record<string, unknown>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
