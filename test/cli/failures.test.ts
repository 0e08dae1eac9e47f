/** How failures are told: once, with a fix, in words or as JSON, and with the right exit code. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { asMurmurError, MurmurError } from '../../src/base/errors.js';
import { exitCodeOf, failureJson, failureText, toFailure } from '../../src/cli/fault-report.js';
import { call } from './call.js';

const dir = mkdtempSync(join(tmpdir(), 'murmur-failures-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const lake = join(dir, 'lake');
mkdirSync(join(lake, 'landing'), { recursive: true });
writeFileSync(join(lake, 'murmur.yaml'), '');

describe('a failure', () => {
  const error = new MurmurError('a.b', 'doing it: 1 instead of 2', { fault: 'user', fix: 'write 2' });

  it('is one sentence and a fix', () => {
    expect(failureText(error, { verbose: false })).toBe('murmur: doing it: 1 instead of 2\nfix: write 2');
  });

  it('is one line of JSON', () => {
    expect(JSON.parse(failureJson(error))).toEqual({
      error: { code: 'a.b', fault: 'user', message: 'doing it: 1 instead of 2', fix: 'write 2' },
    });
    expect(JSON.parse(failureJson(new MurmurError('a.c', 'x\ny', { fault: 'external' })))).toEqual({
      error: { code: 'a.c', fault: 'external', message: 'x\ny', fix: null },
    });
  });

  it('ends the process with whose fault it is', () => {
    const code = (fault: 'user' | 'external' | 'internal', name = 'a.b') =>
      exitCodeOf(new MurmurError(name, 'x', { fault }));
    expect([code('user'), code('external'), code('internal'), code('user', 'engine.rule_failed')]).toEqual([
      1, 2, 3, 4,
    ]);
  });

  it('that nobody foresaw is a bug, and says where with -v', () => {
    const failure = toFailure(new TypeError('x is not a function'), 'murmur run')!;
    expect(exitCodeOf(failure)).toBe(3);
    expect(failureText(failure, { verbose: false })).toContain('this is a bug of Murmur');
    expect(failureText(failure, { verbose: false })).not.toContain('failures.test.ts');
    expect(failureText(failure, { verbose: true })).toContain('failures.test.ts');
  });

  it.each(['EACCES', 'EROFS', 'ENOSPC'])('of the machine (%s) is no bug of ours, and has a fix', (code) => {
    const refusal = Object.assign(new Error(`${code}: refused, mkdir '/x'`), { code, syscall: 'mkdir' });
    for (const error of [refusal, asMurmurError(refusal)]) {
      const failure = toFailure(error, 'murmur run')!;
      expect(exitCodeOf(failure)).toBe(2);
      expect(failureText(failure, { verbose: false })).toMatch(
        /^murmur: E\w+: refused, mkdir '\/x'\nfix: .+$/,
      );
    }
  });
});

describe('mistakes on the command line', () => {
  it.each([
    [['tabel', 'ls'], 'unknown command tabel', 'did you mean "murmur table"?'],
    [['xyzzy'], 'unknown command xyzzy', 'see "murmur --help"'],
    [['run', '--onec'], "unknown option '--onec'; did you mean --once?", 'see "murmur run --help"'],
    [['table', 'cuont'], "unknown command 'cuont'; did you mean count?", 'see "murmur table --help"'],
    [['model', 'ls', '--al'], "unknown option '--al'", 'see "murmur model ls --help"'],
    [['-C', '.', 'table', 'ls', '--al'], "unknown option '--al'", 'see "murmur table ls --help"'],
    [['wait'], "missing required argument 'name'", 'see "murmur wait --help"'],
    [['init', '--sample', 'many'], 'Expected a whole number.', 'see "murmur init --help"'],
    [['sql', 'a', 'b'], 'too many arguments', 'see "murmur sql --help"'],
    [['stop'], 'stopping: name a stream, or --all', 'murmur stop gold'],
    [['stop', 'glod'], 'no stream is called glod', 'did you mean gold?'],
  ])('%j', async (args, message, fix) => {
    const { code, stdout, stderr } = await call(args, { cwd: lake });
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^murmur: .*\nfix: .*\n$/);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`fix: ${fix}\n`);
  });

  it('are JSON with --json, wherever it stands', async () => {
    for (const args of [
      ['--json', 'run', '--onec'],
      ['run', '--onec', '--json'],
    ]) {
      const { code, stderr } = await call(args);
      expect(code).toBe(1);
      expect(JSON.parse(stderr).error).toMatchObject({ code: 'cli.usage', fault: 'user' });
    }
  });
});

describe('no lake', () => {
  it('says where it looked and how to make one', async () => {
    const { code, stderr } = await call(['status'], { cwd: dir });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `murmur: looking for a lake: no murmur.yaml in ${dir} or above it\nfix: make a lake with "murmur init my-lake", or name one with -C DIR\n`,
    );
    expect((await call(['-C', 'landing', 'status'], { cwd: lake })).stderr).toContain(join(lake, 'landing'));
  });

  it('is found from a folder inside it, or by -C before or behind the command', async () => {
    for (const [args, cwd] of [
      [['config', 'check'], join(lake, 'landing')],
      [['-C', 'lake', 'config', 'check'], dir],
      [['config', 'check', '--lake', lake], '/'],
    ] as const) {
      expect((await call([...args], { cwd })).stdout).toContain('is sound');
    }
  });
});

it('all faults of murmur.yaml are told together, and nothing is run', async () => {
  const broken = join(dir, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'murmur.yaml'), 'landng: x\npage: { port: many }\n');
  for (const args of [
    ['config', 'check'],
    ['run', '--once'],
    ['sql', 'select 1'],
  ]) {
    const { code, stderr } = await call(args, { cwd: broken });
    expect(code).toBe(1);
    expect(stderr).toContain('murmur.yaml:1: landng: unknown key; did you mean landing?');
    expect(stderr).toContain('murmur.yaml:2: page.port: expected a number, received "many"');
  }
  const { stdout } = await call(['doctor', '--json'], { cwd: broken });
  expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ check: 'config', ok: false }));
});
