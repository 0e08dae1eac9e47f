// Builds dist/: tsc emits the Node half file by file, Vite the page. With --if-stale it does nothing when dist/ is
// newer than every source.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist', '.built');

if (process.argv.includes('--if-stale') && existsSync(stamp) && newest(inputs()) < statSync(stamp).mtimeMs) {
  process.exit(0);
}
rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', ['-p', '.']);
run('vite', ['build', '--logLevel', 'warn']);
writeFileSync(stamp, '');

function inputs() {
  return ['src', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts'].map((p) =>
    join(root, p),
  );
}

function newest(paths) {
  let latest = 0;
  for (const path of paths) {
    const info = statSync(path);
    latest = Math.max(latest, info.mtimeMs);
    if (info.isDirectory())
      latest = Math.max(latest, newest(readdirSync(path).map((name) => join(path, name))));
  }
  return latest;
}

function run(tool, args) {
  const bin = join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${tool}.cmd` : tool);
  const { status } = spawnSync(bin, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
