/** What the client does when the server does not: who is told what, what is tried again, and that nothing is made twice. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock.js';
import type { MurmurError } from '../../src/base/errors.js';
import { openStore } from '../../src/mlflow/open-store.js';
import type { MlflowStore } from '../../src/mlflow/store.js';
import { FakeServer } from './fake-server.js';

/** Sleeps at once, and remembers for how long. */
class NotingClock implements Clock {
  readonly slept: number[] = [];
  now = () => Date.UTC(2031, 0, 1);

  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    await nextTurn();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'murmur-mlflow-'));
let server: FakeServer;
let clock: NotingClock;
let store: MlflowStore;
const opened = (env: Record<string, string> = {}, uri = server.uri) =>
  openStore(uri, { folder, env: { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '3', ...env }, clock });

beforeEach(async () => {
  server = await FakeServer.start();
  clock = new NotingClock();
  store = opened();
});
afterEach(async () => {
  store.close();
  await server.close();
});

const failure = (promise: Promise<unknown>): Promise<MurmurError> =>
  promise.then(
    () => expect.fail('expected a failure'),
    (e) => e,
  );
const experiment = () => store.tracking.createExperiment({ name: 'x' });
const newRun = async () =>
  store.tracking.createRun({ experimentId: (await experiment()).experimentId, name: 'r', startTime: 1 });

describe('who asks', () => {
  it.each([
    ['nobody', {}, 'MLFLOW_TRACKING_TOKEN'],
    ['a wrong token', { MLFLOW_TRACKING_TOKEN: 'hidden' }, 'MLFLOW_TRACKING_TOKEN'],
    [
      'a wrong password',
      { MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'hidden' },
      'MLFLOW_TRACKING_PASSWORD',
    ],
  ])('%s is told which variable, and is not asked again', async (_, env, variable) => {
    server.script({ on: 'experiments/create', status: 401, body: 'who is hidden?' });
    const e = await failure(opened(env).tracking.createExperiment({ name: 'x' }));
    expect(e).toMatchObject({ code: 'mlflow.unauthorized', fault: 'user', retry: 'never' });
    expect(e.fix).toContain(variable);
    if (variable in env) expect(e.message).not.toContain('hidden');
    expect(server.requests).toHaveLength(1);
  });

  it('sends the token, or user and password before it, and never an origin', async () => {
    const env = { MLFLOW_TRACKING_TOKEN: 't' };
    await opened(env).tracking.experimentByName('x');
    const both = { ...env, MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'p:w' };
    await opened(both).tracking.experimentByName('x');
    const inUrl = opened({}, server.uri.replace('//', '//bob:s%40@'));
    await inUrl.tracking.experimentByName('x');
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(server.headers.map((h) => h.authorization)).toEqual([
      'Bearer t',
      basic('ann:p:w'),
      basic('bob:s@'),
    ]);
    expect(server.headers.every((h) => h.origin === undefined)).toBe(true);
    expect(inUrl.uri).toBe(server.uri);
  });

  it('says that a permission is missing, or that the server does not know its own name', async () => {
    const denied = JSON.stringify({ error_code: 'PERMISSION_DENIED', message: 'no' });
    server.script({ on: 'experiments/create', status: 403, body: denied });
    expect(await failure(experiment())).toMatchObject({ code: 'mlflow.forbidden', fault: 'user' });
    server.script({ on: 'experiments/create', status: 403, body: 'Invalid Host header' });
    expect((await failure(experiment())).fix).toContain('--allowed-hosts');
  });
});

