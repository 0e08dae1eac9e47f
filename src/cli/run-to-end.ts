/** Running a pipeline in front of a person: page, display, Ctrl-C, and the summary at the end. */

import type { LakeRun, OpenLake, RunSummary } from '../index.js';
import { toWireError } from '../lake/control-protocol.js';
import type { Cli } from './cli.js';
import { type ServedPage, servePage } from './page.js';
import { RunDisplay } from './run-display.js';
import { columns } from './text/columns.js';
import { count, span } from './text/numbers.js';

export interface RunToEndOptions {
  once: boolean;
  page: boolean;
  /** With `--json`: every event as a line. */
  follow: boolean;
  /** As in `RunOptions`. */
  replayWithPresentModel?: boolean;
  /** Ends after so many milliseconds, as Ctrl-C would. */
  forMs?: number;
  /** Work beside the run that ends with it, as the demo's generator. */
  beside?(signal: AbortSignal): Promise<unknown>;
}

/** Runs until the end, by itself or by Ctrl-C (a second one ends the process at once). */
export async function runToEnd(cli: Cli, lake: OpenLake, o: RunToEndOptions): Promise<RunSummary> {
  const ending = new AbortController();
  const display = new RunDisplay(cli);
  const giveBack = cli.interrupts.take(() => {
    if (ending.signal.aborted) cli.interrupts.exitNow();
    display.say('ending: running batches have 5 s to commit; Ctrl-C again ends at once');
    ending.abort();
  });
  let page: ServedPage | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const run = lake.run({
      until: o.once ? 'idle' : 'stopped',
      signal: ending.signal,
      replayWithPresentModel: o.replayWithPresentModel === true,
    });
    const shown = o.follow ? follow(cli, run) : display.show(run);
    // What keeps a run from beginning is told by `done`.
    const begun = await run.started.then(
      () => true,
      () => false,
    );
    if (begun && o.forMs !== undefined) timer = setTimeout(() => ending.abort(), o.forMs);
    const beside = begun ? o.beside?.(ending.signal) : undefined;
    if (begun && o.page) {
      page = await servePage(cli, lake, run).catch(async (error) => {
        await run.stop();
        throw error;
      });
      run.page = page.url;
      display.say(`the page is on ${cli.terminal.paintSaid('cyan', page.link)}`);
    }
    const summary = await run.done.finally(async () => {
      ending.abort();
      await beside;
      if (begun) await shown;
      else display.end();
    });
    return summary;
  } finally {
    clearTimeout(timer);
    await page?.close();
    giveBack();
  }
}

/** The numbers of a run, stream by stream. */
export function summaryText(cli: Cli, { streams, seconds, mlflow }: RunSummary): string {
  const { paint, width } = cli.terminal;
  const rows = Object.entries(streams).map(([name, s]) => [
    name,
    count(s.batches),
    count(s.input_posts),
    count(s.output_posts),
    count(s.output_rows),
    count(s.dropped_posts),
    count(s.quarantined_posts),
  ]);
  const numbers = ['batches', 'posts in', 'posts out', 'rows', 'dropped', 'quarantined'];
  const head = [{ name: 'stream' }, ...numbers.map((name) => ({ name, align: 'right' as const }))];
  const logged = mlflow === null || mlflow.run_id === null ? '' : `, mlflow run ${mlflow.run_id}`;
  return `${columns(head, rows, { paint, width })}\n${span(seconds * 1000)}${logged}`;
}

async function follow(cli: Cli, run: LakeRun): Promise<void> {
  for await (const event of run.events) {
    const line = JSON.stringify(event, (_key, value) =>
      value instanceof Error ? toWireError(value) : value,
    );
    await cli.terminal.print(line);
  }
}
