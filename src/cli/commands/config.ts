import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { configInvalid } from '../../config/faults.js';
import { valueAt } from '../../config/layers.js';
import { type ParsedConfig, parseConfig } from '../../config/parse.js';
import { readConfigFile } from '../../config/read-file.js';
import { jsonSchema, type Leaf, leaves, shapeOf } from '../../config/shape.js';
import { configName } from '../../lake/paths.js';
import type { LakeSpec } from '../../pipeline/spec.js';
import type { Cli } from '../cli.js';
import { plural } from '../text/numbers.js';

export function define(command: Command, cli: Cli): void {
  command.addHelpText('after', '\nExample:\n  murmur config show');
  command
    .command('check')
    .description('Find every fault of murmur.yaml and of the MURMUR_* variables.')
    .addHelpText('after', '\nExample:\n  murmur config check -C my-lake')
    .action(() => check(cli));
  command
    .command('show')
    .description('Every setting as it holds now, and where it comes from.')
    .addHelpText('after', '\nExample:\n  MURMUR_PAGE_PORT=8080 murmur config show')
    .action(() => show(cli));
  command
    .command('schema')
    .description('The JSON Schema of murmur.yaml, for editors.')
    .addHelpText('after', '\nExample:\n  murmur config schema > murmur.schema.json')
    .action(() => schema(cli));
}

async function check(cli: Cli): Promise<void> {
  const { parsed, name, settings } = await read(cli);
  const written = settings.filter(({ path }) => parsed.originOf(path) !== undefined).length;
  await cli.result(
    { ok: true, file: name, settings: written },
    () =>
      `${name} is sound: ${plural(written, 'setting')} written, the other ${settings.length - written} at their defaults`,
  );
}

async function show(cli: Cli): Promise<void> {
  const { parsed, settings } = await read(cli);
  const shown = settings.map(({ path, shape }) => ({
    setting: path.join('.'),
    value: hidden(path, valueAt(parsed.written, path) ?? shape.default ?? null),
    from: parsed.originOf(path) ?? null,
  }));
  await cli.result(shown, () => {
    const { paint } = cli.terminal;
    const width = Math.max(...shown.map(({ setting }) => setting.length)) + 1;
    return shown
      .map(({ setting, value, from }) => {
        const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
        const line = `${`${setting}:`.padEnd(width)} ${text}`;
        return from === null ? paint('dim', line) : `${line}  ${paint('cyan', `# ${from}`)}`;
      })
      .join('\n');
  });
}

async function schema(cli: Cli): Promise<void> {
  const { spec } = await import('../../pipeline/spec.js');
  await cli.terminal.print(JSON.stringify(jsonSchema(spec, { title: configName }), null, 2));
}

type Sound = Extract<ParsedConfig<LakeSpec>, { ok: true }>;

/** @throws config.invalid (user), listing every fault */
async function read(cli: Cli): Promise<{ parsed: Sound; name: string; settings: Leaf[] }> {
  const path = join(cli.lakeDir(), configName);
  const name = relative(cli.cwd, path) || configName;
  const { spec } = await import('../../pipeline/spec.js');
  const parsed = parseConfig(spec, { file: { name, text: readConfigFile(path) }, env: cli.env });
  if (!parsed.ok) throw configInvalid(name, parsed.faults);
  return { parsed, name, settings: leaves(shapeOf(spec)) };
}

function hidden(path: readonly string[], value: unknown): unknown {
  return path.includes('token') && value !== '' && value !== null ? '(hidden)' : value;
}
