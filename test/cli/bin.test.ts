/** The program as it is installed: from any folder, through links, into closed pipes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bin } from '../e2e/murmur.js';

const dir = mkdtempSync(join(tmpdir(), 'murmur-bin-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('works from any folder, through links', () => {
  symlinkSync(bin, join(dir, 'once'));
  symlinkSync('once', join(dir, 'murmur'));
  const version = execFileSync(process.execPath, [join(dir, 'murmur'), '--version'], {
    cwd: '/',
    encoding: 'utf8',
  });
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it('that was not built says in one line how to build', () => {
  mkdirSync(join(dir, 'unbuilt'));
  cpSync(dirname(bin), join(dir, 'unbuilt', 'bin'), { recursive: true });
  const { status, stderr, stdout } = spawnSync(process.execPath, [join(dir, 'unbuilt', 'bin', 'murmur.js')], {
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^murmur: not built yet; run: npm .*unbuilt.* run build\n$/);
});

it('on a Node that is too old says which one it needs', () => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, bin, '--version'],
    { encoding: 'utf8' },
  );
  expect(status).toBe(1);
  expect(stderr).toBe('murmur: needs Node 20.19 or newer, this is 18.20.0\n');
});

it('ends quietly when nobody reads on', () => {
  const lake = join(dir, 'lake');
  execFileSync(process.execPath, [bin, 'init', lake]);
  const query = 'select i, repeat(chr(65), 200) t from range(200000) r(i)';
  const { status, stdout, stderr } = spawnSync(
    'bash',
    [
      '-c',
      '"$0" "$1" -C "$2" sql "$3" --csv | head -2; exit "$PIPESTATUS"',
      process.execPath,
      bin,
      lake,
      query,
    ],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe(`i,t\n0,${'A'.repeat(200)}\n`);
});
