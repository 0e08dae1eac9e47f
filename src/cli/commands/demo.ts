import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import { configName } from '../../lake/paths.js';
import type { Cli } from '../cli.js';
import { murmurYaml } from '../murmur-yaml.js';
import { positiveNumber, time, wholeNumber } from '../option-values.js';
import { runToEnd, summaryText } from '../run-to-end.js';

interface DemoOptions {
  rate: number;
  seed: number;
  for?: number;
  port?: number;
  fresh?: boolean;
  page: boolean;
}

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'A lake that fills itself: made-up posts arrive, are scored, and are shown on the live page.',
    )
    .argument('[dir]', 'folder of the demo lake; it is kept, and goes on the next time', '.murmur-demo')
    .option('--rate <n>', 'posts a second', positiveNumber, 20)
    .option('--seed <n>', 'which posts', wholeNumber, 1)
    .option('--for <time>', 'end after this time; else at Ctrl-C', time)
    .option('--port <n>', 'port of the page', wholeNumber)
    .option('--fresh', 'begin with an empty lake')
    .option('--no-page', 'without the live page')
    .addHelpText('after', '\nExample:\n  murmur demo --rate 50 --for 2m')
    .action((dir: string, options: DemoOptions) => demo(cli, dir, options));
}

async function demo(cli: Cli, dir: string, o: DemoOptions): Promise<void> {
  const folder = cli.path(dir);
  prepare(folder, o.fresh === true);
  cli.flags = { ...cli.flags, lake: folder };
  cli.say(`posts are made up and land in ${join(dir, 'landing')}, ${o.rate} a second`);
  const overrides = o.port === undefined ? undefined : { page: { port: o.port } };
  await cli.withLake(async (lake) => {
    const { runGenerator } = await import('../../sources/collect/generator/run-generator.js');
    const storage = lake.lake.landing;
    const summary = await runToEnd(cli, lake, {
      once: false,
      page: o.page,
      follow: false,
      beside: (signal) => runGenerator({ storage, rate: o.rate, seed: o.seed, clock: systemClock, signal }),
      ...(o.for === undefined ? {} : { forMs: o.for }),
    });
    await cli.result(summary, () => summaryText(cli, summary));
    cli.next(`murmur -C ${dir} sql "from application order by total desc limit 10"`, 'who is talked about');
  }, overrides);
}

/** A demo never touches a folder that holds something else. */
function prepare(folder: string, fresh: boolean): void {
  const marker = join(folder, '.murmur-demo');
  const config = join(folder, configName);
  if (existsSync(folder) && !existsSync(marker) && existsSync(config)) {
    throw new MurmurError('cli.lake_exists', `starting the demo in ${folder}: that is a lake of yours`, {
      fault: 'user',
      fix: 'give the demo another folder: murmur demo DIR',
    });
  }
  if (fresh && existsSync(marker)) rmSync(folder, { recursive: true });
  mkdirSync(join(folder, 'landing'), { recursive: true });
  writeFileSync(marker, 'made by "murmur demo"; --fresh deletes this folder\n');
  if (!existsSync(config)) writeFileSync(config, murmurYaml);
}
