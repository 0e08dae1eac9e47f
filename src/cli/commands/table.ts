import { existsSync, statSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { MurmurError } from '../../base/errors.js';
import type { LakeTable, TableDescription } from '../../lake/lake-table.js';
import type { Cli } from '../cli.js';
import { wholeNumber } from '../option-values.js';
import { shownRows } from '../rows.js';
import { columns, pairs } from '../text/columns.js';
import { ago, count, plural, size } from '../text/numbers.js';
import { changes } from './table/changes.js';

interface TableOptions {
  path?: string;
  version?: number;
  limit: number;
  to?: string;
  force?: boolean;
}

export function define(command: Command, cli: Cli): void {
  command.description('Look at the tables of this lake, or with --path at any Delta table.');
  command.addHelpText('after', '\nExample:\n  murmur table head gold --limit 5');
  command
    .command('ls')
    .description('Tables with rows, versions, files and sizes.')
    .addHelpText('after', '\nExample:\n  murmur table ls')
    .action(() => ls(cli));
  verb('count', 'Rows of a table.', 'murmur table count gold --json', countRows).addOption(atVersion());
  verb('head', 'Some rows of a table.', 'murmur table head silver --limit 5', head)
    .addOption(atVersion())
    .option('--limit <n>', 'how many rows', wholeNumber, 10);
  verb('history', 'Its commits, newest first.', 'murmur table history application', history).option(
    '--limit <n>',
    'how many commits',
    wholeNumber,
    20,
  );
  verb('describe', 'Columns, files, properties.', 'murmur table describe bronze', describe);
  verb(
    'export',
    'One version as one Parquet file.',
    'murmur table export gold --to gold.parquet',
    exportTable,
  )
    .addOption(atVersion())
    .requiredOption('--to <file>', 'the Parquet file to write')
    .option('--force', 'replace a file that is there');

  verb('changes', 'Rows that its commits changed.', 'murmur table changes gold --from 3 --to 5', changes)
    .requiredOption('--from <n>', 'the first version whose changes are told', wholeNumber)
    .option('--to <n>', 'the last one; else the newest', wholeNumber)
    .option('--limit <n>', 'how many rows; else 200 for people and all with --json', wholeNumber)
    .option('--copied-rows', 'also rows that a rewrite deleted and inserted again as they were');

  function verb<O extends object>(
    name: string,
    description: string,
    example: string,
    act: (cli: Cli, table: LakeTable, options: O) => Promise<void>,
  ): Command {
    return command
      .command(name)
      .description(description)
      .argument('[name]', 'the table; or --path')
      .option('--path <dir>', 'folder of a Delta table that is not in this lake')
      .addHelpText('after', `\nExample:\n  ${example}`)
      .action((table: string | undefined, options: O & { path?: string }) =>
        withTable(cli, table, options, (found) => act(cli, found, options)),
      );
  }
}

function atVersion(): Option {
  return new Option('--version <n>', 'as it was at this version').argParser(wholeNumber);
}

async function withTable(
  cli: Cli,
  name: string | undefined,
  { path }: { path?: string },
  work: (table: LakeTable) => Promise<void>,
): Promise<void> {
  if (path !== undefined) {
    const { tableAt } = await import('../../lake/table-at.js');
    const { table, close } = tableAt(cli.path(path));
    return work(table).finally(close);
  }
  if (name === undefined) {
    throw new MurmurError('cli.usage', 'no table named', {
      fault: 'user',
      fix: 'see "murmur table ls", or give --path DIR',
    });
  }
  await cli.withLake(({ lake }) => work(lake.namedTable(name)));
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

async function countRows(cli: Cli, table: LakeTable, { version }: TableOptions): Promise<void> {
  const counted = await table.count(version);
  await cli.result(
    counted,
    () => `${plural(counted.rows, 'row')}${counted.version === null ? '' : ` at version ${counted.version}`}`,
  );
}

async function head(cli: Cli, table: LakeTable, { version, limit }: TableOptions): Promise<void> {
  const rows = await table.head(limit, version);
  const { fields } = await table.schema(version);
  await cli.result(rows, () => {
    if (rows.length === 0) return `${table.name} has no rows`;
    const columnsOf = fields.map(({ name, type }) => ({ name, type: typeof type === 'string' ? type : '' }));
    return shownRows(cli.terminal, columnsOf, rows);
  });
}

async function history(cli: Cli, table: LakeTable, { limit }: TableOptions): Promise<void> {
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

async function describe(cli: Cli, table: LakeTable): Promise<void> {
  const description = await table.describe();
  const { createdAt, updatedAt, protocol, partitionColumns, ...rest } = description;
  const value = {
    ...rest,
    created_at: iso(createdAt),
    updated_at: iso(updatedAt),
    protocol,
    partition_columns: partitionColumns,
  };
  await cli.result(value, () => describeText(cli, description));
}

function describeText(cli: Cli, d: TableDescription): string {
  const { paint, width } = cli.terminal;
  const { minReaderVersion, minWriterVersion, features } = d.protocol;
  const facts: [string, string][] = [
    ['path', d.path],
    ['rows', count(d.rows)],
    ['version', count(d.version)],
    ['files', `${count(d.files)}, ${size(d.bytes)}`],
    ['created', iso(d.createdAt) ?? '–'],
    ['changed', iso(d.updatedAt) ?? '–'],
    [
      'protocol',
      `reader ${minReaderVersion}, writer ${minWriterVersion}${features.length > 0 ? `: ${features.join(', ')}` : ''}`,
    ],
    ...(d.partitionColumns.length > 0
      ? ([['partitioned by', d.partitionColumns.join(', ')]] as [string, string][])
      : []),
    ...Object.entries(d.properties),
  ];
  const fields = columns(
    [{ name: 'column', whole: true }, { name: 'type' }],
    d.columns.map(({ name, type, nullable }) => [name, nullable ? type : `${type} not null`]),
    { paint, width },
  );
  return `${pairs(facts, paint)}\n\n${fields}`;
}

async function exportTable(cli: Cli, table: LakeTable, { version, to, force }: TableOptions): Promise<void> {
  const file = cli.path(to!);
  if (existsSync(file) && !force) {
    throw new MurmurError('cli.file_exists', `exporting to ${to}: there is a file already`, {
      fault: 'user',
      fix: 'choose another name, or add --force',
    });
  }
  const written = await table.export(file, version === undefined ? {} : { version });
  const bytes = statSync(file).size;
  await cli.result(
    { ...written, file, bytes },
    () => `${plural(written.rows, 'row')} of version ${written.version} in ${to} (${size(bytes)})`,
  );
}

function metricsText(metrics: Readonly<Record<string, unknown>>): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
