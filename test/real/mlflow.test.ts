/** A real tracking server, and Python's client on both stores: each reads what the other wrote. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/base/package-root.js';
import {
  downloadModel,
  ensureExperiment,
  logModel,
  type MlflowStore,
  openStore,
  RunLog,
  readMlmodel,
  registerModel,
  resolveModel,
} from '../../src/mlflow/index.js';
import { openScorer } from '../../src/scoring/index.js';
import { all, mlflowStoreContract, unique } from '../contract/mlflow-store.contract.js';
import { madeUpTexts } from '../scoring/made-up-texts.js';
import { mlflowPython, type RealMlflow, runPython, startMlflow } from './setup/mlflow.js';

const bundled = join(packageRoot(), 'models', 'bundled');
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const start = Date.UTC(2031, 0, 1);

let server: RealMlflow;
const folder = mkdtempSync(join(tmpdir(), 'murmur-mlruns-'));
beforeAll(async () => {
  server = await startMlflow();
});
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

mlflowStoreContract('MLflow itself', async () => openStore(server.uri, { folder }));

interface Seen {
  experiment: { name: string; tags: Record<string, string> };
  runs: Record<string, SeenRun>;
  models: Record<
    string,
    { name: string; status: string; run_id: string; files: string[]; [other: string]: unknown }
  >;
  registered: Record<
    string,
    { tags: object; aliases: object; versions: Record<string, { aliases: string[]; source: string }> }
  >;
  predictions: Record<string, number | string>[];
}

interface SeenRun {
  name: string;
  status: string;
  params: Record<string, string>;
  history: Record<string, [number, number, number | string][]>;
  [other: string]: unknown;
}

/** What we write on a store, and the ids of it. */
interface Written {
  experiment: string;
  runId: string;
  killedId: string;
  modelId: string;
  registered: string;
}

async function write(store: MlflowStore): Promise<Written> {
  const experiment = unique('ours');
  const registered = unique('sentiment');
  await store.tracking.createExperiment({ name: experiment, tags: { team: 'ü 😀' } });
  const { experimentId } = await ensureExperiment(store, experiment);
  const owner = {
    lake: '/lake',
    kind: 'pipeline',
    host: 'h',
    pid: process.pid,
    processStart: 2,
    alone: true,
  };
  const killed = await store.tracking.createRun({
    experimentId,
    name: 'killed',
    startTime: start,
    tags: { 'murmur.lake': '/lake', 'murmur.kind': 'pipeline' },
  });
  const failures: unknown[] = [];
  const log = RunLog.open(store, {
    experiment,
    name: 'pipeline "a"',
    owner,
    user: 'ann',
    params: { mention: 'twitter', odd: "two\nlines: 'ü' 😀", empty: '', yes: 'yes' },
    tags: { git: 'abc', colon: 'a: b # c' },
    onEvent: (event) => 'error' in event && failures.push(event.error),
    inputs: [
      {
        name: 'gold',
        digest: '12',
        sourceType: 'delta_table',
        source: JSON.stringify({ path: '/lake/tables/gold', delta_table_version: 12 }),
        schema: JSON.stringify({ mlflow_colspec: [{ type: 'string', name: 'text', required: true }] }),
        profile: JSON.stringify({ num_rows: 1000 }),
        context: 'evaluation',
      },
    ],
  });
  for (let step = 0; step < 1500; step++) {
    log.metrics({ posts_per_second: step + 0.5 }, { step, timestamp: start + step });
  }
  log.metrics({ small: 1.25e-9 }, { step: 0, timestamp: start });
  log.artifact('confusion matrix.json', '{"rows":[[1,2],[3,4]]}');
  log.artifact('report/ü.html', '<p>ü</p>');
  const report = await log.close('FINISHED', 60_000);
  expect(failures).toEqual([]);
  expect(report).toMatchObject({ closed: true, dropped: {} });

  const run = await store.tracking.getRun(log.runId!);
  const model = await logModel(store, run, bundled, { name: 'sentiment', params: { labels: '3' } });
  const dataset = { name: 'gold', digest: '12' };
  await store.tracking.logBatch(run.runId, {
    metrics: [{ key: 'macro_f1', value: 0.7, timestamp: start, step: 0, modelId: model.modelId!, dataset }],
  });
  for (const f1 of ['0.6', '0.7']) await registerModel(store, model, { name: registered, tags: { f1 } });
  await store.registry.setModelTag(registered, 'task', 'sentiment');
  await store.registry.setAlias(registered, 'champion', '1');
  await store.registry.setAlias(registered, 'champion', '2');
  await store.registry.setAlias(registered, 'challenger', '1');
  return { experiment, runId: run.runId, killedId: killed.runId, modelId: model.modelId!, registered };
}

