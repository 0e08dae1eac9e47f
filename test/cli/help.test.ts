/**
 * Every command's help, as one page of the reference docs. It changes with the program: `npx vitest run test/cli/help.test.ts -u`
 * writes it anew.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { commandNames } from '../../src/cli/program.js';
import { bin } from '../e2e/murmur.js';
import { call } from './call.js';

it('the commands are those that people were promised', () => {
  expect([...commandNames].sort()).toEqual(
    'config dashboard demo doctor init model rebuild reset run source spark sql start status stop table trace tune wait'.split(
      ' ',
    ),
  );
});

it('every command says what it does, with an example, and the reference page has it', async () => {
  const parts = [
    '# The command line\n\nWritten from `murmur --help`. What `--json` prints is in [json.md](../json.md).\n',
  ];
  const { stdout, code } = await call(['--help']);
  expect(code).toBe(0);
  parts.push(`\`\`\`\n${stdout.trim()}\n\`\`\`\n`);
  async function tell(words: readonly string[]): Promise<void> {
    const help = await call([...words, '--help']);
    expect(help, words.join(' ')).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout, words.join(' ')).toMatch(/\nExamples?:\n {2}\S/);
    expect(help.stdout).toContain('--lake <dir>');
    parts.push(`## murmur ${words.join(' ')}\n\n\`\`\`\n${help.stdout.trim()}\n\`\`\`\n`);
    for (const child of subcommandsIn(help.stdout)) await tell([...words, child]);
  }
  for (const name of commandNames) await tell([name]);
  await expect(parts.join('\n')).toMatchFileSnapshot('../../docs/reference/cli.md');
});

function subcommandsIn(help: string): string[] {
  const [, listed = ''] = /\nCommands:\n((?: .*\n)*)/.exec(help) ?? [];
  return [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
}

it('without a command it shows its help, too', async () => {
  expect(await call([])).toEqual(await call(['--help']));
  expect((await call(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe('nothing is loaded before it is needed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'murmur-help-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const recorder = fileURLToPath(new URL('record-loads.mjs', import.meta.url));

  let runs = 0;
  function loadedBy(...args: string[]): string[] {
    const log = join(dir, `loads-${runs++}`);
    const { status } = spawnSync(process.execPath, ['--import', recorder, bin, ...args], {
      env: { ...process.env, LOADS_LOG: log },
    });
    expect(status).toBe(0);
    return readFileSync(log, 'utf8').split('\n');
  }

  it('for help no native module, no server, no engine', () => {
    for (const args of [['--help'], ['run', '--help'], ['sql', '--help'], ['--version']]) {
      const loaded = loadedBy(...args);
      expect(loaded.some((url) => url.includes('/commander/'))).toBe(true);
      const heavy =
        /@duckdb|onnxruntime|tokenizers|fastify|\/zod\/|\.node$|\/dist\/(duck|engine|scoring|dashboard)\//;
      expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
    }
  });

  it('a lake is asked without the client of Spark, where it has none', () => {
    const lake = join(dir, 'lake');
    loadedBy('init', lake);
    const loaded = loadedBy('-C', lake, 'sql', 'select 1');
    expect(loaded.some((url) => url.includes('@duckdb'))).toBe(true);
    expect(loaded.filter((url) => /connectrpc|protobuf|apache-arrow/.test(url))).toEqual([]);
  });

  it('and that is really seen', () => {
    expect(loadedBy('config', 'schema').some((url) => url.includes('/zod/'))).toBe(true);
  });
});
