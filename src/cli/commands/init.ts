import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { Command } from 'commander';
import { MurmurError } from '../../base/errors.js';
import { configName } from '../../lake/paths.js';
import type { Cli } from '../cli.js';
import { murmurYaml } from '../murmur-yaml.js';
import { wholeNumber } from '../option-values.js';
import { plural } from '../text/numbers.js';

export function define(command: Command, cli: Cli): void {
  command
    .argument('[dir]', 'folder of the new lake', '.')
    .option('--sample <n>', 'also write so many made-up posts into landing/', wholeNumber)
    .option('--seed <n>', 'which made-up posts', wholeNumber, 1)
    .addHelpText('after', '\nExample:\n  murmur init my-lake --sample 1000')
    .action((dir: string, options) => init(cli, dir, options));
}

async function init(cli: Cli, dir: string, o: { sample?: number; seed: number }): Promise<void> {
  const folder = cli.path(dir);
  const config = join(folder, configName);
  if (existsSync(config)) {
    throw new MurmurError('cli.lake_exists', `making a lake in ${folder}: it has a ${configName} already`, {
      fault: 'user',
      fix: 'choose another folder; "murmur reset" empties a lake',
    });
  }
  const landing = join(folder, 'landing');
  mkdirSync(landing, { recursive: true });
  const sample = o.sample ?? 0;
  if (sample > 0) await writePosts(landing, sample, o.seed);
  writeFileSync(config, murmurYaml, { flag: 'wx' });

  await cli.result({ dir: folder, config, landing, sample }, () => {
    const { paint } = cli.terminal;
    const below = relative(cli.cwd, folder);
    const here = below.startsWith('..') ? folder : below;
    const posts = sample > 0 ? `landing/ with ${plural(sample, 'made-up post')}` : 'an empty landing/';
    const sqlText = `murmur sql "select mention, positive, negative from application order by total desc limit 10"`;
    const steps: [string, string][] = [
      ...(here === '' ? [] : ([[`cd ${quoted(here)}`, '']] as [string, string][])),
      [
        'murmur run',
        sample > 0 ? 'score them, with the live page' : 'then drop files of posts into landing/',
      ],
      [sqlText, 'ask, from another terminal'],
    ];
    if (here === '') steps.splice(1, 0, ['murmur status', 'how far it is']);
    const lines = steps.map(
      ([step, why]) => `  ${paint('cyan', step)}${why === '' ? '' : paint('dim', `   # ${why}`)}`,
    );
    return [`${basename(folder)} is a lake now: ${configName}, ${posts}.`, '', 'next:', ...lines].join('\n');
  });
}

async function writePosts(folder: string, count: number, seed: number): Promise<void> {
  const { writeSample } = await import('../../sources/collect/generator/run-generator.js');
  const { LocalStorage } = await import('../../storage/local.js');
  await writeSample({ storage: new LocalStorage(folder), count, seed, endAt: Date.now() });
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
