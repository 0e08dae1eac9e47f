/** Versions and aliases of a registry, on a server and in a folder alike. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/base/package-root.js';
import type { MlflowStore } from '../../src/mlflow/index.js';
import { openStore } from '../../src/mlflow/index.js';
import { listModels, promote, registerBundle, rollback } from '../../src/operate/model-registry.js';
import { loadBundle } from '../../src/scoring/index.js';
import { FakeServer } from '../mlflow/fake-server.js';
import { BundleCopy } from '../scoring/bundle-copy.js';

let server: FakeServer;
let folder: string;
beforeEach(async () => {
  server = await FakeServer.start();
  folder = mkdtempSync(join(tmpdir(), 'murmur-registry-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

describe.each(['a folder', 'a server'])('on %s', (kind) => {
  const open = () =>
    openStore(kind === 'a folder' ? '' : server.uri, {
      folder,
      env: { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' },
    });

  /** Versions without files: enough for who moves aliases. */
  async function versions(store: MlflowStore, count: number): Promise<void> {
    await store.registry.createModel({ name: 'm' });
    for (let i = 0; i < count; i++)
      await store.registry.createVersion({ name: 'm', source: 'file:///nowhere' });
  }

  it('rollback goes back one version each time, and says when there is none', async () => {
    const store = open();
    await versions(store, 3);
    await expect(rollback(store, 'm', 'champion')).rejects.toThrow('m@champion: there is no such alias');
    for (const version of ['1', '2', '3']) await promote(store, 'm', version, 'champion');
    expect(await promote(store, 'm', '3', 'champion')).toMatchObject({ from: '3', to: '3' });
    expect(await rollback(store, 'm', 'champion')).toEqual({
      name: 'm',
      alias: 'champion',
      from: '3',
      to: '2',
    });
    expect(await rollback(store, 'm', 'champion')).toMatchObject({ from: '2', to: '1' });
    await expect(rollback(store, 'm', 'champion')).rejects.toMatchObject({
      code: 'operate.no_version_before',
    });
    expect((await store.registry.versionByAlias('m', 'champion'))!.version).toBe('1');
    const [model] = await listModels(store);
    expect(
      model!.versions.map(({ version, aliases, tags }) => [
        version,
        aliases,
        Object.keys(tags)
          .filter((tag) => tag.endsWith('.champion'))
          .sort(),
      ]),
    ).toEqual([
      ['3', [], ['murmur.promoted.champion', 'murmur.rolled_back.champion']],
      ['2', [], ['murmur.promoted.champion', 'murmur.rolled_back.champion']],
      ['1', ['champion'], ['murmur.promoted.champion']],
    ]);
    await promote(store, 'm', '3', 'champion');
    expect(await rollback(store, 'm', 'champion')).toMatchObject({ from: '3', to: '1' });
  });

  it('an alias that somebody else moved goes back to where Murmur had left it', async () => {
    const store = open();
    await versions(store, 3);
    await promote(store, 'm', '1', 'champion');
    await store.registry.setAlias('m', 'champion', '3');
    expect(await rollback(store, 'm', 'champion')).toMatchObject({ from: '3', to: '1' });
    await store.registry.setAlias('m', 'champion', '2');
    await promote(store, 'm', '3', 'champion');
    expect(await rollback(store, 'm', 'champion')).toMatchObject({ from: '3', to: '2' });
    expect(await rollback(store, 'm', 'champion')).toMatchObject({ from: '2', to: '1' });
  });

  it('lists the measures of one evaluation: the newest that judged something', async () => {
    const store = open();
    const { experimentId } = await store.tracking.createExperiment({ name: 'e' });
    const run = await store.tracking.createRun({ experimentId, name: 'r', startTime: 1 });
    const { modelId } = await store.tracking.createLoggedModel({
      experimentId,
      name: 'm',
      runId: run.runId,
    });
    await store.registry.createModel({ name: 'm' });
    await store.registry.createVersion({ name: 'm', source: `models:/${modelId}`, runId: run.runId });
    const measure = (timestamp: number, name: string, values: Record<string, number>) =>
      store.tracking.logBatch(run.runId, {
        metrics: Object.entries(values).map(([key, value]) => ({
          ...{ key, value, timestamp, step: 0, modelId },
          dataset: { name, digest: `digest-of-${name}` },
        })),
      });
    const listed = async () => {
      const [model] = await listModels(store);
      const { metrics, data } = model!.versions[0]!;
      return { metrics, data };
    };
    await measure(1, 'first.tsv', { evaluated: 9, coverage: 1, accuracy: 0.9, roc_auc: 0.95 });
    await measure(2, 'second.tsv', { evaluated: 5, coverage: 0.5, accuracy: 0.6 });
    const second = { metrics: { evaluated: 5, coverage: 0.5, accuracy: 0.6 }, data: 'second.tsv' };
    expect(await listed()).toEqual(second);
    await measure(3, 'unlabelled.tsv', { evaluated: 0, coverage: 0 });
    expect(await listed()).toEqual(second);
    await measure(4, 'first.tsv', { evaluated: 9, coverage: 1, accuracy: 0.8, roc_auc: 0.95 });
    expect(await listed()).toMatchObject({ metrics: { accuracy: 0.8, roc_auc: 0.95 }, data: 'first.tsv' });
  });

  it('a version that is not there cannot be promoted', async () => {
    const store = open();
    await expect(promote(store, 'm', '1', 'champion')).rejects.toMatchObject({
      code: 'operate.no_such_version',
      fix: expect.stringContaining('murmur model register'),
    });
    await versions(store, 2);
    await expect(promote(store, 'm', '7', 'champion')).rejects.toMatchObject({ fix: 'versions are 1, 2' });
  });
});

it('a bundle is registered when it is sound, with what it is; else nothing is written', async () => {
  const store = openStore('', { folder });
  const bundle = await loadBundle(join(packageRoot(), 'models', 'bundled'));
  const made = await registerBundle(store, bundle, { name: 'sentiment' });
  expect(made).toMatchObject({ version: '1', tags: { 'murmur.digest': bundle.model.digest } });
  expect(await store.tracking.getRun(made.runId!)).toMatchObject({ status: 'FINISHED' });

  const other = new BundleCopy().remake('golden.json', (text) =>
    text.replace('"input_ids": [101', '"input_ids": [102'),
  );
  await expect(
    registerBundle(store, await loadBundle(other.folder), { name: 'sentiment' }),
  ).rejects.toMatchObject({
    code: 'scoring.golden_mismatch',
  });
  const [model] = await listModels(store);
  expect(model!.versions).toHaveLength(1);
});
