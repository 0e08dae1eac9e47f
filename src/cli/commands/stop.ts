import type { Command } from 'commander';
import { MurmurError } from '../../base/errors.js';
import type { Cli } from '../cli.js';
import { checkStream, runningPipeline } from '../running.js';

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Stop one stream after its running batch; or with --all end the whole run, wherever it was started.',
    )
    .argument('[stream]', 'bronze, silver, gold or application')
    .option('--all', 'end the run')
    .addHelpText('after', '\nExamples:\n  murmur stop gold\n  murmur stop --all')
    .action((stream: string | undefined, { all }: { all?: boolean }) => stop(cli, stream, all === true));
}

async function stop(cli: Cli, stream: string | undefined, all: boolean): Promise<void> {
  if ((stream === undefined) !== all) {
    throw new MurmurError('cli.usage', 'stopping: name a stream, or --all', {
      fault: 'user',
      fix: 'murmur stop gold',
    });
  }
  if (stream !== undefined) checkStream(stream);
  await cli.withLake(async ({ lake }) => {
    const control = await runningPipeline(lake);
    try {
      if (stream === undefined) await control.closeRun();
      else await control.stop(stream);
    } finally {
      control.close();
    }
    await cli.result({ stopped: stream ?? 'all' }, () =>
      stream === undefined ? 'the run has ended' : `${stream} has stopped`,
    );
    cli.next(stream === undefined ? 'murmur run' : `murmur start ${stream}`, 'goes on where it stopped');
  });
}
