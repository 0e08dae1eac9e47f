import type { Command } from 'commander';
import type { LakeTable, TableDescription } from '../../../lake/lake-table.js';
import type { When } from '../../../lake/point-in-time.js';
import type { Cli } from '../../cli.js';
import { columns, pairs } from '../../text/columns.js';
import { count, size } from '../../text/numbers.js';
import { iso } from './iso.js';
import { atOptions, tableVerb, whenOf } from './one-table.js';

export function defineDescribe(command: Command, cli: Cli): void {
  const [version, timestamp] = atOptions();
  tableVerb<When>(command, cli, {
    name: 'describe',
    description: 'Columns, files, properties.',
    example: 'murmur table describe bronze',
    act: (table, options) => describe(cli, table, whenOf(options)),
  })
    .addOption(version)
    .addOption(timestamp);
}

async function describe(cli: Cli, table: LakeTable, when: When): Promise<void> {
  const description = await table.describe(when);
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
