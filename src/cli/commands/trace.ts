import type { Command } from 'commander';
import type { Trace } from '../../operate/trace.js';
import type { Cli } from '../cli.js';
import { pairs } from '../text/columns.js';
import { count } from '../text/numbers.js';
import { cut, oneLine } from '../text/width.js';

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
  const { paint, width = Number.POSITIVE_INFINITY } = cli.terminal;
  const parts: string[] = [];
  const part = (name: string, rows: readonly Readonly<Record<string, unknown>>[], nothing: string) => {
    const shown = rows.map((row) => {
      const given = Object.entries(row).filter(([key, value]) => value !== null && key !== 'post_id');
      const text = (value: unknown) =>
        cut(oneLine(typeof value === 'string' ? value : JSON.stringify(value)), Math.max(20, width - 24));
      return indent(
        pairs(
          given.map(([key, value]) => [key, text(value)] as const),
          paint,
        ),
      );
    });
    parts.push(
      [paint('bold', name), ...(rows.length === 0 ? [indent(paint('dim', nothing))] : shown)].join('\n'),
    );
  };
  for (const { file, line, text } of trace.source) {
    const place = line === null ? file : `${file}:${count(line)}`;
    parts.push(
      [
        paint('bold', 'source'),
        indent(oneLine(place)),
        ...(text === null ? [] : [indent(oneLine(text))]),
      ].join('\n'),
    );
  }
  part('bronze', trace.bronze, 'not there');
  if (trace.quarantine.length > 0) part('quarantine', trace.quarantine, '');
  part('silver', trace.silver, 'not there (yet)');
  part('gold', trace.gold, 'not there (yet)');
  part('application', trace.application, 'not there (yet)');
  return parts.join('\n\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
