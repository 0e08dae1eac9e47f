/**
 * The life of a model on a real MLflow server, through the command line: registered, streamed with, evaluated; what Python's
 * client reads of that, what Python predicts with our bundle, a model that Python logged, and a server that dies mid-run.
 */
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/base/package-root.js';
import type { RunSummary } from '../../src/index.js';
import type { MlflowRunStatus } from '../../src/lake/control-protocol.js';
import type { Comparison } from '../../src/operate/compare.js';
import type { Evaluation } from '../../src/operate/evaluation.js';
import type { Logged } from '../../src/operate/evaluation-log.js';
import type { ImportedModel } from '../../src/pipeline/model/import-model.js';
import { type BundleConfig, openScorer } from '../../src/scoring/index.js';
import { killGroup, murmur, murmurJson, start } from '../e2e/murmur.js';
import { madeUpTexts } from '../scoring/made-up-texts.js';
import { type RealMlflow, runPython, startMlflow } from './setup/mlflow.js';
import { haveTweets, textsOf, tweetLines } from './tweets.js';

interface SeenRun {
  name: string;
  status: string;
  params: Record<string, string>;
  metrics: Record<string, number>;
  tags: Record<string, string>;
  steps: Record<string, number[]>;
  inputs: [name: string, digest: string, sourceType: string][];
  artifacts: Record<string, string | [format: string, width: number, height: number, colours: number]>;
}

interface Seen {
  runs: Record<string, SeenRun>;
  version: { version: string; aliases: string[]; source: string };
  /** What stands on the page of the model, by the run that measured it. */
  measured: Record<string, Record<string, number>>;
  predictions: Record<string, number | string>[];
}

const dir = mkdtempSync(join(tmpdir(), 'murmur-models-'));
const lake = join(dir, 'lake');
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const bundled = join(packageRoot(), 'models', 'bundled');
const { preprocess: steps } = JSON.parse(readFileSync(join(bundled, 'config.json'), 'utf8')) as BundleConfig;
let server: RealMlflow;
const here = () => ({
  cwd: lake,
  env: { MLFLOW_TRACKING_URI: server.uri, MLFLOW_EXPERIMENT_NAME: 'murmur', MURMUR_MODEL_POLL: '1s' },
});

