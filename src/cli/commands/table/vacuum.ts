import type { Command } from 'commander';
import type { CaredTable } from '../../../operate/table-care.js';
import type { VacuumedTable } from '../../../operate/vacuum.js';
import type { Cli } from '../../cli.js';
import { time } from '../../option-values.js';
import { ProgressBar } from '../../progress-bar.js';
import { plural, size } from '../../text/numbers.js';
import { careVerb } from './cared-tables.js';

interface VacuumOptions {
  dryRun?: boolean;
  retain?: number;
  allowShorter?: boolean;
  yes?: boolean;
}

export function defineVacuum(command: Command, cli: Cli): void {
  careVerb<VacuumOptions>(
    command,
    cli,
    {
      name: 'vacuum',
      description:
        'Delete files that no version within the retention needs. What a stream of this lake has yet to read stays.',
      example: 'murmur table vacuum gold --dry-run',
    },
    (tables, options) => vacuum(cli, tables, options),
  )
    .option('--dry-run', 'only say what would be deleted')
    .option(
      '--retain <time>',
      'how long files that were replaced stay, like 7d; else as the table says',
      time,
    )
    .option(
      '--allow-shorter',
      'also for less than the table says: older versions, and writers under way, lose files',
    )
    .option('--yes', 'without asking');
}

async function vacuum(
  cli: Cli,
  tables: readonly CaredTable[],
  { dryRun = false, retain, allowShorter, yes }: VacuumOptions,
): Promise<void> {
  const options = {
    ...(retain === undefined ? {} : { retainMs: retain }),
    ...(allowShorter === undefined ? {} : { allowShorter }),
  };
  const { vacuumCared } = await import('../../../operate/vacuum.js');
  const plans: VacuumedTable[] = [];
  for (const cared of tables) plans.push(await vacuumCared(cared, { ...options, dryRun: true }));
  let results = plans;
  const files = plans.reduce((sum, plan) => sum + plan.files.length, 0);
  if (!dryRun) {
    if (files > 0) {
      const bytes = size(plans.reduce((sum, plan) => sum + plan.bytes, 0));
      const where = plans.filter((plan) => plan.files.length > 0).map(({ table }) => table);
      const question = `Delete ${plural(files, 'file')} (${bytes}) of ${where.join(', ')}, which older versions need?`;
      await cli.confirm(question, { yes });
    }
    results = [];
    for (const cared of tables) results.push(await vacuumOne(cli, cared, options));
  }
  await cli.result(
    results.map((result) => ({
      ...vacuumedJson(result),
      ...(dryRun ? { dry_run: true, paths: result.files } : {}),
    })),
    () => results.map((result) => vacuumedText(result, dryRun)).join('\n') || 'no tables yet',
  );
}

export async function vacuumOne(
  cli: Cli,
  cared: CaredTable,
  options: { retainMs?: number; allowShorter?: boolean } = {},
): Promise<VacuumedTable> {
  const { vacuumCared } = await import('../../../operate/vacuum.js');
  const bar = new ProgressBar(cli, `vacuuming ${cared.table.name}`);
  return vacuumCared(cared, {
    ...options,
    onProgress: (deleted, total) => bar.update(deleted, total, `${deleted} of ${plural(total, 'file')}`),
  }).finally(() => bar.end());
}

export function vacuumedJson(result: VacuumedTable): object {
  return {
    table: result.table,
    files: result.files.length,
    bytes: result.bytes,
    held: result.held,
    log_files: result.logFiles,
    log_held_by: result.logHeldBy,
  };
}

export function vacuumedText(result: VacuumedTable, dryRun = false): string {
  const { table, files, bytes, held, logFiles, logHeldBy } = result;
  const would = dryRun ? 'would be deleted' : 'deleted';
  const lines = [
    files.length === 0
      ? `${table}: nothing to delete`
      : `${table}: ${plural(files.length, 'file')} (${size(bytes)}) ${would}`,
  ];
  if (dryRun) lines.push(...files.map((path) => `  ${path}`));
  for (const { by, ...kept } of held)
    lines.push(`  ${plural(kept.files, 'file')} (${size(kept.bytes)}) stay: ${by} has yet to read them`);
  if (logFiles > 0) lines.push(`  ${plural(logFiles, 'file')} of the log deleted`);
  if (logHeldBy !== null) lines.push(`  older versions of the log stay: ${logHeldBy} has yet to read them`);
  return lines.join('\n');
}
