import type { Command } from 'commander';
import type { ModelStatus, QueryStatus } from '../../index.js';
import type { ControlStatus } from '../../lake/control-protocol.js';
import type { LastCommit } from '../../lake/figures.js';
import type { Cli } from '../cli.js';
import { colourOf, mark } from '../run-display.js';
import { columns } from '../text/columns.js';
import { ago, count, plural, span } from '../text/numbers.js';

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'What runs on this lake and how far each stream is; or, when nothing runs, where each one stands.',
    )
    .addHelpText('after', '\nExample:\n  murmur status --json')
    .action(() => status(cli));
}

async function status(cli: Cli): Promise<void> {
  await cli.withLake(async ({ lake }) => {
    const control = await lake.control();
    if (control === undefined) {
      const streams = await lake.figures.lastCommits();
      await cli.result({ running: false, streams: streams.map(restingJson) }, () =>
        restingText(cli, streams),
      );
      return cli.next('murmur run', 'goes on from there');
    }
    const now = await control.status<QueryStatus>().finally(() => control.close());
    await cli.result({ running: true, ...now, startedAt: new Date(now.startedAt).toISOString() }, () =>
      runningText(cli, now),
    );
    const failed = now.streams.find(({ state }) => state === 'failed');
    if (failed !== undefined)
      cli.next(`murmur start ${failed.name}`, 'tries again, once its fault is put right');
  });
}

function restingJson({ updatedAt, ...commit }: LastCommit) {
  return { name: commit.stream, ...commit, stream: undefined, updatedAt: isoOf(updatedAt) };
}

function restingText(cli: Cli, streams: readonly LastCommit[]): string {
  const rows = streams.map((s) => [
    s.stream,
    count(s.rows),
    count(s.batchId),
    count(s.tableVersion),
    s.updatedAt === null ? 'never' : ago(s.updatedAt, Date.now()),
  ]);
  const head = [
    { name: 'stream' },
    ...['rows', 'last batch', 'version'].map((name) => ({ name, align: 'right' as const })),
    { name: 'committed' },
  ];
  const { paint, width } = cli.terminal;
  return `nothing runs on this lake\n\n${columns(head, rows, { paint, width })}`;
}

function runningText(
  cli: Cli,
  { pid, startedAt, page, streams, mlflow, model }: ControlStatus<QueryStatus>,
): string {
  const { paint, width } = cli.terminal;
  const rows = streams.map((s) => [
    `${mark(s.state)} ${s.name}`,
    s.state,
    count(s.totals.input_posts),
    count(s.totals.output_rows),
    count(s.batchId),
    count(s.tableVersion),
    // Who does not run does not look.
    s.state === 'stopped' || s.state === 'failed' ? '–' : count(s.backlogFiles),
    s.message,
  ]);
  const head = [
    { name: '  stream', whole: true },
    { name: 'state', whole: true },
    ...['posts', 'rows', 'batch', 'version', 'waiting'].map((name) => ({
      name,
      align: 'right' as const,
      whole: true,
    })),
    { name: '' },
  ];
  const table = columns(head, rows, { paint, width })
    .split('\n')
    .map((line, i) =>
      i === 0 ? line : paint(colourOf(streams[i - 1]!.state), line.slice(0, 1)) + line.slice(1),
    );
  const where = page === null ? 'no page' : `page ${paint('cyan', page)}`;
  const notes = streams.flatMap((s) => [
    ...(s.error === null
      ? []
      : [`${s.name}: ${s.error.message}`, ...(s.error.fix === null ? [] : [`  fix: ${s.error.fix}`])]),
    ...(s.changedFiles.length === 0
      ? []
      : [`${s.name}: ${plural(s.changedFiles.length, 'changed file')}, see "murmur source ls"`]),
  ]);
  return [
    `running for ${span(Date.now() - startedAt)}, process ${pid}, ${where}`,
    ...mlflowLines(mlflow),
    '',
    ...table,
    ...(model === undefined ? [] : ['', ...modelLines(model as ModelStatus)]),
    ...notes,
  ].join('\n');
}

function modelLines({ id, next, swaps, fault, shadow, drift }: ModelStatus): string[] {
  const more = [
    ...(next === null ? [] : [`${next} takes over at the next batch`]),
    ...(swaps === 0 ? [] : [plural(swaps, 'swap')]),
  ];
  return [
    `model ${[id, ...more].join(', ')}`,
    ...(fault === null ? [] : [`  not as it should be: ${fault.message}`, ...fixLine(fault.fix)]),
    ...(shadow === null
      ? []
      : [
          `shadow ${shadow.model ?? 'not ready'}: agrees on ${count(shadow.agreed)} of ${plural(shadow.scored, 'post')}`,
          ...(shadow.fault === null ? [] : [`  ${shadow.fault.message}`, ...fixLine(shadow.fault.fix)]),
        ]),
    ...(drift.alarms.length === 0
      ? []
      : [`drift: ${drift.alarms.map((measure) => `${measure} ${drift.figures![measure]}`).join(', ')}`]),
  ];
}

function fixLine(fix: string | null): string[] {
  return fix === null ? [] : [`  fix: ${fix}`];
}

function mlflowLines(mlflow: ControlStatus['mlflow']): string[] {
  if (mlflow === null || mlflow === undefined) return [];
  const { uri, runId, away } = mlflow;
  const run = runId === null ? 'no run yet' : `run ${runId}`;
  return [`mlflow ${run} at ${uri}`, ...(away === null ? [] : [`  nothing can be logged for now: ${away}`])];
}

function isoOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