function expectAll(seen: Seen, ours: Written): void {
  expect(seen.experiment).toMatchObject({ name: ours.experiment, tags: { team: 'ü 😀' } });
  expect(Object.keys(seen.runs).sort()).toEqual([ours.runId, ours.killedId].sort());
  expect(seen.runs[ours.killedId]).toMatchObject({ name: 'killed', status: 'KILLED', start });
  const run = seen.runs[ours.runId]!;
  expect(run).toMatchObject({
    name: 'pipeline "a"',
    status: 'FINISHED',
    tags: { git: 'abc', colon: 'a: b # c', 'mlflow.user': 'ann', 'mlflow.runName': 'pipeline "a"' },
    metrics: { posts_per_second: 1499.5, small: 1.25e-9, macro_f1: 0.7 },
    outputs: [ours.modelId],
    artifacts: { 'confusion matrix.json': '{"rows":[[1,2],[3,4]]}', 'report/ü.html': '<p>ü</p>' },
    inputs: [
      {
        name: 'gold',
        digest: '12',
        source_type: 'delta_table',
        source: { path: '/lake/tables/gold', delta_table_version: 12 },
        context: 'evaluation',
      },
    ],
  });
  expect(run.params).toEqual({ mention: 'twitter', odd: "two\nlines: 'ü' 😀", empty: '', yes: 'yes' });
  expect(run.history.posts_per_second).toEqual(
    Array.from({ length: 1500 }, (_, step) => [step, start + step, step + 0.5]),
  );
  const model = seen.models[ours.modelId]!;
  expect(model).toMatchObject({
    name: 'sentiment',
    status: 'READY',
    run_id: ours.runId,
    params: { labels: '3' },
    metrics: [['macro_f1', 0.7, 0, 'gold', '12']],
  });
  expect(model.files).toEqual(expect.arrayContaining(['MLmodel', 'code/murmur_pyfunc.py', 'model.onnx']));
  const { versions, ...registered } = seen.registered[ours.registered]!;
  expect(registered).toMatchObject({
    tags: { task: 'sentiment' },
    aliases: { challenger: '1', champion: '2' },
  });
  expect(versions).toMatchObject({
    1: {
      tags: { f1: '0.6' },
      aliases: ['challenger'],
      run_id: ours.runId,
      source: `models:/${ours.modelId}`,
    },
    2: { tags: { f1: '0.7' }, aliases: ['champion'], run_id: ours.runId },
  });
}

/** Through Python's own model loading, texts of every kind give what our workers give. */
async function expectSamePredictions(
  predictions: Seen['predictions'],
  texts: readonly string[],
): Promise<void> {
  const scorer = await openScorer({ bundle: bundled });
  try {
    const ours = await scorer.score(texts);
    const differences = ours.map((score, i) =>
      Math.max(
        ...scorer.model.labels.map((label, l) =>
          Math.abs(score.probabilities[l]! - Number(predictions[i]![label])),
        ),
      ),
    );
    expect(predictions).toHaveLength(texts.length);
    expect(Math.max(...differences)).toBeLessThan(1e-3);
    expect(predictions.map(({ sentiment }) => sentiment)).toEqual(ours.map(({ sentiment }) => sentiment));
    expect(Number(predictions[0]!.score)).toBeCloseTo(ours[0]!.score, 1);
  } finally {
    await scorer.close();
  }
}

const stores = [
  ['a folder', () => join(folder, 'lake', 'mlruns')],
  ['the server', () => server.uri],
] as const;

