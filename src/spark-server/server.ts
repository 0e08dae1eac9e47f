/**
 * A Spark Connect server in the background of this machine, for trying Murmur on Spark: one in a folder, on loopback only. What
 * runs stands in the folder's `server.json`; a process id counts only while that process is a server of this folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { claim, socketBase } from '../base/claim.js';
import { MurmurError } from '../base/errors.js';
import type { SparkInstallation } from './install.js';
import { deltaVersion, sparkVersion } from './pins.js';
import { seeProcess } from './process-seen.js';
import type { Environment } from './program.js';
import { type ServerSize, sparkSettings } from './settings.js';

export interface ServerOptions extends ServerSize {
  port: number;
  /** More of Spark's settings. */
  settings?: Readonly<Record<string, string>>;
}

export interface SparkServer extends ServerSize {
  port: number;
  /** For `engine: { spark: { remote } }`. */
  remote: string;
  pid: number;
  spark: string;
  delta: string;
  startedAt: string;
  log: string;
}

export interface ServerStatus extends SparkServer {
  /** Resident memory of the server without its Python workers, bytes. */
  rss: number;
}

/** What a start needs of the world. */
export interface StartingFrom {
  /** Asked for Spark only when there is something to start. */
  install: () => Promise<SparkInstallation>;
  env: Environment;
  onStep?: (what: string) => void;
}

/**
 * Starts the server; resolves when it takes connections. One that runs already stays as it is; one that another process is
 * about to start is waited for.
 * @param folder takes its log, its state and what it leaves
 * @throws spark.port_taken (user), spark.start_failed (external)
 */
export async function startServer(
  folder: string,
  options: ServerOptions,
  from: StartingFrom,
): Promise<{ server: SparkServer; started: boolean }> {
  for (;;) {
    const claimed = await claim(socketBase(join(folder, 'up.sock')));
    if (claimed.outcome === 'claimed')
      return startHeld(folder, options, from).finally(() => claimed.listener.drop());
    from.onStep?.('waiting for another `murmur spark up`, which is at it');
    await once(claimed.by.resume(), 'close');
  }
}

async function startHeld(
  folder: string,
  options: ServerOptions,
  from: StartingFrom,
): Promise<{ server: SparkServer; started: boolean }> {
  const running = await runningServer(folder);
  if (running !== undefined) {
    // Whoever started it may have been interrupted while it was not ready yet.
    await becomesReady(folder, running);
    return { server: running, started: false };
  }
  const spark = await from.install();
  await checkPort(options.port);
  from.onStep?.('starting Spark');
  const server = await launch(folder, options, spark, from.env);
  await becomesReady(folder, server);
  return { server, started: true };
}

/**
 * Ends the server and waits until it is gone. Undefined where none ran.
 * @param o after so many milliseconds one that was asked to end is ended
 */
export async function stopServer(folder: string, o = { graceMs: 20_000 }): Promise<SparkServer | undefined> {
  const running = await runningServer(folder);
  if (running !== undefined) {
    const until = Date.now() + o.graceMs;
    signalTo(running.pid, 'SIGTERM');
    while ((await runningServer(folder)) !== undefined) {
      if (Date.now() > until) signalTo(running.pid, 'SIGKILL');
      await sleep(100);
    }
  }
  await rm(stateFile(folder), { force: true });
  return running;
}

/** The server of this folder, if one runs. */
export async function serverStatus(folder: string): Promise<ServerStatus | undefined> {
  let state: SparkServer;
  try {
    state = JSON.parse(await readFile(stateFile(folder), 'utf8'));
  } catch (e) {
    // Without a file, or with one that was cut off in writing, nothing is known to run.
    if ((e as NodeJS.ErrnoException).code === 'ENOENT' || e instanceof SyntaxError) return undefined;
    throw e;
  }
  // Spark's scripts start one another in one process, which has no command line for a moment each time.
  for (let look = 1; look <= 3; look++) {
    const seen = await seeProcess(state.pid);
    if (seen?.command.includes(serverClass) && seen.command.includes(folder))
      return { ...state, rss: seen.rss };
    await sleep(50);
  }
  return undefined;
}

