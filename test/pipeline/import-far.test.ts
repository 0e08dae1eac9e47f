import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isMurmurError, type MurmurError } from '../../src/base/errors.js';
import { packageRoot } from '../../src/base/package-root.js';
import { ensureExperiment, logModel, openStore, registerModel } from '../../src/mlflow/index.js';
import { importModel } from '../../src/pipeline/model/import-model.js';
import { loadBundle } from '../../src/scoring/bundle.js';
import { FakeHub } from '../hub/fake-hub.js';
import { temporaryFolder, tinyFiles } from '../scoring/tiny-export.js';

const name = 'someone/tiny-tweets';

async function startHub(files: Readonly<Record<string, Buffer>>): Promise<FakeHub> {
  const hub = await FakeHub.start(name, files);
  onTestFinished(() => hub.close());
  return hub;
}

async function refusal(work: Promise<unknown>): Promise<MurmurError> {
  const e = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isMurmurError(e)) throw new Error(`no refusal but ${e}`);
  return e;
}

function fromHub(hub: FakeHub, options: { models?: string; onnx?: string; uri?: string } = {}) {
  const { models = join(temporaryFolder(), 'models'), uri = `hf:${name}`, ...rest } = options;
  const openMlflow = () => openStore('', { folder: '/nowhere' });
  return importModel(uri, { models, openMlflow, env: { HF_ENDPOINT: hub.url }, ...rest });
}

describe('a model of the hub', () => {
  it('becomes a bundle that says which commit it is', async () => {
    const hub = await startHub({
      ...tinyFiles({ onnx: ['onnx/model.onnx'] }),
      'model.safetensors': Buffer.from('not wanted'),
    });
    const { folder, model } = await fromHub(hub, { uri: `hf:${name}@v1` });
    expect(model.id).toBe('tiny-tweets/c0ffee01');
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('commit c0ffee0123456789');
    expect(card).toContain('Licence: mit');
    expect(hub.requests.join()).not.toContain('safetensors');
  });

  it('may be a bundle already', async () => {
    const bundled = join(packageRoot(), 'models', 'bundled');
    const files = Object.fromEntries(
      readdirSync(bundled).map((file) => [file, readFileSync(join(bundled, file))]),
    );
    const { model } = await fromHub(await startHub({ ...files, '.gitattributes': Buffer.from('*.onnx') }));
    expect(model).toEqual((await loadBundle(bundled)).model);
  });

  it.each([
    ['no ONNX file', 'model.onnx', 'no ONNX file', 'training/export.py'],
    ['no tokenizer.json', 'tokenizer.json', 'tokenizer.json: not in hf:', 'training/export.py'],
  ])('with %s is refused before anything is downloaded', async (_, without, reason, fix) => {
    const { [without]: _missing, ...files } = tinyFiles();
    const hub = await startHub(files);
    const e = await refusal(fromHub(hub));
    expect(e).toMatchObject({ code: 'scoring.import_refused', fault: 'user' });
    expect(e.message).toContain(reason);
    expect(e.fix).toContain(fix);
    expect(hub.requests.join()).not.toContain('/resolve/');
  });

  it('whose labels say nothing is refused before its weights are downloaded', async () => {
    const hub = await startHub(tinyFiles({ config: { id2label: { 0: 'x', 1: 'y', 2: 'z' } } }));
    expect(await refusal(fromHub(hub))).toMatchObject({ code: 'scoring.labels_unknown' });
    expect(hub.farRequests).toEqual([]);
  });

  it('that comes with other bytes leaves nothing behind', async () => {
    const hub = await startHub(tinyFiles());
    hub.spoils = (bytes) => Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)]);
    const models = join(temporaryFolder(), 'models');
    expect(await refusal(fromHub(hub, { models }))).toMatchObject({ code: 'hub.transfer_broken' });
    expect(readdirSync(models)).toEqual([]);
  });
});

describe('a model of MLflow', () => {
  it('is imported by version, by alias and by run', async () => {
    const folder = temporaryFolder();
    const bundled = join(packageRoot(), 'models', 'bundled');
    const store = openStore('', { folder });
    const { experimentId } = await ensureExperiment(store, 'tests');
    const run = await store.tracking.createRun({ experimentId, name: 'one', startTime: 1, tags: {} });
    const logged = await logModel(store, run, bundled, { name: 'words' });
    const { version } = await registerModel(store, logged, { name: 'tweets' });
    await store.registry.setAlias('tweets', 'champion', version);
    await store.close();

    const { model } = await loadBundle(bundled);
    for (const [uri, own] of [
      [`models:/tweets/${version}`, 'tweets'],
      ['models:/tweets@champion', 'tweets'],
      [`runs:/${run.runId}/words`, 'words'],
    ] as const) {
      const models = join(temporaryFolder(), 'models');
      const result = await importModel(uri, { models, openMlflow: () => openStore('', { folder }) });
      expect(result).toMatchObject({
        folder: join(models, own),
        model: { id: model.id, digest: model.digest },
      });
    }
    const e = await refusal(
      importModel('models:/tweets@nobody', { models: folder, openMlflow: () => openStore('', { folder }) }),
    );
    expect(e).toMatchObject({ code: 'mlflow.model_unknown', fault: 'user' });
  });
});
