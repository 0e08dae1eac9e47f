/** A run's log in MLflow: what stands in it at the end, and that a run does not mind what becomes of MLflow. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenLake, openLake, type RunEvent } from '../../src/index.js';
import {
  ensureExperiment,
  logModel,
  type MlflowStore,
  openStore,
  type Run,
  registerModel,
} from '../../src/mlflow/index.js';
import { tagsOfOwner } from '../../src/mlflow/run-owner.js';
import { checkLake } from '../../src/operate/doctor.js';
import { importModel } from '../../src/pipeline/model/import-model.js';
import { runOwner } from '../../src/pipeline/tracking/log-owner.js';
import { FakeServer } from '../mlflow/fake-server.js';
import { tinyFolder } from '../scoring/tiny-export.js';

let dir: string;
const opened: { close(): unknown }[] = [];

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-tracked-')));
  mkdirSync(join(dir, 'landing'));
});
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Ten posts: five of each label, one of them without any, one with two mentions. */
function land(
  name = 'posts',
  labels: readonly (number | string | null)[] = [0, 0, 0, 0, 0, 4, 4, 4, 4, null],
) {
  const lines = labels.map((sentiment, i) =>
    JSON.stringify({
      id: `${name}-${i}`,
      text: i % 2 === 0 ? 'what a wonderful day @ann @bob' : 'this is awful, I hate it',
      user: 'eve',
      sentiment,
    }),
  );
  writeFileSync(join(dir, 'landing', `${name}.ndjson`), `${lines.join('\n')}\n`);
}

async function lakeWith(spec: object = {}, env: Record<string, string> = {}): Promise<OpenLake> {
  const lake = await openLake({ dir, spec: { model: 'lexicon', ...spec } }, { env });
  opened.push(lake);
  return lake;
}

async function runOnce(lake: OpenLake) {
  const run = lake.run({ until: 'idle' });
  const events: RunEvent[] = [];
  const heard = (async () => {
    for await (const event of run.events) events.push(event);
  })();
  const summary = await run.done;
  await heard;
  return { summary, events };
}

async function runsOf(store: MlflowStore, name: string): Promise<Run[]> {
  const experiment = await store.tracking.experimentByName(name);
  const runs: Run[] = [];
  for await (const run of store.tracking.searchRuns({ experimentIds: [experiment!.experimentId] }))
    runs.push(run);
  return runs;
}

const ownStore = () => {
  const store = openStore('', { folder: dir });
  opened.push(store);
  return store;
};
const experiment = () => dir.slice(dir.lastIndexOf('/') + 1);

