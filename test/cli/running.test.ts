/** A pipeline that runs in this process, and the commands that talk to it. */
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Call, call, callFailure, callJson } from './call.js';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-running-')));
const here = { cwd: dir };
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Status {
  running: boolean;
  pid: number;
  page: string | null;
  streams: { name: string; state: string; totals: Record<string, number> }[];
}

let run: Call;
beforeAll(async () => {
  await callJson(['init', '.', '--sample', '50'], here);
  run = new Call(['run', '--json', '--follow', '--port', '0'], here);
  await callJson(['wait', 'application', '--timeout', '30s'], here);
});

it('status tells who runs it and how far each stream is', async () => {
  const status = await callJson<Status>(['status'], here);
  expect(status).toMatchObject({
    running: true,
    pid: process.pid,
    page: expect.stringMatching(/^http:\/\/localhost:\d+\/$/),
  });
  expect(status.streams.map(({ name }) => name)).toEqual(['bronze', 'silver', 'gold', 'application']);
  expect(status.streams[0]!.totals.input_posts).toBe(50);
  const { stdout } = await call(['status'], here);
  expect(stdout).toMatch(/^running for .*, process \d+, page http/);
  expect(stdout).toMatch(/^. bronze +(idle|running) +50 /m);
});

it('the page is served meanwhile', async () => {
  const { page } = await callJson<Status>(['status'], here);
  const state = await (await fetch(`${page}api/state`)).json();
  expect(state).toMatchObject({ flow: { running: true }, lake: { dir } });
});

it('a second run, and a reset, are refused', async () => {
  for (const args of [
    ['run', '--once'],
    ['reset', '--yes'],
  ]) {
    const failure = await callFailure(args, here);
    expect(failure).toMatchObject({
      code: 'lake.already_running',
      fault: 'user',
      message: expect.stringContaining(`${process.pid}`),
    });
  }
});

it('a stream is stopped alone, and started again', async () => {
  const states = async () =>
    Object.fromEntries((await callJson<Status>(['status'], here)).streams.map((s) => [s.name, s.state]));
  expect(await callJson(['stop', 'gold'], here)).toEqual({ stopped: 'gold' });
  expect(await states()).toMatchObject({ gold: 'stopped', silver: expect.stringMatching(/idle|running/) });
  expect((await call(['status'], here)).stdout).toMatch(/gold +stopped.* – +stopped/);
  copyFileSync(join(dir, 'landing', 'sample-0001.ndjson'), join(dir, 'landing', 'more.ndjson'));
  expect(await callJson(['wait', 'silver', '--version', '2', '--timeout', '30s'], here)).toMatchObject({
    table: 'silver',
    version: 2,
  });
  expect(await callJson(['table', 'count', 'gold'], here)).toMatchObject({ version: 1 });
  expect(await callJson(['start', 'gold'], here)).toEqual({ started: 'gold' });
  expect(await callJson(['wait', 'gold', '--version', '2', '--timeout', '30s'], here)).toMatchObject({
    version: 2,
  });
});

it('the first Ctrl-C drains and ends well, the second ends at once', async () => {
  run.interrupt!();
  expect(run.exitedNow).toBe(false);
  run.interrupt?.();
  expect(run.exitedNow).toBe(true);
  const { code, stdout } = await run.ended;
  expect(code).toBe(0);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const commits = events.filter(({ type, stream }) => type === 'batch_committed' && stream === 'bronze');
  expect(commits.map(({ progress }) => progress.input_posts)).toEqual([50, 50]);
  expect(events.at(-1)).toMatchObject({ type: 'run_ended', streams: { gold: { input_posts: 100 } } });
  expect(await callJson<Status>(['status'], here)).toMatchObject({ running: false });
  expect(await callFailure(['stop', 'gold'], here)).toMatchObject({
    code: 'lake.not_running',
    fix: 'start it with "murmur run"',
  });
});

it('stop --all ends a run wherever it was started', async () => {
  const other = new Call(['run', '--no-page'], here);
  await untilRunning();
  expect((await call(['stop', '--all'], here)).stdout).toBe('the run has ended\n');
  const { code, stdout } = await other.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^stream +batches/);
});

it('a stream that has failed is told to who waits for it', async () => {
  const failing = new Call(['run', '--no-page'], {
    ...here,
    env: { MURMUR_EXPECT_BRONZE: '[{name: none, rule: "false", action: fail}]' },
  });
  await untilRunning();
  copyFileSync(join(dir, 'landing', 'sample-0001.ndjson'), join(dir, 'landing', 'last.ndjson'));
  const waited = await callFailure(['wait', 'bronze', '--version', '9', '--timeout', '30s'], here);
  expect(waited).toMatchObject({ code: 'engine.rule_failed', message: expect.stringContaining('none') });
  const { streams } = await callJson<Status>(['status'], here);
  expect(streams.map(({ state }) => state)).toEqual(['failed', 'idle', 'idle', 'idle']);
  failing.interrupt!();
  const { code, stderr } = await failing.ended;
  expect(code).toBe(4);
  expect(stderr).toContain('rule "none"');
});

async function untilRunning(): Promise<void> {
  while (!(await callJson<Status>(['status'], here)).running);
}
