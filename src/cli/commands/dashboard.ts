import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { wholeNumber } from '../option-values.js';
import { servePage } from '../page.js';

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Serve the live page alone: it shows the tables as they are, and the pipeline if another process runs it.',
    )
    .option('--port <n>', 'port of the page', wholeNumber)
    .option('--host <address>', 'address to listen on; any but this machine alone needs page.token')
    .addHelpText('after', '\nExample:\n  murmur dashboard --port 8080')
    .action(({ port, host }: { port?: number; host?: string }) => dashboard(cli, { port, host }));
}

async function dashboard(
  cli: Cli,
  page: { port: number | undefined; host: string | undefined },
): Promise<void> {
  await cli.withLake(
    async (lake) => {
      const served = await servePage(cli, lake);
      const interrupted = new Promise<void>((resolve) => {
        const giveBack = cli.interrupts.take(() => {
          giveBack();
          resolve();
        });
      });
      await cli.result({ url: served.url }, () => `the page is on ${served.link}  (Ctrl-C ends it)`);
      await interrupted;
      await served.close();
    },
    { page },
  );
}
