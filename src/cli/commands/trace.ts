import type { Command } from 'commander';
import type { Trace } from '../../operate/trace.js';
import type { Cli } from '../cli.js';
import { shownRows } from '../rows.js';
import { pairs } from '../text/columns.js';
import { oneLine } from '../text/width.js';

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'One post through every layer: its line in the source, bronze, silver, gold, application, and the rules that touched it.',
    )
    .argument('<post_id>', 'as it stands in the tables')
    .addHelpText('after', '\nExample:\n  murmur trace 1467810369')
    .action((postId: string) => tracePost(cli, postId));
}

async function tracePost(cli: Cli, postId: string): Promise<void> {
  const { trace } = await import('../../operate/trace.js');
  await cli.withLake(async ({ lake }) => {
    const found = await trace(lake, postId);
    await cli.result(found, () => traceText(cli, found));
  });
}

function traceText(cli: Cli, trace: Trace): string {
  const { paint } = cli.terminal;
  const part = (name: string, lines: readonly string[]) =>
    [paint('bold', name), ...lines.map((line) => indent(line))].join('\n');
  const rows = (
    name: string,
    found: readonly Readonly<Record<string, unknown>>[],
    names: readonly string[],
  ) => {
    const head = names
      .filter((column) => found.some((row) => row[column] !== null))
      .map((column) => ({ name: column }));
    return part(name, [
      found.length === 0 ? paint('dim', 'not there (yet)') : shownRows(cli.terminal, head, found),
    ]);
  };
  return [
    ...trace.source.map(({ file, line, text }) =>
      part('source', [
        oneLine(line === null ? file : `${file}:${line}`),
        ...(text === null ? [] : [oneLine(text)]),
      ]),
    ),
    ...(trace.bronze.length === 0
      ? [part('bronze', [paint('dim', 'not there')])]
      : trace.bronze.map((row) => part('bronze', [pairs(givenPairs(row), paint)]))),
    ...(trace.quarantine.length === 0
      ? []
      : [
          rows('quarantine', trace.quarantine, ['stream', 'rule', 'reason', 'source_file', 'position', 'at']),
        ]),
    rows('silver', trace.silver, ['timestamp', 'timestamp_error', 'mention', 'cleaned_text']),
    rows('gold', trace.gold, ['mention', 'predicted_sentiment', 'predicted_score', 'model', 'scored_at']),
    rows('application', trace.application, ['mention', 'positive', 'negative', 'neutral', 'total']),
  ].join('\n\n');
}

function givenPairs(row: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(row)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, oneLine(typeof value === 'string' ? value : JSON.stringify(value))]);
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