beforeAll(async () => {
  server = await startMlflow();
  await murmurJson(['init', 'lake', '--sample', '400'], { cwd: dir });
  writeFileSync(join(lake, 'murmur.yaml'), 'model: models:/sentiment@champion\npage: { token: a-secret }\n');
  const rows = Array.from({ length: 60 }, (_, i) =>
    i % 3 === 0
      ? 'what a lovely day\tpositive'
      : i % 3 === 1
        ? 'I hate this\tnegative'
        : 'the bus at ten\tneutral',
  );
  writeFileSync(join(dir, 'rows.tsv'), `text\tlabel\n${rows.join('\n')}\n`);
});
afterAll(async () => {
  await server?.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('from registering to evaluating', () => {
  let texts: string[];
  let summary: RunSummary;
  let evaluation: Evaluation & { mlflow: Logged };
  let comparison: Comparison & { mlflow: Logged };
  let seen: Seen;
  beforeAll(async () => {
    await murmurJson(['model', 'register', 'bundled', '--name', 'sentiment', '--alias', 'champion'], here());
    summary = await murmurJson(['run', '--once'], here());
    const data = ['--data', join(dir, 'rows.tsv')];
    evaluation = await murmurJson(['model', 'evaluate', ...data], here());
    comparison = await murmurJson(
      ['model', 'compare', 'models:/sentiment@champion', 'lexicon', ...data],
      here(),
    );
    texts = haveTweets ? textsOf(tweetLines(1_000)) : madeUpTexts(1_000);
    const file = join(dir, 'texts.json');
    writeFileSync(file, JSON.stringify(texts));
    const runs = [summary.mlflow!.run_id!, evaluation.mlflow.run_id!, comparison.mlflow.run_id!];
    const wanted = { runs, model: 'models:/sentiment@champion', texts: file };
    seen = await runPython<Seen>(script('read_runs.py'), [server.uri, JSON.stringify(wanted)]);
  });

  it('Python reads the run of the pipeline', () => {
    expect(summary.mlflow).toMatchObject({ uri: server.uri, closed: true });
    const run = seen.runs[summary.mlflow!.run_id!]!;
    expect(run).toMatchObject({
      status: 'FINISHED',
      params: {
        model: 'models:/sentiment@champion',
        model_name: 'sentiment',
        model_version: '1',
        mentions: 'twitter',
        'neutral.id': 'null',
      },
      metrics: { 'gold.input_posts': 400, coverage: 1, evaluated: 400 },
      tags: { 'murmur.model_uri': 'models:/sentiment/1' },
    });
    expect(run.inputs).toEqual(['bronze', 'gold', 'silver'].map((name) => [name, 'v1', 'delta_table']));
    expect(run.steps['gold.posts_per_second']!.length).toBeGreaterThan(0);
    expect(JSON.stringify(run)).not.toContain('a-secret');
    const [format, width, height, colours] = run.artifacts['confusion.png'] as [
      string,
      number,
      number,
      number,
    ];
    expect([format, width > 400, height > 400, colours > 10]).toEqual(['PNG', true, true, true]);
    const { counts } = JSON.parse(run.artifacts['confusion.json'] as string);
    expect(counts.flat().reduce((a: number, b: number) => a + b)).toBe(400);
  });

  it('Python reads evaluation and comparison, and the measures on the page of the model', () => {
    const run = seen.runs[evaluation.mlflow.run_id!]!;
    expect(run.metrics).toMatchObject({
      macro_recall: evaluation.macro_recall,
      accuracy: evaluation.accuracy,
      coverage: 1,
    });
    expect(run.inputs).toEqual([['rows.tsv', expect.stringMatching(/^[0-9a-f]{32}$/), 'local']]);
    expect(JSON.parse(run.artifacts['confusion.json'] as string)).toEqual(evaluation.confusion);
    expect((run.artifacts['confusion.png'] as unknown[])[0]).toBe('PNG');
    expect(seen.measured[evaluation.mlflow.run_id!]).toMatchObject({
      macro_recall: evaluation.macro_recall,
    });
    expect(seen.measured[summary.mlflow!.run_id!]).toMatchObject({ coverage: 1, evaluated: 400 });
    expect(seen.version).toMatchObject({ version: '1', aliases: ['champion'] });
    const compared = seen.runs[comparison.mlflow.run_id!]!;
    expect(compared.metrics).toMatchObject({
      'model_1.macro_recall': comparison.models[0]!.macro_recall,
      'model_2.macro_recall': comparison.models[1]!.macro_recall,
    });
    expect(compared.artifacts['comparison.html']).toContain('By more than chance?');
  });

  it('Python predicts with our bundle what we do, for 1,000 texts', async () => {
    const scorer = await openScorer({ bundle: bundled });
    const ours = await scorer.score(texts).finally(() => scorer.close());
    expect(seen.predictions).toHaveLength(texts.length);
    const differing = ours.flatMap(({ sentiment, probabilities }, i) => {
      const theirs = seen.predictions[i]!;
      const [first, second] = [...probabilities].sort((a, b) => b - a) as [number, number];
      const isTie = first - second < 1e-3;
      const far = scorer.model.labels.some(
        (label, l) => Math.abs(probabilities[l]! - Number(theirs[label])) > 1e-3,
      );
      return far || (sentiment !== theirs.sentiment && !isTie)
        ? [{ text: texts[i], theirs, probabilities }]
        : [];
    });
    expect(differing).toEqual([]);
  });
});

it('a model that Python logged and registered scores here', async () => {
  await runPython(script('log_bundle.py'), [server.uri, bundled, 'theirs', 'champion']);
  const args = ['model', 'score', 'what a lovely day', '--model'];
  const theirs = await murmurJson<object>([...args, 'models:/theirs@champion'], here());
  expect(theirs).toEqual(await murmurJson<object>([...args, 'bundled'], here()));
});

describe('a network that Python logged with its onnx flavour', () => {
  const imported = ['model', 'import', '--preprocess', steps.join(','), '--max-tokens', '128'];
  let runId: string;
  beforeAll(async () => {
    const files = join(dir, 'beside');
    mkdirSync(files);
    cpSync(join(bundled, 'tokenizer.json'), join(files, 'tokenizer.json'));
    const config = {
      model_type: 'bert',
      id2label: { 0: 'NEG', 1: 'NEU', 2: 'POS' },
      max_position_embeddings: 512,
    };
    writeFileSync(join(files, 'config.json'), JSON.stringify(config));
    const args = [server.uri, join(bundled, 'model.onnx'), files, 'network'];
    ({ run_id: runId } = await runPython<{ run_id: string }>(script('log_onnx.py'), args));
  });

  it.each([
    ['the registry', () => 'models:/network/2'],
    ['its run', () => `runs:/${runId}/classifier`],
  ])('becomes a bundle out of %s, with the files of its tokenizer beside it', async (_, source) => {
    const { folder, model } = await murmurJson<ImportedModel>(
      [...imported, source(), '--name', `network-${_.replace(' ', '-')}`],
      here(),
    );
    expect(model.labels).toEqual(['negative', 'neutral', 'positive']);
    const texts = ['what a lovely day', 'I hate this', 'the bus at ten'];
    const [ours, theirs] = await Promise.all(
      [bundled, folder].map(async (bundle) => {
        const scorer = await openScorer({ bundle });
        return scorer.score(texts).finally(() => scorer.close());
      }),
    );
    expect(theirs!.map(({ sentiment }) => sentiment)).toEqual(['positive', 'negative', 'neutral']);
    theirs!.forEach(({ probabilities }, i) => {
      for (const [c, p] of probabilities.entries()) {
        expect(p).toBeCloseTo(ours![i]!.probabilities[c]!, 4);
      }
    });
  });

  it('alone is refused with what is missing, and the stream says to import it', async () => {
    const alone = await murmur([...imported, 'models:/network/1', '--json'], here());
    expect([alone.code, JSON.parse(alone.stderr).error]).toMatchObject([
      1,
      {
        code: 'scoring.import_refused',
        message: expect.stringContaining('config.json: not in models:/network/1'),
        fix: expect.stringContaining('log_model_artifacts'),
      },
    ]);
    const streamed = await murmur(['model', 'score', 'hi', '--model', 'models:/network/2', '--json'], here());
    expect([streamed.code, JSON.parse(streamed.stderr).error]).toMatchObject([
      1,
      { fix: expect.stringContaining('murmur model import models:/network/2') },
    ]);
  });
});

describe('a server that dies mid-run', () => {
  let child: ChildProcess | undefined;
  afterAll(() => child && killGroup(child));

  it('stops nothing, is told in the status, and gets the whole run when it is back', async () => {
    child = start(['run', '--no-page'], here());
    child.stdin!.end();
    type Status = {
      mlflow?: MlflowRunStatus | null;
      streams: { name: string; totals: { output_posts: number } }[];
    };
    const status = async () => JSON.parse((await murmur(['status', '--json'], here())).stdout) as Status;
    const until = async (holds: (status: Status) => boolean) => {
      for (const end = Date.now() + 150_000; ; await sleep(500)) {
        const now = await status().catch(() => undefined);
        if (now !== undefined && holds(now)) return now;
        if (Date.now() > end) throw new Error(`never came: ${JSON.stringify(now)}`);
      }
    };
    const begun = await until(({ mlflow }) => mlflow?.runId != null);
    await server.down();
    const posts = Array.from({ length: 50 }, (_, i) =>
      JSON.stringify({ id: `late-${i}`, text: `late ${i}`, date: '2026-01-01' }),
    );
    writeFileSync(join(lake, 'landing', 'late.ndjson'), `${posts.join('\n')}\n`);
    await until(({ streams }) => streams.find(({ name }) => name === 'gold')!.totals.output_posts === 50);
    await until(({ mlflow }) => mlflow?.away != null);
    await server.up();
    await until(({ mlflow }) => mlflow?.away === null);
    expect((await murmur(['stop', '--all'], here())).code).toBe(0);
    const runId = begun.mlflow!.runId!;
    const { runs } = await runPython<Seen>(script('read_runs.py'), [
      server.uri,
      JSON.stringify({ runs: [runId] }),
    ]);
    expect(runs[runId]).toMatchObject({ status: 'FINISHED', metrics: { 'gold.input_posts': 50 } });
    // Points of the time without a server are there too.
    expect(runs[runId]!.steps['gold.input_posts']!.length).toBeGreaterThan(1);
  });
});