describe('a run', () => {
  it('is one run of MLflow in the lake, with its settings, inputs, figures and picture', async () => {
    land();
    const lake = await lakeWith({
      page: { token: 'a-secret-of-the-page' },
      mentions: 'word',
      neutral: { id: 2 },
    });
    const { summary, events } = await runOnce(lake);
    const store = ownStore();
    const [run, ...others] = await runsOf(store, experiment());
    expect(others).toEqual([]);
    expect(summary.mlflow).toEqual({ uri: store.uri, run_id: run!.runId, closed: true });
    expect(events.filter(({ type }) => type.startsWith('mlflow'))).toMatchObject([
      { type: 'mlflow_run_opened', mlflowRunId: run!.runId },
    ]);
    expect(run).toMatchObject({
      status: 'FINISHED',
      params: {
        mentions: 'word',
        'neutral.id': '2',
        'streams.gold.threads': 'auto',
        model: 'lexicon',
        model_name: 'lexicon',
        model_version: '1',
        mlflow_version: expect.stringMatching(/^\d+\.\d+/),
      },
      metrics: {
        'bronze.input_posts': 10,
        'gold.input_posts': 10,
        'gold.output_rows': 15,
        coverage: 0.9,
        evaluated: 9,
        'positive.support': 4,
        'negative.support': 5,
      },
    });
    expect(
      run!.inputs.map(({ name, digest, sourceType }) => `${name} ${digest} ${sourceType}`).sort(),
    ).toEqual(['bronze v1 delta_table', 'gold v1 delta_table', 'silver v1 delta_table']);
    expect(JSON.stringify(run)).not.toContain('a-secret-of-the-page');
    // Even posts are said to be positive: of five negative ones three, of four positive ones two.
    const files = store.artifacts(run!.artifactUri);
    expect(JSON.parse(Buffer.from(await files.read('confusion.json')).toString())).toMatchObject({
      labels: ['negative', 'neutral', 'positive'],
      counts: [
        [2, 0, 3],
        [0, 0, 0],
        [2, 0, 2],
      ],
    });
    expect(run!.metrics.accuracy).toBeCloseTo(4 / 9);
    const png = Buffer.from(await files.read('confusion.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBeGreaterThan(400);
  });

  it('starts from the versions that it found', async () => {
    land('first');
    const lake = await lakeWith();
    await runOnce(lake);
    land('second');
    await runOnce(lake);
    const [second] = await runsOf(ownStore(), experiment());
    expect(
      second!.inputs
        .filter(({ name }) => name === 'bronze')
        .map(({ digest, context }) => `${digest} ${context}`)
        .sort(),
    ).toEqual(['v1 run_start', 'v2 run_end']);
  });

  it('puts its measures on the page of the model, where that is registered', async () => {
    const store = ownStore();
    const { folder } = await importModel(tinyFolder(), {
      models: join(dir, 'models'),
      openMlflow: () => store,
    });
    const { experimentId } = await ensureExperiment(store, 'models');
    const begun = await store.tracking.createRun({ experimentId, name: 'r', startTime: 1 });
    const logged = await logModel(store, begun, folder);
    await registerModel(store, logged, { name: 'sentiment' });
    await store.registry.setAlias('sentiment', 'champion', '1');
    land();
    const { summary } = await runOnce(await lakeWith({ model: 'models:/sentiment@champion' }));
    const { metrics } = await store.tracking.getLoggedModel(logged.modelId!);
    expect(metrics.find(({ key }) => key === 'evaluated')).toMatchObject({
      value: 9,
      dataset: { name: 'gold', digest: 'v1' },
    });
    const run = await store.tracking.getRun(summary.mlflow!.run_id!);
    expect(run.tags['murmur.logged_model']).toBe(logged.modelId);
    expect(metrics.find(({ key }) => key === 'macro_recall')!.value).toBe(run.metrics.macro_recall);
  });

  it('says why nothing is measured where labels could mean several things', async () => {
    land('posts', [0, 2, 2, 0]);
    await runOnce(await lakeWith());
    const [run] = await runsOf(ownStore(), experiment());
    expect(run!.metrics.accuracy).toBeUndefined();
    expect(run!.tags['murmur.not_evaluated']).toMatch(/2 is neutral in .* and positive in /);
  });

  it('that fails is FAILED', async () => {
    land();
    const spec = { expect: { bronze: [{ name: 'no', rule: 'user is null', action: 'fail' }] } };
    const lake = await lakeWith(spec);
    await expect(runOnce(lake)).rejects.toMatchObject({ code: 'engine.rule_failed' });
    expect((await runsOf(ownStore(), experiment()))[0]).toMatchObject({ status: 'FAILED' });
  });

  it('is not logged where it is switched off', async () => {
    land();
    const lake = await lakeWith({ mlflow: 'off' });
    const { summary, events } = await runOnce(lake);
    expect(summary.mlflow).toBeNull();
    expect(events.filter(({ type }) => type.startsWith('mlflow'))).toEqual([]);
    expect(() => readFileSync(join(dir, 'mlruns'))).toThrow(/ENOENT/);
  });
});

describe('a run that died', () => {
  it('is closed as KILLED by the next one, and nobody else is', async () => {
    land();
    const lake = await lakeWith();
    const store = ownStore();
    const { experimentId } = await store.tracking.createExperiment({ name: experiment() });
    const owner = { ...(await runOwner(lake.lake, 'pipeline', true)), pid: 1, processStart: 7 };
    const begun = (tags: Record<string, string>) =>
      store.tracking.createRun({ experimentId, name: 'x', startTime: 1, tags });
    const dead = await begun(tagsOfOwner(owner));
    const elsewhere = await begun(tagsOfOwner({ ...owner, lake: 'another' }));
    const { events } = await runOnce(lake);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'mlflow_runs_closed', mlflowRunIds: [dead.runId] }),
    );
    expect(await store.tracking.getRun(dead.runId)).toMatchObject({ status: 'KILLED' });
    expect(await store.tracking.getRun(elsewhere.runId)).toMatchObject({ status: 'RUNNING' });
  });
});

describe('MLflow on a server', () => {
  it('gets the run; what a URL says of users and passwords stays out of it', async () => {
    land();
    const server = await FakeServer.start();
    opened.push(server);
    const uri = server.uri.replace('http://', 'http://ann:a-secret@');
    const lake = await lakeWith({ mlflow: uri }, { MLFLOW_EXPERIMENT_NAME: 'ours' });
    const { summary } = await runOnce(lake);
    expect(summary.mlflow).toMatchObject({ uri: server.uri, closed: true });
    const store = openStore(server.uri, { folder: dir });
    opened.push(store);
    const [run] = await runsOf(store, 'ours');
    expect(run).toMatchObject({ status: 'FINISHED', metrics: { 'gold.input_posts': 10 } });
    expect(JSON.stringify(run)).not.toContain('a-secret');
  });

  it('that is not there stops nothing, and is told once, in status and by the doctor', async () => {
    land();
    const gone = await FakeServer.start();
    const { uri } = gone;
    await gone.close();
    const lake = await lakeWith({}, { MLFLOW_TRACKING_URI: uri, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' });
    const { summary, events } = await runOnce(lake);
    expect(summary.streams.gold).toMatchObject({ output_posts: 10 });
    expect(summary.mlflow).toEqual({ uri, run_id: null, closed: false });
    expect(events.filter(({ type }) => type.startsWith('mlflow')).map(({ type }) => type)).toEqual([
      'mlflow_away',
    ]);
    const check = (await checkLake(lake)).find(({ check }) => check === 'mlflow');
    expect(check).toMatchObject({ ok: false, fix: expect.any(String) });
  });

  it('whose setting is nonsense keeps a run from beginning', async () => {
    land();
    const lake = await lakeWith({ mlflow: 'sqlite:///mlflow.db' });
    await expect(runOnce(lake)).rejects.toMatchObject({ code: 'mlflow.uri_invalid', fault: 'user' });
  });
});

it('packs the font of its pictures', () => {
  const packed = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
  );
  expect(packed.files).toContain('assets');
});
