/** Bundles as MLflow models: logged, registered and downloaded again as they were, or not at all. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageRoot } from '../../src/base/package-root.js';
import { downloadModel } from '../../src/mlflow/download-model.js';
import { ensureExperiment } from '../../src/mlflow/experiment.js';
import { logModel, registerModel } from '../../src/mlflow/log-model.js';
import { parseModelUri } from '../../src/mlflow/model-uri.js';
import { openStore } from '../../src/mlflow/open-store.js';
import type { MlflowStore, Run } from '../../src/mlflow/store.js';
import { loadBundle } from '../../src/scoring/index.js';
import { FakeServer } from './fake-server.js';

const bundled = join(packageRoot(), 'models', 'bundled');
let server: FakeServer;
let folder: string;
beforeEach(async () => {
  server = await FakeServer.start();
  folder = mkdtempSync(join(tmpdir(), 'murmur-models-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

const open = (uri: string) => openStore(uri, { folder, env: { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' } });
const stores = [
  ['a folder', () => open('')],
  ['a server', () => open(server.uri)],
] as const;

async function newRun(store: MlflowStore): Promise<Run> {
  const { experimentId } = await ensureExperiment(store, 'models');
  return store.tracking.createRun({ experimentId, name: 'r', startTime: 1 });
}

/** A folder with what makes a bundle one for MLflow; no model that runs. */
function smallBundle(): string {
  const bundle = join(folder, 'small');
  mkdirSync(join(bundle, 'deep', '__pycache__'), { recursive: true });
  writeFileSync(join(bundle, 'MLmodel'), 'flavors:\n  murmur:\n    digests: {}\nextra: kept\n');
  writeFileSync(join(bundle, 'deep', 'a b.txt'), 'text');
  writeFileSync(join(bundle, 'deep', '__pycache__', 'x.pyc'), 'no');
  writeFileSync(join(bundle, 'empty'), '');
  return bundle;
}

