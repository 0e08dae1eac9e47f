/** A Spark Connect server of a suite's own, on a port of its own; what it leaves lies in the suite's folder. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type SparkServer, startServer, stopServer } from '../../../src/spark-server/index.js';
import { sparkHome } from './spark.js';

export interface RealSpark extends SparkServer {
  /** Ends it as a crash does. */
  crash(): Promise<void>;
  /** Starts it again, at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param settings more of Spark's own, and others than a laptop's */
export async function startSparkServer(
  dir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RealSpark> {
  const folder = join(dir, 'spark');
  const port = await freePort();
  const start = () =>
    startServer(
      folder,
      { cores: 2, memory: '2g', port, settings: { 'spark.ui.enabled': 'false', ...settings } },
      { env: process.env, install: sparkHome },
    );
  let { server } = await start();
  return {
    get pid() {
      return server.pid;
    },
    ...server,
    async crash() {
      process.kill(server.pid, 'SIGKILL');
      await stopServer(folder);
    },
    async restart() {
      ({ server } = await start());
    },
    async stop() {
      await stopServer(folder);
    },
  };
}

/**
 * Below the ports that the system hands out: a client that keeps asking for a server which is gone could else be given
 * that very port, and hold it against the server that comes back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const taken = await new Promise<boolean>((resolve) => {
      server.on('error', () => resolve(true));
      server.listen(port, '127.0.0.1', () => resolve(false));
    });
    if (taken) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
