import type { Command } from 'commander';
import type { RebuildResult } from '../../operate/rebuilding.js';
import type { Cli } from '../cli.js';
import { wholeNumber } from '../option-values.js';
import { RunDisplay, type ShownRun } from '../run-display.js';
import { checkStream } from '../running.js';
import { columns } from '../text/columns.js';
import { count, plural, span } from '../text/numbers.js';

interface RebuildCommandOptions {
  fromVersion?: number;
  yes?: boolean;
}

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Make a table and all behind it anew, beside the old ones, which can be read until each is replaced by one commit at the end: after a changed rule or option. What is interrupted goes on where it stopped. On Spark in the place of the old ones (docs/spark.md).',
    )
    .argument('<table>', 'bronze, silver, gold or application')
    .option(
      '--from-version <n>',
      'keep what the table held at this version, and do again what came after it',
      wholeNumber,
    )
    .option('--yes', 'without asking, also when files are gone from the landing place')
    .addHelpText('after', '\nExamples:\n  murmur rebuild silver\n  murmur rebuild gold --from-version 12')
    .action((table: string, options: RebuildCommandOptions) => rebuildTable(cli, table, options));
}

async function rebuildTable(cli: Cli, name: string, o: RebuildCommandOptions): Promise<void> {
  checkStream(name);
  const { planRebuild, rebuild } = await import('../../operate/rebuild.js');
  await cli.withLake(async (lake) => {
    const { gone } = await planRebuild(lake, name, o.fromVersion);
    if (gone.length > 0) {
      const names = `${gone.slice(0, 5).join(', ')}${gone.length > 5 ? ', …' : ''}`;
      await cli.confirm(
        `${plural(gone.length, 'file')} that gave posts ${gone.length === 1 ? 'is' : 'are'} no longer in the landing place (${names}); the new tables would lack those posts. Go on?`,
        { yes: o.yes },
      );
    }
    const result = await withDisplay(cli, (options) =>
      rebuild(lake, name, {
        ...options,
        ...(o.fromVersion === undefined ? {} : { fromVersion: o.fromVersion }),
      }),
    );
    await cli.result(result, () => rebuiltText(cli, result));
    cli.next(`murmur table history ${name}`, 'the old rows are there as an older version, for a while');
  });
}

/** Runs work that builds tables, shows how far it is, and interrupts it on Ctrl-C. */
export async function withDisplay<T>(
  cli: Cli,
  work: (options: { signal: AbortSignal; onStart: (building: ShownRun) => void }) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const display = new RunDisplay(cli);
  const giveBack = cli.interrupts.take(() => {
    if (ending.signal.aborted) cli.interrupts.exitNow();
    display.say('ending: what is done is kept for the next time; Ctrl-C again ends at once');
    ending.abort();
  });
  let shown: Promise<void> | undefined;
  try {
    return await work({
      signal: ending.signal,
      onStart: (building) => {
        shown = display.show(building);
      },
    });
  } finally {
    await shown;
    display.end();
    giveBack();
  }
}

export function rebuiltText(cli: Cli, { streams, seconds, assumed_files }: RebuildResult): string {
  const { paint, width } = cli.terminal;
  const rows = Object.entries(streams).map(([name, s]) => [
    name,
    count(s.version),
    count(s.batches),
    count(s.input_posts),
    count(s.output_posts),
    count(s.output_rows),
    count(s.quarantined_posts),
  ]);
  const numbers = ['version', 'batches', 'posts in', 'posts out', 'rows', 'quarantined'];
  const head = [{ name: 'table' }, ...numbers.map((name) => ({ name, align: 'right' as const }))];
  const note =
    assumed_files.length === 0
      ? ''
      : `\n${plural(assumed_files.length, 'file')} older than the log taken as read to the end`;
  return `${columns(head, rows, { paint, width })}\n${span(seconds * 1000)}${note}`;
}
