import { isAbsolute, relative } from 'node:path';
import type { Command } from 'commander';
import type { OpenLake } from '../../index.js';
import type { FileSource } from '../../sources/files/file-source.js';
import { isRemote } from '../../storage/open-storage.js';
import type { Cli } from '../cli.js';
import type { MappedRecord } from '../mapped-records.js';
import { wholeNumber } from '../option-values.js';
import { columns, pairs } from '../text/columns.js';
import { ago, count, plural, size } from '../text/numbers.js';
import { oneLine } from '../text/width.js';

export function define(command: Command, cli: Cli): void {
  command.description('What lies in the landing place, and what the pipeline makes of it.');
  command.addHelpText('after', '\nExample:\n  murmur source head');
  command
    .command('ls')
    .description('Files, and how far each one is read.')
    .option('--all', 'ignored files too')
    .addHelpText('after', '\nExample:\n  murmur source ls')
    .action(({ all }: { all?: boolean }) => ls(cli, all === true));
  command
    .command('count')
    .description('Files, bytes, and the records in them, read or not.')
    .addHelpText('after', '\nExample:\n  murmur source count --json')
    .action(() => countAll(cli));
  command
    .command('head')
    .description('The first records, raw beside what they become in bronze.')
    .option('--limit <n>', 'how many records', wholeNumber, 5)
    .addHelpText('after', '\nExample:\n  murmur source head --limit 3')
    .action(({ limit }: { limit: number }) => head(cli, limit));
  command
    .command('explain')
    .description('Why a file was read or not, and how far.')
    .argument('<file>', 'relative to the landing place, or a path')
    .addHelpText('after', '\nExample:\n  murmur source explain posts-0001.ndjson')
    .action((file: string) => explain(cli, file));
}

/** @param work gets the landing place as the user wrote it, for messages */
async function withLanding(
  cli: Cli,
  work: (files: FileSource, landing: string, lake: OpenLake) => Promise<void>,
): Promise<void> {
  await cli.withLake(async (lake) => {
    const { inspectLanding } = await import('../../pipeline/landing.js');
    await inspectLanding(lake.lake, lake.spec, (files) => work(files, lake.spec.landing, lake));
  });
}

async function ls(cli: Cli, all: boolean): Promise<void> {
  await withLanding(cli, async (files, landing) => {
    const found = (await files.ls()).filter(({ state }) => all || state !== 'ignored');
    await cli.result(
      found.map(({ mtimeMs, reason, ...file }) => ({
        ...file,
        modified_at: new Date(mtimeMs).toISOString(),
        reason: reason ?? null,
      })),
      () => {
        if (found.length === 0) return `nothing in ${landing}`;
        const { paint, width } = cli.terminal;
        const rows = found.map((f) => [
          f.path,
          size(f.size),
          ago(f.mtimeMs, Date.now()),
          f.state,
          f.reason ?? '',
        ]);
        const head = [
          { name: 'file' },
          { name: 'size', align: 'right' as const },
          { name: 'modified' },
          { name: 'state', whole: true },
          { name: '' },
        ];
        return columns(head, rows, { paint, width });
      },
    );
    if (found.some(({ state }) => state === 'changed'))
      cli.next('murmur source explain FILE', 'what a changed file means');
    else if (found.some(({ state }) => state === 'new')) cli.next('murmur run --once', 'reads what is new');
  });
}

async function countAll(cli: Cli): Promise<void> {
  await withLanding(cli, async (files, landing) => {
    const total = await files.count();
    await cli.result(
      total,
      () =>
        `${plural(total.records, 'record')} in ${plural(total.files, 'file')}, ${size(total.bytes)}, in ${landing}`,
    );
  });
}

async function head(cli: Cli, limit: number): Promise<void> {
  const { mappedRecords } = await import('../mapped-records.js');
  await withLanding(cli, async (files, landing, lake) => {
    const records = await mappedRecords(lake, files, limit);
    await cli.result(records, () =>
      records.length === 0
        ? `nothing in ${landing}`
        : records.map((record) => recordText(cli, record)).join('\n\n'),
    );
    if (records.some(({ mapped }) => mapped !== undefined && mapped.text === null)) {
      cli.next('$EDITOR murmur.yaml', 'say which column holds the text: columns: { text: … }');
    }
  });
}

function recordText(cli: Cli, { source_file, position, raw, mapped, fault, skipped }: MappedRecord): string {
  const { paint } = cli.terminal;
  const lines = [paint('bold', oneLine(`${source_file}:${position}`))];
  if (raw !== undefined) lines.push(`${paint('dim', 'raw')}  ${oneLine(JSON.stringify(raw))}`);
  if (mapped !== undefined) {
    const given = Object.entries(mapped).filter(([, value]) => value !== null);
    const text = (value: unknown) => oneLine(typeof value === 'string' ? value : JSON.stringify(value));
    lines.push(
      pairs(
        given.map(([name, value]) => [name, text(value)] as const),
        paint,
      ),
    );
  }
  if (fault !== undefined) lines.push(`${paint('red', fault.rule)}  ${oneLine(fault.reason)}`);
  if (skipped !== undefined) lines.push(`${paint('yellow', 'no post')}  ${oneLine(skipped)}`);
  return lines.join('\n');
}

async function explain(cli: Cli, file: string): Promise<void> {
  await withLanding(cli, async (files, _landing, { lake }) => {
    const path = insideLanding(lake.paths.landing, cli.location(file)) ?? file;
    const explanation = await files.explain(path);
    await cli.result(explanation, () => {
      const { paint } = cli.terminal;
      const facts: [string, string][] = [['state', explanation.state]];
      if (explanation.state !== 'missing') facts.push(['size', size(explanation.size)]);
      if (explanation.format !== undefined)
        facts.push(['format', `${explanation.format}${explanation.gzip ? ', gzip' : ''}`]);
      if (explanation.readTo !== undefined)
        facts.push([
          'read to',
          `record ${count(explanation.readTo.line)}, byte ${count(explanation.readTo.byte)}`,
        ]);
      return `${path}: ${explanation.message}\n${pairs(facts, paint)}`;
    });
  });
}

/** The path that the landing place knows a file by; undefined for one elsewhere. */
function insideLanding(landing: string, file: string): string | undefined {
  if (isRemote(landing)) return file.startsWith(`${landing}/`) ? file.slice(landing.length + 1) : undefined;
  const inside = relative(landing, file);
  return inside.startsWith('..') || isAbsolute(inside) ? undefined : inside;
}
