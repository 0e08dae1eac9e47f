/** A run's log: off the caller's path, whatever MLflow does, and complete in the end or honest about it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureExperiment } from '../../src/mlflow/experiment.js';
import { openStore } from '../../src/mlflow/open-store.js';
import { RunLog, type RunLogEvent, type RunLogOptions } from '../../src/mlflow/run-log.js';
import { type RunOwner, tagsOfOwner } from '../../src/mlflow/run-owner.js';
import type { MlflowStore, Run } from '../../src/mlflow/store.js';
import { ManualClock } from '../engine/manual-clock.js';
import { FakeServer } from './fake-server.js';

const minute = 60_000;
const owner: RunOwner = {
  lake: '/lake',
  kind: 'pipeline',
  host: 'here',
  pid: process.pid,
  processStart: 1,
  alone: false,
};

let server: FakeServer;
let clock: ManualClock;
let store: MlflowStore;
let events: RunLogEvent[];
let folder: string;

beforeEach(async () => {
  server = await FakeServer.start();
  clock = new ManualClock();
  folder = mkdtempSync(join(tmpdir(), 'murmur-runs-'));
  store = openStore(server.uri, { folder, env: { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' } });
  events = [];
});
afterEach(async () => {
  store.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (change: Partial<RunLogOptions> = {}) =>
  RunLog.open(store, {
    experiment: 'murmur',
    name: 'a run',
    owner,
    clock,
    onEvent: (event) => events.push(event),
    ...change,
  });
const told = (type: RunLogEvent['type']) => events.filter((event) => event.type === type);
const idle = () => clock.sleeper(minute);
const turn = async () => {
  clock.advance(minute);
  await idle();
};
const stored = (log: RunLog): Promise<Run> => store.tracking.getRun(log.runId!);

it('describes the run, logs in batches, and ends it', async () => {
  const input = { name: 'gold', digest: '7', sourceType: 'delta_table', source: '{}' };
  const log = open({ params: { a: '1' }, tags: { t: 'x' }, inputs: [input], user: 'ann' });
  await idle();
  expect(await stored(log)).toMatchObject({
    status: 'RUNNING',
    params: { a: '1' },
    tags: { t: 'x', 'murmur.lake': '/lake', 'murmur.pid': String(process.pid) },
    inputs: [input],
  });
  for (let step = 0; step < 500; step++) log.metrics({ posts: step, rows: 2 * step }, { step });
  expect(server.count('log-batch')).toBe(2);
  await turn();
  expect(server.count('log-batch')).toBe(3);
  expect((await stored(log)).metrics).toEqual({ posts: 499, rows: 998 });
  log.metrics({ f1: 0.7 }, { step: 0 });
  log.artifact('report.json', '{"ok":true}');
  const report = await log.close('FINISHED');
  expect(report).toEqual({ runId: log.runId, closed: true, dropped: {} });
  expect(await log.close('FAILED')).toBe(report);
  const run = await stored(log);
  expect(run).toMatchObject({ status: 'FINISHED', endTime: clock.now(), metrics: { f1: 0.7 } });
  expect(Buffer.from(await store.artifacts(run.artifactUri).read('report.json')).toString()).toBe(
    '{"ok":true}',
  );
  expect(clock.sleeping).toEqual([]);
});

it('runs on a folder as well', async () => {
  const local = openStore('', { folder });
  const log = RunLog.open(local, { experiment: 'murmur', name: 'local', owner, clock });
  log.metrics({ f1: 0.5 }, { step: 1 });
  log.artifact('a/b.txt', 'text');
  expect(await log.close('KILLED')).toMatchObject({ closed: true, dropped: {} });
  const run = await local.tracking.getRun(log.runId!);
  expect(run).toMatchObject({ status: 'KILLED', metrics: { f1: 0.5 } });
});

describe('MLflow away', () => {
  it('is told once, and what was logged meanwhile comes when it is back', async () => {
    server.script({ on: '', status: 500, times: 3 });
    const log = open({ params: { a: '1' } });
    await idle();
    for (let step = 0; step < 2; step++) {
      log.metrics({ posts: step }, { step });
      await turn();
    }
    expect(log.runId).toBeUndefined();
    expect(told('mlflow_away')).toHaveLength(1);
    await turn();
    expect(events.map(({ type }) => type)).toEqual(['mlflow_away', 'run_opened', 'mlflow_back']);
    const history = await store.tracking.metricHistory(log.runId!, 'posts');
    expect(history.map(({ step }) => step)).toEqual([0, 1]);
    expect((await stored(log)).params).toEqual({ a: '1' });
    expect(await log.close('FINISHED')).toMatchObject({ closed: true, dropped: {} });
  });

  it('makes one run, though the creation was not answered', async () => {
    server.script({ on: 'runs/create', cut: 'after' });
    server.script({ on: 'runs/search', status: 500 });
    const log = open();
    await idle();
    expect(log.runId).toBeUndefined();
    await turn();
    expect([...server.mlflow.runs.keys()]).toEqual([log.runId]);
    await log.close('FINISHED');
  });

  it('keeps the newest values, and counts the others', async () => {
    const log = open();
    await idle();
    server.script({ on: 'log-batch', status: 503, times: 1 });
    for (let step = 0; step < 12_000; step++) log.metrics({ posts: step }, { step });
    await turn();
    log.metrics({ posts: 12_000 }, { step: 12_000 });
    await turn();
    const history = await store.tracking.metricHistory(log.runId!, 'posts');
    expect(history.map(({ step }) => step)).toEqual(Array.from({ length: 10_000 }, (_, i) => 2001 + i));
    expect((await log.close('FINISHED')).dropped).toEqual({ metrics: 2001 });
  });

  it('does not hold up the end, which says what is lost', async () => {
    const log = open();
    await idle();
    server.script({ on: 'log-batch', hang: true });
    log.metrics({ a: 1, b: 2 }, { step: 0 });
    log.tags({ late: 'x' });
    log.artifact('f', 'f');
    const closing = log.close('FINISHED', 3000);
    await clock.sleeper(3000);
    clock.advance(3000);
    expect(await closing).toEqual({
      runId: log.runId,
      closed: false,
      dropped: { metrics: 2, tags: 1, artifacts: 1 },
    });
    expect(server.mlflow.runs.get(log.runId!)!.info.status).toBe('RUNNING');
  });

  it('never fails the caller where there is no server at all', async () => {
    await server.close();
    const log = open();
    log.metrics({ a: 1 }, { step: 0 });
    const report = await log.close('FINISHED');
    expect(report).toEqual({ runId: undefined, closed: false, dropped: { metrics: 1 } });
    expect(told('mlflow_away')).toHaveLength(1);
  });
});

it('loses a value that MLflow refuses, alone, and says so', async () => {
  const log = open({ params: { good: '1', long: 'x'.repeat(6001) } });
  await idle();
  log.params({ good: '2', other: '3' });
  log.metrics({ 'not/ours': 1, fine: 2 }, { step: 0 });
  log.artifact('../out', 'x');
  log.artifact('in', 'x');
  await turn();
  const run = await stored(log);
  expect(run.params).toEqual({ good: '1', other: '3' });
  expect(run.metrics).toEqual({ fine: 2 });
  expect((await store.artifacts(run.artifactUri).list()).map(({ path }) => path)).toEqual(['in']);
  expect(told('value_refused').map((event) => 'kind' in event && event.kind)).toEqual([
    'params',
    'params',
    'metrics',
    'artifacts',
  ]);
  expect(told('mlflow_away')).toEqual([]);
  expect((await log.close('FINISHED')).dropped).toEqual({ params: 2, metrics: 1, artifacts: 1 });
});

describe('runs of dead processes', () => {
  /** No process has it: Linux gives numbers below 2^22, macOS below 10^5. */
  const dead = 2 ** 22 + 1;
  const left = async (change: Partial<RunOwner>): Promise<string> => {
    const { experimentId } = await ensureExperiment(store, 'murmur');
    const tags = tagsOfOwner({ ...owner, ...change });
    return (await store.tracking.createRun({ experimentId, name: 'left', startTime: 1, tags })).runId;
  };
  const statuses = (...runIds: string[]) =>
    Promise.all(runIds.map(async (runId) => (await store.tracking.getRun(runId)).status));

  it('are closed as KILLED, and no others', async () => {
    const gone = [await left({ pid: dead }), await left({ processStart: 0 })];
    const others = [
      await left({}),
      await left({ pid: process.ppid }),
      await left({ pid: dead, host: 'elsewhere' }),
      await left({ pid: dead, lake: '/other' }),
      await left({ pid: dead, kind: 'evaluation' }),
    ];
    const log = open();
    await idle();
    expect(told('dead_runs_closed')).toHaveLength(1);
    expect(await statuses(...gone)).toEqual(['KILLED', 'KILLED']);
    expect(await statuses(...others, log.runId!)).toEqual(Array(6).fill('RUNNING'));
    expect((await store.tracking.getRun(gone[0]!)).endTime).toBe(clock.now());
  });

  it('are all but our own where this process holds the lake', async () => {
    const elsewhere = await left({ host: 'elsewhere' });
    const evaluation = await left({ host: 'elsewhere', kind: 'evaluation' });
    const log = open({ owner: { ...owner, alone: true } });
    await idle();
    expect(told('dead_runs_closed')).toEqual([{ type: 'dead_runs_closed', runIds: [elsewhere] }]);
    expect(await statuses(elsewhere, evaluation, log.runId!)).toEqual(['KILLED', 'RUNNING', 'RUNNING']);
  });
});
