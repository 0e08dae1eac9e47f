import type { Command } from 'commander';
import { asMurmurError } from '../../base/errors.js';
import type { CheckResult } from '../../operate/check.js';
import type { Cli } from '../cli.js';
import { plural } from '../text/numbers.js';
import { bundleOf } from './model/bundle.js';

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Look at everything that could be wrong with this machine and this lake; each fault with its fix.',
    )
    .option(
      '--fix',
      'mend what can be mended from what is there: lost or damaged checkpoints, a rebuild that was interrupted, leftovers of runs that have died',
    )
    .addHelpText('after', '\nExamples:\n  murmur doctor\n  murmur doctor --fix')
    .action(({ fix }: { fix?: boolean }) => (fix === true ? mend(cli) : doctor(cli)));
}

async function doctor(cli: Cli): Promise<void> {
  const results = await examine(cli);
  const faults = results.filter(({ ok }) => !ok);
  if (faults.length > 0) cli.exitCode = 1;
  await cli.result(results, () => {
    const { paint } = cli.terminal;
    const width = Math.max(...results.map(({ check }) => check.length));
    const lines = results.flatMap(({ check, ok, detail, fix }) => [
      `${ok ? paint('green', '✔') : paint('red', '✖')} ${check.padEnd(width)}  ${detail}`,
      ...(fix === null ? [] : [`  ${' '.repeat(width)}  ${paint('cyan', `fix: ${fix}`)}`]),
    ]);
    const verdict = faults.length === 0 ? 'all is well' : `${plural(faults.length, 'fault')} found`;
    return [...lines, '', verdict].join('\n');
  });
}

async function mend(cli: Cli): Promise<void> {
  const { fixLake } = await import('../../operate/doctor-fix.js');
  const { checkLake } = await import('../../operate/doctor.js');
  await cli.withLake(async (lake) => {
    const mended = await fixLake(lake);
    const faults = (await checkLake(lake)).filter(({ ok }) => !ok);
    if (faults.length > 0) cli.exitCode = 1;
    await cli.result({ mended, faults }, () => {
      const { paint } = cli.terminal;
      const lines = mended.flatMap(({ what, found, done, assumed, fix }) => [
        `${done === null ? paint('red', '✖') : paint('green', '✔')} ${what}: ${found}`,
        ...(done === null ? [] : [`  done: ${done}`]),
        ...(assumed === null ? [] : [`  ${paint('yellow', `assumed: ${assumed}`)}`]),
        ...(fix === null ? [] : [`  ${paint('cyan', `fix: ${fix}`)}`]),
      ]);
      const told = new Set(mended.map(({ what }) => what));
      const left = faults.flatMap(({ check, detail, fix }) =>
        told.has(check)
          ? []
          : [`${paint('red', '✖')} ${check}: ${detail}`, `  ${paint('cyan', `fix: ${fix}`)}`],
      );
      const verdict = faults.length === 0 ? 'all is well' : `${plural(faults.length, 'fault')} left`;
      return [...(mended.length === 0 ? ['nothing to mend'] : lines), ...left, '', verdict].join('\n');
    });
  });
}

async function examine(cli: Cli): Promise<CheckResult[]> {
  const { checkLake, checkMachine } = await import('../../operate/doctor.js');
  const node = process.versions.node;
  if (cli.flags.lake === undefined && cli.findLakeDir() === undefined) {
    const machine = await checkMachine({ node, model: async () => 'bundled' });
    return [...machine, { check: 'lake', ok: true, detail: 'none here; "murmur init" makes one', fix: null }];
  }
  try {
    return await cli.withLake(async (lake) => {
      const config = { check: 'config', ok: true, detail: 'murmur.yaml is sound', fix: null };
      return [
        ...(await checkMachine({ node, model: () => bundleOf(cli, undefined) })),
        config,
        ...(await checkLake(lake)),
      ];
    });
  } catch (error) {
    const { message, fix, code } = asMurmurError(error);
    if (!code.startsWith('config.')) throw error;
    return [
      ...(await checkMachine({ node, model: async () => 'bundled' })),
      { check: 'config', ok: false, detail: message, fix: fix ?? null },
    ];
  }
}
