/** A Python environment of its own under .cache/, with the packages that a suite names. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the real things are installed: nothing of them lies outside. */
export const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url));

/** The environment's interpreter; the first call for a name, or for other packages, installs. */
export function pythonWith(name: string, packages: readonly string[]): string {
  const venv = join(cache, `python-${name}`);
  const python = join(venv, 'bin', 'python');
  const ready = join(venv, 'ready');
  const wanted = packages.join('\n');
  if (!existsSync(ready) || readFileSync(ready, 'utf8') !== wanted) {
    mkdirSync(cache, { recursive: true });
    execFileSync('python3', ['-m', 'venv', '--clear', venv], { stdio: 'inherit' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', ...packages], {
      stdio: 'inherit',
    });
    writeFileSync(ready, wanted);
  }
  return python;
}