describe.each(stores)('on %s', (_, uri) => {
  const open = () => openStore(uri(), { folder });

  it('Python reads every run, param, metric, file, version and alias of ours, and our model predicts there', async () => {
    const ours = await write(open());
    const texts = [...madeUpTexts(100), 'I love it', 'so bad &amp; sad @you http://x.y', '', '😀 ü'];
    const file = join(folder, 'texts.json');
    writeFileSync(file, JSON.stringify(texts));
    const model = `models:/${ours.registered}@champion`;
    const seen = await runPython<Seen>(script('read_mlflow.py'), [uri(), ours.experiment, model, file]);
    expectAll(seen, ours);
    await expectSamePredictions(seen.predictions, texts);
  });

  it('we read what Python logged', async () => {
    const experiment = unique('theirs');
    const ids = await runPython<{ run_id: string; failed: string; model_id: string }>(
      script('write_mlflow.py'),
      [uri(), experiment],
    );
    const store = open();
    const { experimentId } = (await store.tracking.experimentByName(experiment))!;
    const runs = await all(store.tracking.searchRuns({ experimentIds: [experimentId] }));
    expect(runs.map(({ runId }) => runId).sort()).toEqual([ids.run_id, ids.failed].sort());
    expect(runs.find(({ runId }) => runId === ids.failed)).toMatchObject({
      name: "it's failed",
      status: 'FAILED',
    });
    const run = runs.find(({ runId }) => runId === ids.run_id)!;
    expect(run).toMatchObject({
      name: 'from python',
      status: 'FINISHED',
      params: { lr: '0.001', 'nested/key': 'a b', yes: 'True' },
      metrics: { loss: 1 / 3, 'val/nan': Number.NaN, inf: Number.MAX_VALUE },
      tags: { note: 'two\nlines: ü 😀' },
      inputs: [{ name: 'tweets', context: 'training' }],
    });
    expect(run.outputs.map(({ modelId }) => modelId)).toEqual([ids.model_id]);
    const history = await store.tracking.metricHistory(run.runId, 'loss');
    expect(history.map(({ step, value }) => [step, value])).toEqual([
      [0, 1],
      [1, 1 / 2],
      [2, 1 / 3],
    ]);
    const artifacts = store.artifacts(run.artifactUri);
    expect(JSON.parse(Buffer.from(await artifacts.read('reports/deep/report.json')).toString())).toEqual({
      ok: true,
    });
    expect(await store.tracking.getLoggedModel(ids.model_id)).toMatchObject({
      name: 'echo',
      status: 'READY',
    });

    const name = `models:/echo-${experiment}@champion`;
    expect(await resolveModel(store, name)).toMatchObject({ registered: { version: '1' } });
    for (const [i, one] of [name, `runs:/${run.runId}/echo`].entries()) {
      const target = join(folder, `${experiment}-${i}`);
      await downloadModel(store, one, target);
      expect(Object.keys((await readMlmodel(target)).flavors)).toEqual(['python_function']);
    }
  });
});

it('what was made though the answer was lost is found, and not made again', async () => {
  const lost = new Set<string>();
  /** Throws away the first answer of everything that makes something. */
  const losing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const call = new URL(String(input)).pathname;
    if (init?.method !== 'POST' || !/(create|logged-models)$/.test(call) || lost.has(call)) return response;
    lost.add(call);
    await response.arrayBuffer();
    throw new TypeError('fetch failed', { cause: new Error('lost') });
  };
  const store = openStore(server.uri, { folder, fetch: losing });
  const name = unique('lost');
  const { experimentId } = await store.tracking.createExperiment({ name });
  const { runId } = await store.tracking.createRun({ experimentId, name, startTime: start });
  const { modelId } = await store.tracking.createLoggedModel({ experimentId, name, runId });
  await store.registry.createModel({ name });
  await store.registry.createVersion({ name, source: `models:/${modelId}`, modelId, runId });
  expect(lost.size).toBe(5);
  const runs = await all(store.tracking.searchRuns({ experimentIds: [experimentId] }));
  expect(runs.map((run) => run.runId)).toEqual([runId]);
  expect((await all(store.registry.searchVersions(name))).map(({ version }) => version)).toEqual(['1']);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ experiment_ids: [experimentId] });
  const search = `${server.uri}/api/2.0/mlflow/logged-models/search`;
  const { models } = (await (await fetch(search, { method: 'POST', headers, body })).json()) as {
    models: unknown[];
  };
  expect(models).toHaveLength(1);
});

it('a folder of ours goes over to the database of a server whole', async () => {
  const lake = join(folder, 'handed-over');
  mkdirSync(lake);
  const store = openStore('', { folder: lake });
  const ours = await write(store);
  const database = join(lake, 'mlflow.db');
  const mlflow = join(dirname(mlflowPython()), 'mlflow');
  execFileSync(mlflow, [
    ...['migrate-filestore', '--source', join(lake, 'mlruns'), '--target', `sqlite:///${database}`],
  ]);
  expectAll(
    await runPython<Seen>(script('read_mlflow.py'), [`sqlite:///${database}`, ours.experiment]),
    ours,
  );
});