describe.each(stores)('on %s', (_, openIt) => {
  it('the bundled model comes back as the same bundle, by every name', async () => {
    const store = openIt();
    const run = await newRun(store);
    const logged = await logModel(store, run, bundled, {
      name: 'sentiment',
      params: { a: '1' },
    });
    const version = await registerModel(store, logged, { name: 'murmur', tags: { f1: '0.7' } });
    await store.registry.setAlias('murmur', 'champion', version.version);

    const names = [`models:/murmur@champion`, `runs:/${run.runId}/sentiment`];
    for (const [i, name] of names.entries()) {
      const target = join(folder, `model-${i}`);
      const got = await downloadModel(store, name, target);
      expect(got).toMatchObject({ uri: name, folder: target });
      const [bundle, original] = [await loadBundle(target), await loadBundle(bundled)];
      expect(bundle.model).toEqual(original.model);
    }
    const mlmodel = parse(readFileSync(join(folder, 'model-0', 'MLmodel'), 'utf8'));
    expect(mlmodel).toMatchObject({ run_id: run.runId, model_id: logged.modelId });
    expect(Object.keys(mlmodel.flavors).sort()).toEqual(['murmur', 'onnx', 'python_function']);
    expect(
      existsSync(join(folder, 'model-0', 'code', `${mlmodel.flavors.python_function.loader_module}.py`)),
    ).toBe(true);
    expect(await store.tracking.getLoggedModel(logged.modelId!)).toMatchObject({ status: 'READY' });
    expect((await store.tracking.getRun(run.runId)).outputs).toEqual([{ modelId: logged.modelId, step: 0 }]);
  });

  it('a bundle that came back can be logged again', async () => {
    const store = openIt();
    const first = await logModel(store, await newRun(store), smallBundle());
    const target = join(folder, 'back');
    await downloadModel(store, first.source, target);
    const again = await logModel(store, await newRun(store), target);
    const second = join(folder, 'second');
    await downloadModel(store, again.source, second);
    const files = (at: string) => readdirSync(at, { recursive: true }).sort();
    expect(files(second)).toEqual(files(target));
    expect(files(second)).not.toContainEqual(expect.stringContaining('__pycache__'));
    expect(readFileSync(join(second, 'deep', 'a b.txt'), 'utf8')).toBe('text');
    const mlmodel = parse(readFileSync(join(second, 'MLmodel'), 'utf8'));
    expect(mlmodel).toMatchObject({ extra: 'kept', model_id: again.modelId, run_id: again.runId });
  });

  it('a download is never mixed with what is there', async () => {
    const store = openIt();
    const { source } = await logModel(store, await newRun(store), smallBundle());
    const target = join(folder, 'taken');
    mkdirSync(target);
    writeFileSync(join(target, 'mine'), 'mine');
    await expect(downloadModel(store, source, target)).rejects.toMatchObject({
      code: 'mlflow.folder_taken',
      fault: 'user',
    });
    expect(readdirSync(target)).toEqual(['mine']);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('what is no model is not downloaded, what is no bundle is not logged', async () => {
    const store = openIt();
    const run = await newRun(store);
    await store.artifacts(run.artifactUri).put('report/x.json', Buffer.from('{}'));
    const target = join(folder, 'none');
    const invalid = { code: 'mlflow.model_invalid', fault: 'user' };
    await expect(downloadModel(store, `runs:/${run.runId}/report`, target)).rejects.toMatchObject(invalid);
    await expect(logModel(store, run, join(folder, 'nowhere'))).rejects.toMatchObject(invalid);
    for (const text of ['flavors: {}', '- a', 'a: [', 'flavors: 3']) {
      writeFileSync(join(smallBundle(), 'MLmodel'), text);
      await expect(logModel(store, run, join(folder, 'small'))).rejects.toMatchObject(invalid);
    }
    expect(existsSync(target)).toBe(false);
    expect((await store.tracking.getRun(run.runId)).outputs).toEqual([]);
  });
});

describe('on a server that fails', () => {
  it('a model whose files did not all arrive is FAILED', async () => {
    const store = open(server.uri);
    const run = await newRun(store);
    server.script({ on: 'artifacts/empty', status: 500 });
    await expect(logModel(store, run, smallBundle())).rejects.toMatchObject({ code: 'mlflow.unavailable' });
    const [model] = server.mlflow.models.values();
    expect(model!.info.status).toBe('LOGGED_MODEL_UPLOAD_FAILED');
    expect([...server.mlflow.files.keys()].filter((name) => name.endsWith('MLmodel'))).toEqual([]);
  });

  it('a file of another length is refused, and nothing is left of the model', async () => {
    const store = open(server.uri);
    const { source } = await logModel(store, await newRun(store), smallBundle());
    server.script({ on: 'deep/a%20b.txt', status: 200, body: 'tex' });
    const target = join(folder, 'short');
    await expect(downloadModel(store, source, target)).rejects.toMatchObject({
      code: 'mlflow.transfer_broken',
      retry: 'backoff',
      context: { path: 'deep/a b.txt', actual: 3, expected: 4 },
    });
    expect(readdirSync(folder)).toEqual(['small']);
  });

  it('that is older than MLflow 3 the files are those of the run', async () => {
    const store = open(server.uri);
    const run = await newRun(store);
    server.script({ on: 'POST logged-models', status: 404, body: '<html>' });
    const logged = await logModel(store, run, smallBundle());
    expect(logged).toMatchObject({ modelId: undefined, source: `${run.artifactUri}/model` });
    await registerModel(store, logged, { name: 'old' });
    const target = join(folder, 'old');
    expect(await downloadModel(store, 'models:/old/latest', target)).toMatchObject({
      registered: { name: 'old', version: '1' },
    });
    expect(await downloadModel(store, `runs:/${run.runId}/model`, `${target}-2`)).toMatchObject({ files: 7 });
  });
});

it.each([
  ['models:/a b.c@champion', { kind: 'alias', name: 'a b.c', alias: 'champion' }],
  ['models:/m/12', { kind: 'version', name: 'm', version: '12' }],
  ['models:/m/latest', { kind: 'version', name: 'm', version: undefined }],
  ['models:/m-0a1b', { kind: 'logged', modelId: 'm-0a1b' }],
  ['runs:/0a/model', { kind: 'run', runId: '0a', path: 'model' }],
  ['runs:/0a/a/b/', { kind: 'run', runId: '0a', path: 'a/b' }],
  ['models:/m', undefined],
  ['models:/m/v1', undefined],
  ['models:/m@a@b', undefined],
  ['models:/m/1/x', undefined],
  ['models:/', undefined],
  ['runs:/0a', undefined],
  ['s3://bucket/model', undefined],
])('%s is read as MLflow reads it', (uri, expected) => {
  if (expected !== undefined) expect(parseModelUri(uri)).toEqual(expected);
  else
    expect(() => parseModelUri(uri)).toThrowError(
      expect.objectContaining({ code: 'mlflow.model_uri_invalid', fault: 'user' }),
    );
});
