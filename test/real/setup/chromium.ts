/** Debian's Chromium, driven by playwright-core: installed where it is missing and we may. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = '/usr/bin/chromium';
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser; the first call on a machine installs it. */
export function launchChromium(): Promise<Browser> {
  if (!existsSync(path)) {
    if (process.getuid?.() !== 0) throw new Error(`no ${path}: apt-get install chromium`);
    execFileSync('apt-get', ['update', '-q'], { stdio: 'inherit' });
    execFileSync('apt-get', ['install', '-q', '-y', '--no-install-recommends', 'chromium'], {
      stdio: 'inherit',
    });
  }
  return chromium.launch({ executablePath: path, args: flags });
}