async function runningServer(folder: string): Promise<SparkServer | undefined> {
  const running = await serverStatus(folder);
  if (running === undefined) return undefined;
  const { rss: _, ...server } = running;
  return server;
}

async function launch(
  folder: string,
  options: ServerOptions,
  spark: SparkInstallation,
  env: Environment,
): Promise<SparkServer> {
  const log = join(folder, 'server.log');
  await mkdir(folder, { recursive: true });
  const settings = {
    ...sparkSettings(options),
    'spark.connect.grpc.binding.address': '127.0.0.1',
    'spark.connect.grpc.binding.port': String(options.port),
    'spark.sql.warehouse.dir': join(folder, 'warehouse'),
    'spark.local.dir': join(folder, 'scratch'),
    ...options.settings,
  };
  const output = await open(log, 'w');
  const child = spawn(
    join(spark.home, 'bin', 'spark-submit'),
    [
      ...['--class', serverClass, '--name', 'murmur-spark'],
      ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
    ],
    { cwd: folder, env: { ...env, ...spark.env }, detached: true, stdio: ['ignore', output.fd, output.fd] },
  );
  const failure = once(child, 'error');
  await Promise.race([
    once(child, 'spawn'),
    failure.then(([e]) => Promise.reject(startFailed(String(e), log))),
  ]);
  child.unref();
  await output.close();
  const server = {
    remote: `sc://127.0.0.1:${options.port}`,
    pid: child.pid!,
    port: options.port,
    cores: options.cores,
    memory: options.memory,
    spark: sparkVersion,
    delta: deltaVersion,
    startedAt: new Date().toISOString(),
    log,
  };
  await writeFile(stateFile(folder), JSON.stringify(server));
  return server;
}

/** @throws spark.start_failed (external); then nothing of it is left */
async function becomesReady(folder: string, { log }: SparkServer): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    // In this order, so that of one that is gone every word is read.
    const isGone = (await serverStatus(folder)) === undefined;
    const said = await readFile(log, 'utf8');
    if (!isGone && said.includes('Spark Connect server started at')) return;
    if (isGone || Date.now() > until) {
      await stopServer(folder);
      const reason = said.split('\n').find((line) => /Exception|Error/.test(line));
      throw startFailed(isGone ? (reason ?? 'it ended') : `not ready within ${patienceMs / 1000} s`, log);
    }
    await sleep(100);
  }
}

const serverClass = 'org.apache.spark.sql.connect.service.SparkConnectServer';
/** A busy laptop takes some ten seconds. */
const patienceMs = 120_000;

function stateFile(folder: string): string {
  return join(folder, 'server.json');
}

/** A server that was ended lets go of its port after its memory: some time passes in between. */
const portPatienceMs = 5_000;

/** @throws spark.port_taken (user) */
async function checkPort(port: number): Promise<void> {
  const until = Date.now() + portPatienceMs;
  for (;;) {
    const fault = await listenOnce(port);
    if (fault === undefined) return;
    if (Date.now() > until)
      throw new MurmurError('spark.port_taken', `starting Spark: port ${port} of 127.0.0.1 is in use`, {
        fault: 'user',
        fix: 'end what listens there, or take another one with --port',
        cause: fault,
        context: { port },
      });
    await sleep(100);
  }
}

/** What keeps anybody from listening there; undefined where nothing does. */
function listenOnce(port: number): Promise<Error | undefined> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', resolve);
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(undefined)));
  });
}

function startFailed(why: string, log: string): MurmurError {
  return new MurmurError('spark.start_failed', `starting Spark: ${why}`, {
    fault: 'external',
    fix: `read ${log}; with too little memory try --memory 1g`,
    context: { log },
  });
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    kill(pid, signal);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ESRCH') throw e;
  }
}
