/** Runs the built command line as a user would: a process of its own, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callJson } from '../cli/call.js';

export const bin = fileURLToPath(new URL('../../bin/murmur.js', import.meta.url));
/** The folder of real tweets beside the project; absent in a plain checkout. */
export const sharedData = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
}

/** Runs one command to its end. */
export async function murmur(args: string[], options: RunOptions = {}): Promise<Outcome> {
  const child = start(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr!.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin!.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** Runs a command with --json that must succeed, and parses what it prints. */
export async function murmurJson<T>(args: string[], options: RunOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await murmur([...args, '--json'], options);
  if (code !== 0) throw new Error(`murmur ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Starts a command in a process group of its own, so that all of it can be killed at once. */
export function start(args: string[], options: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [bin, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
}

/** kill -9 of the command and of everything that it started. */
export function killGroup(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.on('exit', () => resolve());
    process.kill(-child.pid!, 'SIGKILL');
  });
}

/** A new empty folder, and the way to be rid of it. */
export function temporaryFolder(prefix = 'murmur-e2e-'): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** The rows that a query gives on a lake. To look costs no process of its own. */
export function sqlRows<T = Record<string, unknown>>(lake: string, text: string): Promise<T[]> {
  return callJson<T[]>(['-C', lake, 'sql', text], { env: process.env as Record<string, string> });
}
