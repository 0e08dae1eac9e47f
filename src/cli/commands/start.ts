import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { checkStream, runningPipeline } from '../running.js';

export function define(command: Command, cli: Cli): void {
  command
    .description('Start a stream of a running pipeline again, after it was stopped or has failed.')
    .argument('<stream>', 'bronze, silver, gold or application')
    .addHelpText('after', '\nExample:\n  murmur start gold')
    .action((stream: string) => start(cli, stream));
}

async function start(cli: Cli, stream: string): Promise<void> {
  checkStream(stream);
  await cli.withLake(async ({ lake }) => {
    const control = await runningPipeline(lake);
    await control.start(stream).finally(() => control.close());
    await cli.result({ started: stream }, () => `${stream} runs again`);
    cli.next('murmur status', 'how far it is');
  });
}
