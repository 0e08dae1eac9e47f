import type { Command } from 'commander';
import { systemClock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import type { QueryStatus } from '../../index.js';
import { fromWireError, type WireError } from '../../lake/control-protocol.js';
import type { Lake } from '../../lake/lake.js';
import type { Cli } from '../cli.js';
import { time, wholeNumber } from '../option-values.js';
import { count, plural, span } from '../text/numbers.js';

interface WaitOptions {
  version: number;
  timeout: number;
}

const lookEveryMs = 100;
/** How often the pipeline is asked whether the stream has failed. */
const askEveryMs = 1_000;

export function define(command: Command, cli: Cli): void {
  command
    .description('Wait until a table has a version. Its first rows come with version 1.')
    .argument('<name>', 'a table, or the stream that writes it')
    .option('--version <n>', 'the version to wait for', wholeNumber, 1)
    .option('--timeout <time>', 'how long at most', time, 60_000)
    .addHelpText('after', '\nExample:\n  murmur wait gold --version 3 --timeout 60s')
    .action((name: string, options: WaitOptions) => wait(cli, name, options));
}

async function wait(cli: Cli, name: string, o: WaitOptions): Promise<void> {
  await cli.withLake(async ({ lake }) => {
    const table = await lake.namedTable(name);
    const began = Date.now();
    let asked = began;
    for (;;) {
      const { version, rows } = await table.summary();
      if (version !== null && version >= o.version) {
        const waited_ms = Date.now() - began;
        return cli.result(
          { table: name, version, rows, waited_ms },
          () => `${name} is at version ${version}, ${plural(rows ?? 0, 'row')}`,
        );
      }
      if (Date.now() - asked >= askEveryMs) {
        asked = Date.now();
        await failIfFailed(lake, name);
      }
      if (Date.now() - began >= o.timeout) throw timedOut(name, version, o, await isRunning(lake));
      await systemClock.sleep(lookEveryMs);
    }
  });
}

/** A stream that has failed will not come any further. @throws its error */
async function failIfFailed(lake: Lake, name: string): Promise<void> {
  const control = await lake.control();
  if (control === undefined) return;
  const { streams } = await control.status<QueryStatus>().finally(() => control.close());
  const stream = streams.find((each) => each.name === name);
  if (stream?.state === 'failed' && stream.error !== null) throw fromWireError(stream.error as WireError);
}

async function isRunning(lake: Lake): Promise<boolean> {
  const control = await lake.control();
  control?.close();
  return control !== undefined;
}

function timedOut(name: string, version: number | null, o: WaitOptions, running: boolean): MurmurError {
  const now = version === null ? 'it does not exist yet' : `it is at version ${count(version)}`;
  const message = `waiting for ${name} to be at version ${o.version}: after ${span(o.timeout)} ${now}`;
  return new MurmurError('cli.timed_out', message, {
    fault: 'external',
    fix: running
      ? 'look at it with "murmur status", or wait longer with --timeout'
      : 'nothing runs on this lake: murmur run',
    retry: 'backoff',
  });
}
