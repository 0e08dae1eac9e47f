/** `murmur model evaluate` and `compare`: by files and tables, on paper and in MLflow. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MlflowStore, openStore, type Run } from '../../src/mlflow/index.js';
import type { Comparison } from '../../src/operate/compare.js';
import type { TimedEvaluation } from '../../src/operate/evaluate.js';
import type { Logged } from '../../src/operate/evaluation-log.js';
import type { RescoringReport } from '../../src/operate/rescore/rescoring-report.js';
import { call, callFailure, callJson } from './call.js';

type Evaluated = TimedEvaluation & { mlflow: Logged | null };

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-evaluate-')));
const lake = join(dir, 'lake');
const here = { cwd: lake };
let store: MlflowStore;

beforeAll(async () => {
  const rows = [
    'great stuff\tpositive',
    'awful, I hate it\tnegative',
    'the table\tneutral',
    'so good\tnegative',
  ];
  writeFileSync(join(dir, 'rows.tsv'), `text\tlabel\n${rows.join('\n')}\n`);
  await callJson(['init', 'lake', '--sample', '60'], { cwd: dir });
  await callJson(['run', '--once'], here);
  store = openStore('', { folder: lake });
});
afterAll(() => {
  store?.close();
  rmSync(dir, { recursive: true, force: true });
});

const stored = (logged: Logged | null): Promise<Run> => store.tracking.getRun(logged!.run_id!);

describe('model evaluate', () => {
  it('logs what was judged, by which rows, how right it was, and the picture', async () => {
    const report = join(dir, 'report.html');
    const args = ['model', 'evaluate', 'lexicon', '--data', join(dir, 'rows.tsv'), '--html', report];
    const result = await callJson<Evaluated>(args, here);
    expect(result.mlflow).toMatchObject({ uri: store.uri, closed: true, fault: null });
    expect(readFileSync(report, 'utf8')).toMatch(/<h1>lexicon\/1<\/h1>[\s\S]*<svg/);
    const run = await stored(result.mlflow);
    expect(run).toMatchObject({
      status: 'FINISHED',
      name: 'evaluate lexicon/1',
      params: {
        model_name: 'lexicon',
        model_version: '1',
        data: 'rows.tsv',
        data_rows: '4',
        labels: 'words',
      },
      inputs: [{ name: 'rows.tsv', digest: expect.stringMatching(/^[0-9a-f]{32}$/), context: 'evaluation' }],
    });
    expect(run.params.data_digest).toBe(run.inputs[0]!.digest);
    expect(run.params.model_digest).toMatch(/^[0-9a-f]{64}$/);
    for (const key of ['accuracy', 'macro_recall', 'f1_positive', 'coverage'] as const) {
      expect(run.metrics[key]).toBe(result[key]);
    }
    expect(run.metrics['negative.recall']).toBe(result.per_class[0]!.recall);
    const files = store.artifacts(run.artifactUri);
    const names = (await files.list()).map(({ path }) => path);
    expect(names).toEqual([
      'confusion.json',
      'confusion.png',
      'evaluation.html',
      'evaluation.json',
      'slices.json',
    ]);
    expect(JSON.parse(Buffer.from(await files.read('confusion.json')).toString())).toEqual(result.confusion);
    expect(JSON.parse(Buffer.from(await files.read('slices.json')).toString())).toEqual(result.slices);
  });

  it('of a table judges what stands there, or scores it anew with the model that is named', async () => {
    const standing = await callJson<Evaluated>(['model', 'evaluate', '--table', 'gold'], here);
    const anew = await callJson<Evaluated>(['model', 'evaluate', 'lexicon', '--table', 'gold'], here);
    // The lexicon scored gold: the same posts, the same scores.
    expect(standing).toMatchObject({ model: 'lexicon/1', data: 'gold', rows: 60, seconds: null });
    expect(anew.confusion).toEqual(standing.confusion);
    expect(anew.seconds).not.toBeNull();
    expect(anew.roc_auc).not.toBeNull();
    expect((await stored(anew.mlflow)).inputs).toMatchObject([
      { name: 'gold', digest: 'v1', sourceType: 'delta_table', context: 'evaluation' },
    ]);
    const silver = await callJson<Evaluated>(['model', 'evaluate', 'lexicon', '--table', 'bronze'], here);
    expect(silver.confusion).toEqual(anew.confusion);
  });

  it('of a table that does not hold what it takes is refused with what to do', async () => {
    expect(await callFailure(['model', 'evaluate', '--table', 'silver'], here)).toMatchObject({
      code: 'operate.table_unfit',
      message: expect.stringContaining('it holds no scores'),
      fix: expect.stringContaining('murmur model evaluate bundled --table silver'),
    });
    const counts = ['model', 'evaluate', 'lexicon', '--table', 'application'];
    expect(await callFailure(counts, here)).toMatchObject({
      code: 'operate.table_unfit',
      message: expect.stringContaining('no column text'),
    });
  });

  it('reads labels as the lake says', async () => {
    const told = join(dir, 'told');
    await callJson(['init', 'told', '--sample', '0'], { cwd: dir });
    writeFileSync(join(told, 'murmur.yaml'), 'labels: { bad: negative, good: positive }\n');
    const posts = ['good', 'bad', 'good'].map((sentiment, id) =>
      JSON.stringify({ id: String(id), text: 'great', sentiment }),
    );
    writeFileSync(join(told, 'landing', 'posts.ndjson'), `${posts.join('\n')}\n`);
    await callJson(['run', '--once'], { cwd: told });
    const evaluated = await callJson<Evaluated>(['model', 'evaluate', '--table', 'gold'], { cwd: told });
    expect(evaluated).toMatchObject({ labels: 'given', evaluated: 3, recall_positive: 1 });
    writeFileSync(join(told, 'murmur.yaml'), '');
    expect(await callFailure(['model', 'evaluate', '--table', 'gold'], { cwd: told })).toMatchObject({
      code: 'operate.ambiguous_labels',
      message: expect.stringContaining('bad, good'),
    });
  });

  it('is not logged where it is switched off, nor outside of a lake unless a server is named', async () => {
    const args = ['model', 'evaluate', 'lexicon', '--data', join(dir, 'rows.tsv')];
    expect((await callJson<Evaluated>([...args, '--no-mlflow'], here)).mlflow).toBeNull();
    const off = { ...here, env: { MURMUR_MLFLOW: 'off' } };
    expect((await callJson<Evaluated>(args, off)).mlflow).toBeNull();
    expect((await callJson<Evaluated>(args, { cwd: dir })).mlflow).toBeNull();
    expect(existsSync(join(dir, 'mlruns'))).toBe(false);
    const env = { MLFLOW_TRACKING_URI: join(dir, 'elsewhere'), MLFLOW_EXPERIMENT_NAME: 'mine' };
    const { mlflow } = await callJson<Evaluated>(args, { cwd: dir, env });
    const elsewhere = openStore(join(dir, 'elsewhere'), { folder: dir });
    expect(await elsewhere.tracking.experimentByName('mine')).toBeDefined();
    expect((await elsewhere.tracking.getRun(mlflow!.run_id!)).metrics.coverage).toBe(1);
    elsewhere.close();
  });

  it('whose MLflow is gone says so, and gives its result', async () => {
    const env = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:1', MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
    const args = ['model', 'evaluate', 'lexicon', '--data', join(dir, 'rows.tsv')];
    const { mlflow, coverage } = await callJson<Evaluated>(args, { cwd: dir, env });
    expect(coverage).toBe(1);
    expect(mlflow).toMatchObject({ closed: false, run_id: null, fault: expect.any(String) });
    expect((await call(args, { cwd: dir, env })).stderr).toContain('not logged to MLflow');
  });
});

it.each([
  ['model', 'evaluate', 'lexicon', '--data'],
  ['model', 'compare', 'lexicon', 'bundled', '--data'],
])('%s %s tells that a report cannot be written before it scores a row', async (...args) => {
  for (const html of [join(dir, 'nowhere', 'report.html'), lake]) {
    // The data is read after the report's place is looked at.
    expect(await callFailure([...args, join(dir, 'no.tsv'), '--html', html], here)).toMatchObject({
      code: 'cli.report_unwritable',
      message: expect.stringContaining(html),
    });
  }
});

describe('model compare', () => {
  it('is one run with the measures of each model, the tests, and the report', async () => {
    const args = ['model', 'compare', 'lexicon', 'lexicon', '--data', join(dir, 'rows.tsv')];
    const result = await callJson<Comparison & { mlflow: Logged }>(args, here);
    const run = await stored(result.mlflow);
    expect(run).toMatchObject({
      name: 'compare lexicon/1 / lexicon/1',
      params: { model_1: 'lexicon/1', model_2: 'lexicon/1', data: 'rows.tsv' },
      metrics: {
        'model_1.accuracy': result.models[0]!.accuracy,
        'model_2.accuracy': result.models[0]!.accuracy,
        'pair_1_2.agreement': 1,
      },
      inputs: [{ name: 'rows.tsv' }],
    });
    const files = store.artifacts(run.artifactUri);
    expect(Buffer.from(await files.read('comparison.html')).toString()).toContain('By more than chance?');
    expect((await files.list('confusion')).map(({ path }) => path)).toContain('confusion/model_2.png');
  });
});

describe('model rescore', () => {
  it('makes a table that SQL knows, and says what changed', async () => {
    const report = join(dir, 'rescored.html');
    const args = ['model', 'rescore', 'lexicon', '--into', 'gold_v2'];
    const result = await callJson<RescoringReport & { mlflow: Logged }>([...args, '--html', report], here);
    expect(result).toMatchObject({
      into: 'gold_v2',
      from: 'gold',
      model: 'lexicon/1',
      agreement: 1,
      posts: 60,
    });
    const counted = await callJson<object>(['sql', 'select count(*) n from gold_v2'], here);
    expect(counted).toMatchObject([{ n: result.rows }]);
    expect((await call(['table', 'ls'], here)).stdout).toContain('gold_v2');
    expect(readFileSync(report, 'utf8')).toContain('What became what');
    const run = await stored(result.mlflow);
    expect(run).toMatchObject({
      name: 'rescore gold_v2 / lexicon/1',
      params: { model: 'lexicon', model_name: 'lexicon', into: 'gold_v2', against: 'gold version 1' },
      metrics: {
        agreement: 1,
        posts: 60,
        macro_recall: result.measured!.new[0]!.macro_recall,
        'before.macro_recall': result.measured!.old[0]!.macro_recall,
      },
      inputs: [{ name: 'gold', digest: 'v1', context: 'rescoring' }],
    });
    const files = await store.artifacts(run.artifactUri).list();
    expect(files.map(({ path }) => path).sort()).toEqual([
      'changes.json',
      'changes.png',
      'rescoring.html',
      'rescoring.json',
    ]);
    expect((await call([...args, '--no-mlflow'], here)).stdout).toMatch(/agree +100\.0 % of 60 posts/);
    expect(await callFailure(['model', 'rescore', 'lexicon', '--into', 'gold'], here)).toMatchObject({
      code: 'operate.bad_table_name',
    });
  });
});
