/** A real MLflow tracking server on loopback, from PyPI, with a database and files of its own; and Python's client. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pythonWith } from './python.js';

/** What `requirements` of the bundle's pyfunc needs is among them, so that Python loads our models. */
const packages = ['mlflow==3.17.2', 'onnx==1.23.2', 'onnxruntime==1.31.1', 'tokenizers==0.23.3'];

/** A cold interpreter on a busy machine takes some ten seconds; a minute more is patience. */
const patienceMs = 120_000;

export interface RealMlflow {
  uri: string;
  folder: string;
  /** Kills the server; its database and files stay. */
  down(): Promise<void>;
  /** Starts it again, at the same address. */
  up(): Promise<void>;
  close(): Promise<void>;
}

export function mlflowPython(): string {
  return pythonWith('mlflow', packages);
}

/** Starts a server; it is gone after `close`, and its folder with it. @throws with the server's log where it does not start */
export async function startMlflow(): Promise<RealMlflow> {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-real-mlflow-'));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const server: RealMlflow = {
    uri: `http://127.0.0.1:${port}`,
    folder,
    async up() {
      child = await serve(folder, port);
    },
    async down() {
      if (child !== undefined) await stop(child, 'SIGKILL');
    },
    async close() {
      if (child !== undefined) await stop(child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.up().catch(async (e) => {
    await server.close();
    throw e;
  });
  return server;
}

async function serve(folder: string, port: number): Promise<ChildProcess> {
  const python = mlflowPython();
  const log = join(folder, 'server.log');
  const child = spawn(
    join(dirname(python), 'mlflow'),
    [
      'server',
      ...['--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
      ...['--artifacts-destination', join(folder, 'artifacts'), '--serve-artifacts'],
    ],
    {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Without it the server brings a job runner of seven processes along.
      env: { ...pythonEnvironment(python), MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
    },
  );
  const file = createWriteStream(log, { flags: 'a' });
  child.stdout!.pipe(file, { end: false });
  child.stderr!.pipe(file, { end: false });
  child.once('exit', () => file.end());
  const until = Date.now() + patienceMs;
  while (!(await isHealthy(`http://127.0.0.1:${port}`))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop(child, 'SIGTERM');
      throw new Error(`MLflow's server did not start:\n${(await readFile(log, 'utf8')).slice(-4000)}`);
    }
    await sleep(100);
  }
  return child;
}

/** Runs a script with Python's client, and parses the JSON that it prints last. */
export async function runPython<T>(
  script: string,
  args: string[],
  options: { cwd?: string } = {},
): Promise<T> {
  const python = mlflowPython();
  const running = promisify(execFile)(python, [script, ...args], {
    ...options,
    maxBuffer: 2 ** 28,
    env: pythonEnvironment(python),
  });
  running.child.stdin?.end();
  const { stdout } = await running;
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}

/** Nothing of ours: a tracking URI of the user's must not reach a test. */
function pythonEnvironment(python: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(MLFLOW|DATABRICKS)_/.test(name));
  return {
    ...Object.fromEntries(own),
    PATH: `${dirname(python)}:${process.env.PATH}`,
    PYTHONDONTWRITEBYTECODE: '1',
    MLFLOW_ALLOW_FILE_STORE: 'true',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: '1',
  };
}

async function isHealthy(uri: string): Promise<boolean> {
  try {
    return (await fetch(`${uri}/health`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The server and the workers it started: all of its own process group. */
async function stop(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid!, signal);
  const late = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 10_000);
  await ended;
  clearTimeout(late);
}