describe('trying again', () => {
  it('waits as long as Retry-After says', async () => {
    server.script({ on: 'experiments/create', status: 429, headers: { 'retry-after': '7' } });
    await experiment();
    expect(clock.slept).toEqual([7000]);
    expect(server.mlflow.experiments.size).toBe(1);
  });

  it('understands a date, and does not wait for ever', async () => {
    const after = (ms: number) => new Date(clock.now() + ms).toUTCString();
    server.script({ on: 'get-by-name', status: 503, headers: { 'retry-after': after(9000) } });
    server.script({ on: 'get-by-name', status: 503, headers: { 'retry-after': '86400' } });
    await store.tracking.experimentByName('x');
    expect(clock.slept).toEqual([9000, 120_000]);
  });

  it.each([408, 429, 500, 502, 503, 504])(
    'goes on after %i, and gives up after the last try',
    async (status) => {
      server.script({ on: 'get-by-name', status, times: 3 });
      expect(await store.tracking.experimentByName('x')).toBeUndefined();
      server.script({ on: 'get-by-name', status, times: 4 });
      const e = await failure(store.tracking.experimentByName('x'));
      expect(e).toMatchObject({ code: 'mlflow.unavailable', fault: 'external', retry: 'backoff' });
      expect(server.requests).toHaveLength(8);
      expect(clock.slept).toHaveLength(6);
    },
  );

  it('does not repeat what was refused', async () => {
    server.script({ on: 'get-by-name', status: 400, body: '{"error_code":"BAD","message":"no\\nway"}' });
    const e = await failure(store.tracking.experimentByName('x'));
    expect(e).toMatchObject({ code: 'mlflow.refused', message: expect.stringContaining('no way') });
    expect(server.requests).toHaveLength(1);
  });

  it('says where nobody listens', async () => {
    const { uri } = server;
    await server.close();
    const e = await failure(opened({}, uri).tracking.createExperiment({ name: 'x' }));
    expect(e).toMatchObject({ code: 'mlflow.unreachable', fault: 'external', retry: 'backoff' });
    expect(e.message).toContain('ECONNREFUSED');
    expect(clock.slept).toHaveLength(3);
  });

  it('gives up a server that does not answer', async () => {
    server.script({ on: 'get-by-name', hang: true });
    const env = { MLFLOW_HTTP_REQUEST_TIMEOUT: '1', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
    const e = await failure(opened(env).tracking.experimentByName('x'));
    expect(e).toMatchObject({ code: 'mlflow.unreachable', message: expect.stringContaining('within 1 s') });
  });

  it('ends at once when it is closed', async () => {
    server.script({ on: 'get-by-name', hang: true });
    const waiting = failure(store.tracking.experimentByName('x'));
    while (server.requests.length === 0) await nextTurn();
    store.close();
    expect(await waiting).toMatchObject({ code: 'mlflow.closed' });
    expect(await failure(experiment())).toMatchObject({ code: 'mlflow.closed' });
  });
});

describe.each(['after', 'before'] as const)('a connection cut %s the work is done', (cut) => {
  it('makes one experiment', async () => {
    server.script({ on: 'experiments/create', cut });
    expect(await experiment()).toMatchObject({ name: 'x' });
    expect(server.mlflow.experiments.size).toBe(1);
  });

  it('makes one run', async () => {
    server.script({ on: 'runs/create', cut });
    const run = await newRun();
    expect([...server.mlflow.runs.keys()]).toEqual([run.runId]);
  });

  it('makes one logged model', async () => {
    const { experimentId, runId } = await newRun();
    server.script({ on: 'POST logged-models', cut });
    const model = await store.tracking.createLoggedModel({ experimentId, runId, name: 'm' });
    expect([...server.mlflow.models.keys()]).toEqual([model.modelId]);
  });

  it('registers one model and one version', async () => {
    const { runId, artifactUri: source } = await newRun();
    server.script({ on: 'registered-models/create', cut });
    await store.registry.createModel({ name: 'm' });
    server.script({ on: 'model-versions/create', cut });
    expect((await store.registry.createVersion({ name: 'm', source, runId })).version).toBe('1');
    expect(server.mlflow.registered.get('m')!.versions).toHaveLength(1);
  });

  it('logs each point once', async () => {
    const { runId } = await newRun();
    server.script({ on: 'runs/log-batch', cut });
    await store.tracking.logBatch(runId, { metrics: [{ key: 'a', value: 1, timestamp: 5, step: 0 }] });
    expect(await store.tracking.metricHistory(runId, 'a')).toHaveLength(1);
  });
});

it('does not take the experiment of somebody else for its own', async () => {
  await experiment();
  server.script({ on: 'experiments/create', cut: 'before' });
  expect(await failure(experiment())).toMatchObject({ code: 'mlflow.already_exists' });
});

it('fetches a file again whose transfer broke, and leaves no half of one', async () => {
  const { artifactUri } = await newRun();
  const artifacts = store.artifacts(artifactUri);
  const content = Buffer.alloc(200_000, 'abc');
  await artifacts.put('f', content);
  const target = join(folder, 'fetched');
  server.script({ on: 'artifacts/f', cut: 'midway' });
  await artifacts.download('f', target);
  expect(readFileSync(target).equals(content)).toBe(true);
  rmSync(target);
  server.script({ on: 'artifacts/f', cut: 'midway', times: 4 });
  expect(await failure(artifacts.download('f', target))).toMatchObject({ code: 'mlflow.unreachable' });
  expect(() => readFileSync(target)).toThrow();
});

describe('answers', () => {
  it('says that something else answers at the address', async () => {
    server.script({ on: 'get-by-name', status: 404, body: '<html>nginx</html>' });
    expect(await failure(store.tracking.experimentByName('x'))).toMatchObject({
      code: 'mlflow.no_api',
      fault: 'user',
    });
    for (const body of ['<html>', '{"experiment":{}}', '[]']) {
      server.script({ on: 'get-by-name', status: 200, body });
      expect(await failure(store.tracking.experimentByName('x'))).toMatchObject({
        code: 'mlflow.answer_invalid',
        fault: 'external',
      });
    }
  });

  it('takes integers as text, missing fields, and fields that it does not know', async () => {
    const info = { run_id: 'r', experiment_id: '1', status: 'RUNNING', start_time: '1700000000000', new: 1 };
    const metrics = [{ key: 'a', value: 'NaN', timestamp: '5', odd: true }, { key: 'zero' }];
    server.script({
      on: 'runs/get',
      status: 200,
      body: JSON.stringify({ run: { info, data: { metrics } }, extra: {} }),
    });
    expect(await store.tracking.getRun('r')).toMatchObject({
      startTime: 1_700_000_000_000,
      metrics: { a: Number.NaN, zero: 0 },
      params: {},
      tags: {},
    });
  });

  it('does not find an experiment that was deleted', async () => {
    const deleted = { experiment_id: '1', name: 'x', lifecycle_stage: 'deleted' };
    server.script({ on: 'get-by-name', status: 200, body: JSON.stringify({ experiment: deleted }) });
    expect(await store.tracking.experimentByName('x')).toBeUndefined();
  });
});
