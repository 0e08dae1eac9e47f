import type { Command } from 'commander';
import { MurmurError } from '../../base/errors.js';
import type { Cli } from '../cli.js';
import { maintain } from '../maintain.js';
import { wholeNumber } from '../option-values.js';
import { runToEnd, summaryText } from '../run-to-end.js';

interface RunCommandOptions {
  once?: boolean;
  page: boolean;
  port?: number;
  follow?: boolean;
  maintain?: boolean;
  replayWithPresentModel?: boolean;
}

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Run the pipeline of this lake until Ctrl-C, with its live page; or once, over everything that has landed.',
    )
    .option('--once', 'everything that is there now, then end (for cron)')
    .option('--maintain', 'with --once: optimize and vacuum every table at the end')
    .option('--no-page', 'without the live page')
    .option('--port <n>', 'port of the page', wholeNumber)
    .option(
      '--replay-with-present-model',
      'score a batch that was planned with a model that is gone with the present one',
    )
    .option('--follow', 'with --json: every event as a line while it runs')
    .addHelpText('after', '\nExamples:\n  murmur run\n  murmur run --once --json')
    .action((options: RunCommandOptions) => run(cli, options));
}

async function run(cli: Cli, o: RunCommandOptions): Promise<void> {
  if (o.maintain && !o.once) {
    throw new MurmurError('cli.usage', '--maintain goes with --once', {
      fault: 'user',
      fix: 'add --once; a run that goes on looks after its tables by itself',
    });
  }
  const overrides = o.port === undefined ? undefined : { page: { port: o.port } };
  await cli.withLake(async (lake) => {
    const once = o.once === true;
    const follow = cli.json && o.follow === true;
    const summary = await runToEnd(cli, lake, {
      once,
      page: o.page && !once,
      follow,
      replayWithPresentModel: o.replayWithPresentModel === true,
    });
    const care = o.maintain === true ? await maintain(cli, lake) : undefined;
    const value = { ...summary, ...(care === undefined ? {} : { maintained: care.maintained }) };
    await cli.result(follow ? { type: 'run_ended', ...value } : value, () =>
      [summaryText(cli, summary), ...(care === undefined ? [] : [care.text])].join('\n\n'),
    );
    const { streams } = summary;
    if (Object.values(streams).some(({ quarantined_posts }) => quarantined_posts > 0)) {
      cli.next('murmur table head quarantine', 'what was taken out, and why');
    } else if ((streams.bronze?.input_posts ?? 0) === 0 && once) {
      cli.next('murmur source ls', 'nothing was new; this is what lies there');
    } else {
      cli.next('murmur sql "from application order by total desc limit 10"', 'who is talked about');
    }
  }, overrides);
}
