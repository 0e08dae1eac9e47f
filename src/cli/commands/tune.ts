import type { Command } from 'commander';
import type { Finding, Remedy, Seen } from '../../operate/tune/finding.js';
import type { Tuning } from '../../operate/tune/tune.js';
import type { Cli } from '../cli.js';
import { count, plural, size, span } from '../text/numbers.js';

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Look at how the runs of this lake went, and say what would make them faster: spill, skew, shuffle, storage, serialization, backlog. Each finding has its numbers, the advice, and the setting.',
    )
    .option('--apply', 'write the settings into murmur.yaml, and join small files')
    .addHelpText('after', '\nExamples:\n  murmur tune\n  murmur tune --apply')
    .action((options: { apply?: boolean }) => tuneLake(cli, options));
}

async function tuneLake(cli: Cli, options: { apply?: boolean }): Promise<void> {
  const { tune } = await import('../../operate/tune/tune.js');
  await cli.withLake(async (lake) => {
    const tuning = await tune(lake, options);
    await cli.result(tuningJson(tuning), () => tuningText(cli, tuning));
    if (options.apply && tuning.applied.some(({ kind }) => kind === 'setting'))
      cli.next('murmur run', 'settings hold from the next run on');
  });
}

function tuningJson({ findings, unseen, applied, advised }: Tuning): object {
  return {
    findings: findings.map(({ remedies, ...finding }) => ({ ...finding, fixes: remedies.map(remedyJson) })),
    unseen,
    applied: applied.map(remedyJson),
    advised: advised.map(({ remedy, why }) => ({ ...remedyJson(remedy), why })),
  };
}

function remedyJson(remedy: Remedy): object {
  switch (remedy.kind) {
    case 'setting':
      return { kind: 'setting', setting: settingName(remedy.path), from: remedy.from, to: remedy.to };
    case 'optimize':
      return { kind: 'optimize', table: remedy.table, zorder_by: remedy.zOrderBy };
    case 'server':
      return { kind: 'server', setting: remedy.key, to: remedy.to };
  }
}

function tuningText(cli: Cli, { findings, unseen, applied, advised }: Tuning): string {
  const { paint } = cli.terminal;
  const isDone = (remedy: Remedy) => applied.some((each) => remedyText(each) === remedyText(remedy));
  const whyNot = (remedy: Remedy) =>
    advised.find((each) => remedyText(each.remedy) === remedyText(remedy))?.why;
  const lines = findings.flatMap((finding) => [
    `${paint('yellow', finding.problem)} ${paint('dim', 'in')} ${paint('bold', finding.where)}`,
    ...numberLines(finding.seen).map((line) => `  ${paint('dim', line)}`),
    `  ${finding.advice}`,
    ...finding.remedies.map((remedy) => {
      const why = whyNot(remedy);
      const remark = isDone(remedy)
        ? paint('green', '  done')
        : why === undefined
          ? ''
          : paint('dim', `  (${why})`);
      return `  ${paint('dim', '→')} ${paint('cyan', remedyText(remedy))}${remark}`;
    }),
    '',
  ]);
  return [
    ...lines,
    verdict(findings, applied, advised.length),
    ...unseen.map(({ signal, why }) => paint('dim', `not seen: ${signal} (${why})`)),
  ].join('\n');
}

function verdict(findings: readonly Finding[], applied: readonly Remedy[], advised: number): string {
  if (findings.length === 0) return 'all is well: nothing to tune';
  const found = plural(findings.length, 'finding');
  if (applied.length > 0) return `${found}, ${plural(applied.length, 'change')} made`;
  const distinct = new Set(findings.flatMap(({ remedies }) => remedies.map(remedyText))).size - advised;
  return distinct > 0 ? `${found}; "murmur tune --apply" makes ${plural(distinct, 'change')}` : found;
}

function remedyText(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'setting':
      return `${settingName(remedy.path)}: ${remedy.from ?? '(not set)'} → ${remedy.to}`;
    case 'optimize':
      return `murmur table optimize ${remedy.table}${remedy.zOrderBy.length > 0 ? ` --zorder-by ${remedy.zOrderBy.join(',')}` : ''}`;
    case 'server':
      return `${remedy.key}: ${remedy.to}`;
  }
}

/** Names of Spark's settings have dots of their own. */
function settingName(path: readonly string[]): string {
  return path.map((part, i) => (part.includes('.') ? `["${part}"]` : i === 0 ? part : `.${part}`)).join('');
}

/** The numbers under each other, with what would be fine. */
function numberLines(numbers: readonly Seen[]): string[] {
  const rows = numbers.map(({ what, value, unit, limit }) => ({
    what,
    written: amount(value, unit),
    fine: limit === null ? '' : `  fine ${value > limit ? 'up to' : 'from'} ${amount(limit, unit)}`,
  }));
  const wide = (of: (row: (typeof rows)[number]) => string) => Math.max(...rows.map((row) => of(row).length));
  const [what, written] = [wide((row) => row.what), wide((row) => row.written)];
  return rows.map((row) => `${row.what.padEnd(what)}  ${row.written.padStart(written)}${row.fine}`);
}

function amount(value: number, unit: Seen['unit']): string {
  switch (unit) {
    case 'count':
      return count(value);
    case 'bytes':
      return size(value);
    case 'ms':
      return span(value);
    case 'share':
      return `${count(100 * value)} %`;
    case 'times':
      return `${count(value)}×`;
  }
}
