/** A real S3 server on this machine for one suite: versitygw, built under .cache/, or moto where there is no Go compiler. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pythonWith } from './python.js';

const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url));
const versitygw = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const user = { accessKeyId: 'murmur', secretAccessKey: 'murmursecret' };

export interface S3Server {
  endpoint: string;
  credentials: typeof user;
  /** What a process needs to find it. */
  env: Record<string, string>;
  pid: number;
  /** Ends the server and deletes what it held. */
  stop(): Promise<void>;
}

/** Starts a server without buckets on a free port. @throws when there is none to be had, or it does not come up */
export async function startS3(): Promise<S3Server> {
  const data = mkdtempSync(join(tmpdir(), 'murmur-s3-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const [command, args] = server(port, data);
  const log = openSync(join(data, 'log'), 'w');
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ROOT_ACCESS_KEY: user.accessKeyId, ROOT_SECRET_KEY: user.secretAccessKey },
  });
  await answers(endpoint, child);
  return {
    endpoint,
    credentials: user,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    pid: child.pid!,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function server(port: number, data: string): [string, string[]] {
  const binary = join(cache, 'versitygw', 'versitygw');
  if (!existsSync(binary) && spawnSync('go', ['version']).status === 0) {
    mkdirSync(join(cache, 'versitygw'), { recursive: true });
    execFileSync('go', ['install', '-trimpath', '-ldflags=-s -w', versitygw], {
      stdio: 'inherit',
      env: { ...process.env, GOBIN: join(cache, 'versitygw') },
    });
  }
  if (!existsSync(binary)) {
    const python = pythonWith('moto', ['moto[server,s3]==5.2.5']);
    return [python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)]];
  }
  // It wants two folders side by side.
  for (const name of ['meta', 'data']) mkdirSync(join(data, name));
  const folders = ['--sidecar', join(data, 'meta'), join(data, 'data')];
  return [binary, ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', ...folders]];
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function answers(endpoint: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with ${child.exitCode} at its start`);
    const up = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
