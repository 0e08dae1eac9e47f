/** The file store where the disk or the user did something to it. */
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileStore } from '../../src/mlflow/file/file-store.js';
import { resolveModel } from '../../src/mlflow/model-uri.js';
import type { Metric, Run } from '../../src/mlflow/store.js';

let folder: string;
let store: FileStore;
let run: Run;
const point = (step: number): Metric => ({ key: 'a', value: step / 2, timestamp: 5, step });
const pathOf = (...parts: string[]) => join(folder, 'mlruns', run.experimentId, run.runId, ...parts);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-file-store-'));
  store = new FileStore(join(folder, 'mlruns'));
  const { experimentId } = await store.tracking.createExperiment({ name: 'x' });
  run = await store.tracking.createRun({ experimentId, name: 'r', startTime: 1 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('makes nothing before it is asked to, and leaves nothing beside what it made', async () => {
  const unused = new FileStore(join(folder, 'unused'));
  expect(await unused.tracking.experimentByName('x')).toBeUndefined();
  expect(await unused.registry.getModel('m')).toBeUndefined();
  expect(existsSync(join(folder, 'unused'))).toBe(false);
  expect(readdirSync(folder)).toEqual(['mlruns']);
  expect(readdirSync(join(folder, 'mlruns'))).toContain('0');
});

it('goes on behind a point that a crash cut off', async () => {
  await store.tracking.logBatch(run.runId, { metrics: [point(0)] });
  appendFileSync(pathOf('metrics', 'a'), '5 0.');
  await store.tracking.logBatch(run.runId, { metrics: [point(1)] });
  expect(await store.tracking.metricHistory(run.runId, 'a')).toEqual([point(0), point(1)]);
  expect(readFileSync(pathOf('metrics', 'a'), 'utf8')).toBe('5 0 0\n5 0.5 1\n');
});

it('a data set whose name has spaces adds no fields to a line: Python refuses one of more', async () => {
  const { experimentId } = run;
  const { modelId } = await store.tracking.createLoggedModel({ experimentId, name: 'm', runId: run.runId });
  const dataset = { name: 'my  labelled tweets.tsv', digest: '7' };
  await store.tracking.logBatch(run.runId, { metrics: [{ ...point(0), modelId, dataset }] });
  expect(readFileSync(pathOf('metrics', 'a'), 'utf8')).toBe('5 0 0 my__labelled_tweets.tsv 7\n');
  const { metrics } = await store.tracking.getLoggedModel(modelId);
  expect(metrics).toMatchObject([{ dataset: { name: 'my__labelled_tweets.tsv', digest: '7' } }]);
});

it('names the file that it cannot read', async () => {
  await store.tracking.logBatch(run.runId, { metrics: [point(0)] });
  writeFileSync(pathOf('metrics', 'a'), 'no point\n');
  const invalid = { code: 'mlflow.folder_invalid', fault: 'external' };
  await expect(store.tracking.getRun(run.runId)).rejects.toMatchObject({
    ...invalid,
    message: expect.stringContaining(pathOf('metrics', 'a')),
  });
  for (const text of ['a: [', 'status: gone\n', '']) {
    writeFileSync(pathOf('meta.yaml'), text);
    await expect(store.tracking.getRun(run.runId)).rejects.toMatchObject(invalid);
  }
});

it('is whole where it was moved to', async () => {
  await store.artifacts(run.artifactUri).put('f', Buffer.from('here'));
  const { experimentId, runId } = run;
  const model = await store.tracking.createLoggedModel({ experimentId, runId, name: 'm' });
  await store.artifacts(model.artifactUri).put('MLmodel', Buffer.from('flavors: {}'));
  await store.registry.createModel({ name: 'm' });
  await store.registry.createVersion({
    name: 'm',
    source: `models:/${model.modelId}`,
    modelId: model.modelId,
  });
  await store.registry.createVersion({ name: 'm', source: `${run.artifactUri}/model`, runId });
  const moved = join(folder, 'moved here');
  renameSync(join(folder, 'mlruns'), moved);

  const there = new FileStore(moved);
  const { artifactUri } = await there.tracking.getRun(runId);
  expect(Buffer.from(await there.artifacts(artifactUri).read('f')).toString()).toBe('here');
  for (const name of ['models:/m/1', `models:/${model.modelId}`]) {
    const { location } = await resolveModel(there, name);
    expect(await there.artifacts(location).list()).toMatchObject([{ path: 'MLmodel' }]);
  }
  const second = await resolveModel(there, 'models:/m/2');
  expect(second.location).toBe(`${artifactUri}/model`);
});

it('reads a folder with relative places as Python does: from the folder that holds it', async () => {
  const meta = readFileSync(pathOf('meta.yaml'), 'utf8');
  const relative = `artifact_uri: "mlruns/${run.experimentId}/${run.runId}/artifacts"`;
  writeFileSync(pathOf('meta.yaml'), meta.replace(/^artifact_uri: .*$/m, relative));
  expect((await store.tracking.getRun(run.runId)).artifactUri).toBe(run.artifactUri);
});

it('does not take a name for a way out', async () => {
  for (const id of ['../x', 'a/b', '', '.']) {
    await expect(store.tracking.getRun(id)).rejects.toMatchObject({ code: 'mlflow.not_found' });
    await expect(store.tracking.getLoggedModel(id)).rejects.toMatchObject({ code: 'mlflow.not_found' });
  }
  for (const name of ['../m', 'a/b', '.', '']) {
    await expect(store.registry.createModel({ name })).rejects.toMatchObject({
      code: 'mlflow.value_invalid',
    });
  }
  expect(await store.registry.getVersion('m', '../1')).toBeUndefined();
});
