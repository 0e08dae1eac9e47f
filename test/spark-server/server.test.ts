import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installSpark } from '../../src/spark-server/install.js';
import { serverStatus, startServer, stopServer } from '../../src/spark-server/server.js';
import { FakeMachine } from './fake-machine.js';

let machine: FakeMachine;
beforeEach(async () => {
  machine = new FakeMachine();
  machine.submits();
  await machine.begin();
});
afterEach(async () => {
  await stopServer(machine.run);
  await machine.end();
});

async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

async function freePort(): Promise<number> {
  const { server, port } = await listening();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function up(port?: number) {
  const options = { cores: 3, memory: '2g', port: port ?? (await freePort()) };
  const { env } = machine.installing;
  return startServer(machine.run, options, {
    env,
    install: () => installSpark(machine.home, machine.installing),
  });
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a local Spark', () => {
  it('runs in the background until it is stopped, and only once', async () => {
    expect(await serverStatus(machine.run)).toBeUndefined();
    const { server, started } = await up();
    expect(started).toBe(true);
    expect(server.remote).toBe(`sc://127.0.0.1:${server.port}`);
    const status = await serverStatus(machine.run);
    expect(status).toMatchObject(server);
    expect(status!.rss).toBeGreaterThan(2 ** 20);
    expect(await up()).toEqual({ server, started: false });
    expect(await stopServer(machine.run)).toEqual(server);
    expect(isAlive(server.pid)).toBe(false);
    expect(await stopServer(machine.run)).toBeUndefined();
  });

  it('is started by one of those who want it at once; the others wait for it', async () => {
    const port = await freePort();
    const ups = await Promise.all([up(port), up(port), up(port)]);
    expect(new Set(ups.map(({ server }) => server.pid)).size).toBe(1);
    expect(ups.filter(({ started }) => started)).toHaveLength(1);
    expect(machine.installs).toBe(1);
  });

  it('gets the settings of a small machine, and listens on loopback only', async () => {
    const { server } = await up();
    const given = readFileSync(server.log, 'utf8').split('\n');
    const settings = given.filter((_, i) => given[i - 1] === '--conf');
    for (const setting of [
      'spark.master=local[3]',
      'spark.driver.memory=2g',
      'spark.connect.grpc.binding.address=127.0.0.1',
      `spark.connect.grpc.binding.port=${server.port}`,
      'spark.sql.session.timeZone=UTC',
      'spark.sql.shuffle.partitions=3',
      'spark.databricks.delta.snapshotPartitions=3',
    ])
      expect(settings).toContain(setting);
  });

  it('ends one that does not want to end', { timeout: 40_000 }, async () => {
    machine.submits(`
      require('node:net').createServer().listen(0);
      process.on('SIGTERM', () => console.log('no'));
      console.log('Spark Connect server started at: here');`);
    const { server } = await up();
    await stopServer(machine.run, { graceMs: 0 });
    expect(isAlive(server.pid)).toBe(false);
  });

  it('is waited for where the one who started it was interrupted', async () => {
    const { server } = await up();
    writeFileSync(server.log, '');
    const again = up();
    writeFileSync(server.log, 'Spark Connect server started at: here');
    expect((await again).started).toBe(false);
  });
});

describe('what is not our server', () => {
  let other: ChildProcess;
  afterEach(() => other.kill());

  it('a process that took the number of one that has died is left alone', async () => {
    const { server } = await up();
    process.kill(server.pid, 'SIGKILL');
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    writeFileSync(join(machine.run, 'server.json'), JSON.stringify({ ...server, pid: other.pid }));
    expect(await serverStatus(machine.run)).toBeUndefined();
    expect(await stopServer(machine.run)).toBeUndefined();
    expect(isAlive(other.pid!)).toBe(true);
  });
});

describe('a start that fails', () => {
  it('says that the port is taken', async () => {
    const { server, port } = await listening();
    await expect(up(port)).rejects.toMatchObject({
      code: 'spark.port_taken',
      fault: 'user',
      fix: expect.stringContaining('--port'),
    });
    server.close();
  });

  it('tells what Spark said, and leaves nothing running', async () => {
    machine.submits("console.log('java.lang.OutOfMemoryError: too big'); process.exit(1)");
    await expect(up()).rejects.toMatchObject({
      code: 'spark.start_failed',
      message: expect.stringContaining('OutOfMemoryError'),
      fix: expect.stringContaining('server.log'),
    });
    expect(existsSync(join(machine.run, 'server.json'))).toBe(false);
  });
});
