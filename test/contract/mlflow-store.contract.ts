/** What every MLflow store must do. Each implementation runs this suite, a real server too. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveModel } from '../../src/mlflow/model-uri.js';
import type { Batch, Experiment, MlflowStore, Run, RunSearch } from '../../src/mlflow/store.js';

/** @param open a store that may hold other things already */
export function mlflowStoreContract(name: string, open: () => Promise<MlflowStore>): void {
  describe(`MLflow store contract: ${name}`, () => {
    let store: MlflowStore;
    let experiment: Experiment;
    beforeAll(async () => {
      store = await open();
      experiment = await store.tracking.createExperiment({
        name: unique('contract'),
        tags: { team: 'ä 😀' },
      });
    });
    afterAll(() => store?.close());

    const start = Date.UTC(2031, 0, 1);
    const newRun = (change: { name?: string; startTime?: number; tags?: Record<string, string> } = {}) =>
      store.tracking.createRun({
        experimentId: experiment.experimentId,
        name: 'a run',
        startTime: start,
        user: 'ann',
        ...change,
      });
    const found = async (search: Omit<RunSearch, 'experimentIds'>) =>
      (await all(store.tracking.searchRuns({ experimentIds: [experiment.experimentId], ...search }))).map(
        (run) => run.runId,
      );

    it('makes an experiment once, and finds it by name', async () => {
      const again = store.tracking.createExperiment({ name: experiment.name });
      await expect(again).rejects.toMatchObject({ code: 'mlflow.already_exists', fault: 'user' });
      expect(await store.tracking.experimentByName(experiment.name)).toEqual(experiment);
      expect(experiment.tags).toMatchObject({ team: 'ä 😀' });
      expect(await store.tracking.experimentByName(unique('none'))).toBeUndefined();
      const names = (await all(store.tracking.searchExperiments())).map((one) => one.name);
      expect(names).toContain(experiment.name);
    });

    it('lets one of many makers of an experiment win', async () => {
      const contested = unique('contested');
      const made = await Promise.allSettled(
        Array.from({ length: 8 }, () => store.tracking.createExperiment({ name: contested })),
      );
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('keeps a run from its start to its end', async () => {
      const run = await newRun({
        name: 'first',
        tags: { lake: 'L', text: 'two\nlines, \'quoted\' "twice" 😀' },
      });
      expect(run).toMatchObject({ name: 'first', status: 'RUNNING', startTime: start, endTime: undefined });
      expect(run.experimentId).toBe(experiment.experimentId);
      await store.tracking.updateRun(run.runId, { status: 'FINISHED', endTime: start + 5000 });
      const read = await store.tracking.getRun(run.runId);
      expect(read).toMatchObject({ name: 'first', status: 'FINISHED', endTime: start + 5000 });
      expect(read.tags).toMatchObject({
        lake: 'L',
        text: 'two\nlines, \'quoted\' "twice" 😀',
        'mlflow.user': 'ann',
        'mlflow.runName': 'first',
      });
      await store.tracking.updateRun(run.runId, { status: 'KILLED' });
      expect(await store.tracking.getRun(run.runId)).toMatchObject({
        status: 'KILLED',
        endTime: start + 5000,
      });
    });

    it('knows what it does not have', async () => {
      const absent = { code: 'mlflow.not_found', fault: 'user' };
      const { tracking } = store;
      const id = randomUUID().replaceAll('-', '');
      await expect(tracking.getRun(id)).rejects.toMatchObject(absent);
      await expect(tracking.updateRun(id, { status: 'FAILED' })).rejects.toMatchObject(absent);
      await expect(tracking.logBatch(id, { tags: { a: 'b' } })).rejects.toMatchObject(absent);
      await expect(tracking.getLoggedModel(`m-${id}`)).rejects.toMatchObject(absent);
      await expect(
        tracking.createRun({ experimentId: '123456789', name: 'x', startTime: start }),
      ).rejects.toMatchObject(absent);
    });

    it('keeps params as first written, tags as last written', async () => {
      const { runId } = await newRun();
      await store.tracking.logBatch(runId, { params: { a: '1', 'b.c-d_e': '' }, tags: { state: 'old' } });
      await store.tracking.logBatch(runId, { params: { a: '1' }, tags: { state: 'new' } });
      const changed = store.tracking.logBatch(runId, { params: { a: '2' } });
      await expect(changed).rejects.toMatchObject({ code: 'mlflow.param_changed', fault: 'user' });
      const { params, tags } = await store.tracking.getRun(runId);
      expect(params).toEqual({ a: '1', 'b.c-d_e': '' });
      expect(tags.state).toBe('new');
    });

    it('takes more at once than one call of a server does', async () => {
      const { runId } = await newRun();
      const params = Object.fromEntries(Array.from({ length: 230 }, (_, i) => [`p${i}`, `v${i}`]));
      const tags = Object.fromEntries(Array.from({ length: 210 }, (_, i) => [`t${i}`, `v${i}`]));
      const metrics = Array.from({ length: 2500 }, (_, step) => ({
        key: 'loss',
        value: 1 / (step + 1),
        timestamp: start + step,
        step,
      }));
      await store.tracking.logBatch(runId, { params, tags, metrics });
      const run = await store.tracking.getRun(runId);
      expect(run.params).toEqual(params);
      expect(run.tags).toMatchObject(tags);
      expect(run.metrics.loss).toBe(1 / 2500);
      expect(await store.tracking.metricHistory(runId, 'loss')).toEqual(metrics);
    });

    it('keeps every point of a metric, and shows the one with the highest step', async () => {
      const { runId } = await newRun();
      const points = [
        { key: 'f1', value: 0.5, timestamp: start + 2, step: 2 },
        { key: 'f1', value: -1.25e-7, timestamp: start, step: 0 },
        { key: 'f1', value: Number.NaN, timestamp: start + 1, step: 1 },
        { key: 'f1', value: Number.POSITIVE_INFINITY, timestamp: start + 1, step: -1 },
      ];
      await store.tracking.logBatch(runId, { metrics: points });
      await store.tracking.logBatch(runId, { metrics: points.slice(0, 1) });
      const history = await store.tracking.metricHistory(runId, 'f1');
      expect(history.map(({ step }) => step)).toEqual([-1, 0, 1, 2]);
      expect(history.map(({ value }) => value)).toEqual([Number.MAX_VALUE, -1.25e-7, Number.NaN, 0.5]);
      expect(history.map(({ timestamp }) => timestamp - start)).toEqual([1, 0, 1, 2]);
      expect((await store.tracking.getRun(runId)).metrics).toEqual({ f1: 0.5 });
      expect(await store.tracking.metricHistory(runId, 'none')).toEqual([]);
    });

    it.each<[string, Batch]>([
      ['a metric', { metrics: [{ key: 'a/b', value: 1, timestamp: start, step: 0 }] }],
      ['a tag', { tags: { '../up': 'x' } }],
      ['a param', { params: { '': 'x' } }],
      ['a long param', { params: { long: 'x'.repeat(6001) } }],
      ['a long tag', { tags: { long: 'x'.repeat(8001) } }],
      ['a broken step', { metrics: [{ key: 'a', value: 1, timestamp: start, step: 0.5 }] }],
    ])('refuses %s that MLflow does not take, whole', async (_, batch) => {
      const { runId, ...before } = await newRun();
      const refused = store.tracking.logBatch(runId, { ...batch, params: { good: '1', ...batch.params } });
      await expect(refused).rejects.toMatchObject({ code: 'mlflow.value_invalid', fault: 'user' });
      expect((await store.tracking.getRun(runId)).params).toEqual(before.params);
    });

    it('searches runs by what they are, page by page', async () => {
      const mark = unique('mark');
      const runs: Run[] = [];
      for (let i = 0; i < 5; i++) {
        const run = await newRun({ startTime: start + i, tags: { mark } });
        runs.push(run);
        const metrics = i === 3 ? [] : [{ key: 'score', value: i / 10, timestamp: start, step: 0 }];
        await store.tracking.logBatch(run.runId, { metrics, params: { parity: i % 2 ? 'odd' : 'even' } });
      }
      await store.tracking.updateRun(runs[4]!.runId, { status: 'FINISHED' });
      const marked = { of: 'tag', key: 'mark', is: '=', value: mark } as const;
      const ids = (...indexes: number[]) => indexes.map((i) => runs[i]!.runId);

      expect(await found({ where: [marked], pageSize: 2 })).toEqual(ids(4, 3, 2, 1, 0));
      const param = { of: 'param', key: 'parity', is: '=', value: 'odd' } as const;
      expect(await found({ where: [marked, param] })).toEqual(ids(3, 1));
      const metric = { of: 'metric', key: 'score', is: '>=', value: 0.1 } as const;
      expect(await found({ where: [marked, metric] })).toEqual(ids(4, 2, 1));
      const running = { of: 'attribute', key: 'status', is: '=', value: 'RUNNING' } as const;
      expect(await found({ where: [marked, running] })).toEqual(ids(3, 2, 1, 0));
      const since = { of: 'attribute', key: 'start_time', is: '>', value: start + 2 } as const;
      expect(await found({ where: [marked, since] })).toEqual(ids(4, 3));
      const best = { of: 'metric', key: 'score', descending: true } as const;
      expect(await found({ where: [marked], orderBy: [best] })).toEqual(ids(4, 2, 1, 0, 3));
      const other = { of: 'tag', key: 'mark', is: '!=', value: mark } as const;
      expect(await found({ where: [other] })).toEqual([]);
      expect(await found({ where: [{ ...marked, value: "it's" }] })).toEqual([]);
    });

    it('keeps what a run read', async () => {
      const { runId } = await newRun();
      const silver = {
        name: 'silver',
        digest: '12',
        sourceType: 'delta_table',
        source: '{"path":"/lake/silver","delta_table_version":12}',
        schema: '{"mlflow_colspec":[]}',
        profile: '{"num_rows":1000}',
        context: 'evaluation',
      };
      const bronze = { name: 'bronze', digest: '3', sourceType: 'delta_table', source: '{"path":"/lake/b"}' };
      await store.tracking.logInputs(runId, [silver, bronze]);
      const { inputs } = await store.tracking.getRun(runId);
      expect([...inputs].sort((a, b) => (a.name < b.name ? 1 : -1))).toEqual([silver, bronze]);
    });

    it('keeps files, from bytes and from disk, at any depth', async () => {
      const { artifactUri } = await newRun();
      const artifacts = store.artifacts(artifactUri);
      const folder = await mkdtemp(join(tmpdir(), 'murmur-mlflow-'));
      try {
        const big = Buffer.alloc(3_000_000, 'murmur');
        await writeFile(join(folder, 'big'), big);
        expect(await artifacts.list()).toEqual([]);
        await artifacts.put('report.json', Buffer.from('{"old":1}'));
        await artifacts.put('report.json', Buffer.from('{"ok":true}'));
        await artifacts.put("a b/ü & 😀 [1]+=;'.txt", Buffer.from('odd'));
        await artifacts.put('a b/empty', Buffer.alloc(0));
        await artifacts.upload(join(folder, 'big'), 'a b/deep/big');
        expect(await artifacts.list()).toEqual([
          { path: 'a b', isFolder: true, size: undefined },
          { path: 'report.json', isFolder: false, size: 11 },
        ]);
        // A server leaves out a size of 0.
        expect((await artifacts.list('a b')).map((file) => ({ size: 0, ...defined(file) }))).toEqual([
          { path: 'a b/deep', isFolder: true, size: 0 },
          { path: 'a b/empty', isFolder: false, size: 0 },
          { path: "a b/ü & 😀 [1]+=;'.txt", isFolder: false, size: 3 },
        ]);
        expect(await artifacts.list('none')).toEqual([]);
        expect(Buffer.from(await artifacts.read('report.json')).toString()).toBe('{"ok":true}');
        expect(Buffer.from(await artifacts.read("a b/ü & 😀 [1]+=;'.txt")).toString()).toBe('odd');
        await artifacts.download('a b/deep/big', join(folder, 'back'));
        expect((await readFile(join(folder, 'back'))).equals(big)).toBe(true);
        await artifacts.download('a b/empty', join(folder, 'empty'));
        expect(await readFile(join(folder, 'empty'))).toHaveLength(0);
        await expect(artifacts.read('none')).rejects.toMatchObject({ code: 'mlflow.not_found' });
        await expect(artifacts.download('none', join(folder, 'none'))).rejects.toMatchObject({
          code: 'mlflow.not_found',
        });
        for (const outside of ['../x', '/etc/passwd', 'a/../../x', '', '%2e%2e/x', 'a#b', 'a?b', 'a\\b'])
          await expect((async () => artifacts.read(outside))()).rejects.toMatchObject({
            code: 'mlflow.value_invalid',
          });
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('refuses artifacts that lie where it cannot reach', () => {
      expect(() => store.artifacts('s3://bucket/1/artifacts')).toThrowError(
        expect.objectContaining({ code: 'mlflow.artifacts_unsupported', fault: 'user' }),
      );
    });

    it('keeps a logged model, its files and its measures', async () => {
      const { runId } = await newRun();
      const model = await newModel(runId);
      expect(model).toMatchObject({ name: 'sentiment', status: 'PENDING', runId });
      await store.artifacts(model.artifactUri).put('MLmodel', Buffer.from('flavors: {}\n'));
      await store.tracking.logOutputs(runId, [{ modelId: model.modelId, step: 0 }]);
      await store.tracking.logInputs(runId, [
        { name: 'gold', digest: '7', sourceType: 'delta_table', source: '{}' },
      ]);
      const dataset = { name: 'gold', digest: '7' };
      const point = {
        key: 'macro_f1',
        value: 0.7,
        timestamp: start,
        step: 3,
        modelId: model.modelId,
        dataset,
      };
      await store.tracking.logBatch(runId, { metrics: [point] });
      await store.tracking.finalizeLoggedModel(model.modelId, 'READY');

      const read = await store.tracking.getLoggedModel(model.modelId);
      expect(read).toMatchObject({ status: 'READY', params: { labels: '3' }, tags: { kind: 'test' } });
      expect(read.metrics).toMatchObject([{ key: 'macro_f1', value: 0.7, step: 3, dataset }]);
      const run = await store.tracking.getRun(runId);
      expect(run.outputs).toEqual([{ modelId: model.modelId, step: 0 }]);
      expect(run.metrics).toEqual({ macro_f1: 0.7 });
      expect(await resolveModel(store, `models:/${model.modelId}`)).toMatchObject({
        location: model.artifactUri,
      });
      expect(await resolveModel(store, `runs:/${runId}/sentiment`)).toMatchObject({
        location: model.artifactUri,
      });
    });

    it('registers versions, and moves an alias between them', async () => {
      const { registry } = store;
      const { runId, artifactUri } = await newRun();
      const logged = await newModel(runId);
      const model = unique('model');
      expect(await registry.getModel(model)).toBeUndefined();
      await expect(registry.createVersion({ name: model, source: artifactUri, runId })).rejects.toMatchObject(
        {
          code: 'mlflow.not_found',
        },
      );
      await registry.createModel({ name: model, description: 'words', tags: { task: 'sentiment' } });
      await expect(registry.createModel({ name: model })).rejects.toMatchObject({
        code: 'mlflow.already_exists',
      });
      const first = await registry.createVersion({
        name: model,
        source: `models:/${logged.modelId}`,
        modelId: logged.modelId,
        runId,
        description: 'the first',
        tags: { f1: '0.7' },
      });
      const second = await registry.createVersion({ name: model, source: `${artifactUri}/model`, runId });
      expect([first.version, second.version]).toEqual(['1', '2']);
      expect(first).toMatchObject({ name: model, runId, description: 'the first', tags: { f1: '0.7' } });
      expect((await all(registry.searchVersions(model))).map((v) => v.version)).toEqual(['2', '1']);
      expect(await all(registry.searchVersions(unique('none')))).toEqual([]);
      expect((await all(registry.searchModels())).map((m) => m.name)).toContain(model);

      expect(await registry.versionByAlias(model, 'champion')).toBeUndefined();
      await registry.setAlias(model, 'champion', '1');
      expect(await registry.versionByAlias(model, 'champion')).toMatchObject({ version: '1' });
      expect(await resolveModel(store, `models:/${model}@champion`)).toMatchObject({
        location: logged.artifactUri,
        registered: { name: model, version: '1' },
      });
      await registry.setAlias(model, 'champion', '2');
      expect(await registry.versionByAlias(model, 'champion')).toMatchObject({
        version: '2',
        aliases: ['champion'],
      });
      expect(await resolveModel(store, `models:/${model}@champion`)).toMatchObject({
        location: `${artifactUri}/model`,
        registered: { name: model, version: '2' },
      });
      expect((await registry.getModel(model))!).toMatchObject({
        description: 'words',
        tags: { task: 'sentiment' },
        aliases: { champion: '2' },
      });
      expect((await registry.getVersion(model, '1'))!.aliases).toEqual([]);
      await registry.deleteAlias(model, 'champion');
      await registry.deleteAlias(model, 'champion');
      expect(await registry.versionByAlias(model, 'champion')).toBeUndefined();
      await expect(registry.setAlias(model, 'champion', '9')).rejects.toMatchObject({
        code: 'mlflow.not_found',
      });
      await expect(registry.setAlias(model, 'v1', '1')).rejects.toMatchObject({
        code: 'mlflow.value_invalid',
      });

      await registry.setModelTag(model, 'owner', 'ann');
      await registry.setVersionTag(model, '1', 'approved', 'yes');
      expect((await registry.getModel(model))!.tags).toMatchObject({ owner: 'ann', task: 'sentiment' });
      expect((await registry.getVersion(model, '1'))!.tags).toMatchObject({ approved: 'yes', f1: '0.7' });
      expect(await registry.getVersion(model, '3')).toBeUndefined();
      expect(await resolveModel(store, `models:/${model}/1`)).toMatchObject({ location: logged.artifactUri });
      expect(await resolveModel(store, `models:/${model}/latest`)).toMatchObject({
        registered: { version: '2' },
      });
      for (const none of [`models:/${model}@champion`, `models:/${model}/9`, `models:/${unique('no')}/1`]) {
        await expect(resolveModel(store, none)).rejects.toMatchObject({ code: 'mlflow.model_unknown' });
      }
    });

    it('numbers versions without a gap when several are made at once', async () => {
      const { artifactUri: source, runId } = await newRun();
      const model = unique('crowd');
      await store.registry.createModel({ name: model });
      const made = await Promise.all(
        Array.from({ length: 3 }, () => store.registry.createVersion({ name: model, source, runId })),
      );
      expect(made.map(({ version }) => version).sort()).toEqual(['1', '2', '3']);
    });

    function newModel(runId: string) {
      return store.tracking.createLoggedModel({
        experimentId: experiment.experimentId,
        name: 'sentiment',
        runId,
        modelType: 'onnx',
        params: { labels: '3' },
        tags: { kind: 'test' },
      });
    }
  });
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Partial<T>;
}

export function unique(name: string): string {
  return `${name}-${randomUUID().slice(0, 8)}`;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
