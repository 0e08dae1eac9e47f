import type { Command } from 'commander';
import type { OptimizedTable } from '../../../operate/optimize.js';
import type { CaredTable } from '../../../operate/table-care.js';
import type { Cli } from '../../cli.js';
import { byteSize, nameList } from '../../option-values.js';
import { ProgressBar } from '../../progress-bar.js';
import { plural, size } from '../../text/numbers.js';
import { careVerb } from './cared-tables.js';

interface OptimizeOptions {
  zorderBy?: string[];
  targetSize?: number;
  where?: string;
}

export function defineOptimize(command: Command, cli: Cli): void {
  careVerb<OptimizeOptions>(
    command,
    cli,
    {
      name: 'optimize',
      description: 'Join small files, or put rows into Z-order; the rows stay what they are.',
      example: 'murmur table optimize gold --zorder-by mention,timestamp',
    },
    (tables, options) => optimize(cli, tables, options),
  )
    .option('--zorder-by <columns>', 'rows near each other in these columns go into the same files', nameList)
    .option('--target-size <size>', 'how large files should be, like 128MiB', byteSize)
    .option('--where <sql>', 'only partitions for which this is true');
}

async function optimize(cli: Cli, tables: readonly CaredTable[], options: OptimizeOptions): Promise<void> {
  const results: OptimizedTable[] = [];
  for (const cared of tables) results.push(await optimizeOne(cli, cared, options));
  await cli.result(
    results.map(optimizedJson),
    () => results.map(optimizedText).join('\n') || 'no tables yet',
  );
}

export async function optimizeOne(
  cli: Cli,
  cared: CaredTable,
  { zorderBy, ...options }: OptimizeOptions = {},
): Promise<OptimizedTable> {
  const { optimizeCared } = await import('../../../operate/optimize.js');
  const bar = new ProgressBar(cli, `optimizing ${cared.table.name}`);
  return optimizeCared(cared, {
    ...options,
    ...(zorderBy === undefined ? {} : { zOrderBy: zorderBy }),
    onProgress: ({ doneBytes, totalBytes }) =>
      bar.update(doneBytes, totalBytes, `${size(doneBytes)} of ${size(totalBytes)}`),
  }).finally(() => bar.end());
}

export function optimizedJson(result: OptimizedTable): object {
  return {
    table: result.table,
    versions: result.versions,
    files_added: result.filesAdded,
    files_removed: result.filesRemoved,
    bytes_added: result.bytesAdded,
    bytes_removed: result.bytesRemoved,
  };
}

export function optimizedText({ table, versions, ...o }: OptimizedTable): string {
  if (versions.length === 0) return `${table}: nothing to gain`;
  const files = `${plural(o.filesRemoved, 'file')} (${size(o.bytesRemoved)})`;
  return `${table}: ${files} became ${o.filesAdded} (${size(o.bytesAdded)}), version ${versions.at(-1)}`;
}
