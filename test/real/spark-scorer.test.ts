/** Scoring in the Python workers of a real Spark: the same labels and probabilities as our own workers give. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectSpark,
  mapArrow,
  type Relation,
  readPath,
  type SparkRow,
  type SparkSession,
  sparkExceptions,
  withRelations,
} from '../../src/engine/spark/connect/index.js';
import { assumedPython } from '../../src/engine/spark/python/on-workers.js';
import { workerFault } from '../../src/engine/spark/python/worker-fault.js';
import { bundleArtifact } from '../../src/engine/spark/scorer/bundle-artifact.js';
import { type BundleOnWorkers, scorerCommand } from '../../src/engine/spark/scorer/scorer-command.js';
import { ensureExperiment, logModel, openStore, registerModel } from '../../src/mlflow/index.js';
import { column } from '../../src/schema/column-types.js';
import { type Bundle, bundleFolder, loadBundle, openScorer, type Score } from '../../src/scoring/index.js';
import { makeBundle } from '../../src/scoring/making/make-bundle.js';
import { madeUpTexts } from '../scoring/made-up-texts.js';
import { writeTiny } from '../scoring/tiny-export.js';
import { mlflowPython, type RealMlflow, startMlflow } from './setup/mlflow.js';
import { type RealSpark, startSparkServer } from './setup/spark-server.js';

const columns = [column('id', 'long'), column('text', 'string'), column('scored_at', 'timestamp')];
const nasty = [
  '',
  ' ',
  'null',
  'so bad &amp; sad @you_ü http://x.y/?a=1 www.z',
  '&ampx;&#128512; &#x1F600; &notin; @@ab',
  '😀 👨‍👩‍👧 ü \u0085\u001c\ufeff\u3000end',
  'x'.repeat(100_000),
  'love '.repeat(500),
  'quote \' " \\ ` ; -- $1',
];

/** The interpreter of a session's workers. */
const workersPython = 'spark.sql.execution.pyspark.python';

let dir: string;
let server: RealSpark;
let spark: SparkSession;
let bundled: Bundle;

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-real-spark-scorer-')));
  server = await startSparkServer(dir);
  spark = await connectSpark(server.remote);
  bundled = await loadBundle(await bundleFolder('bundled'));
});
afterAll(async () => {
  await spark?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

interface Wanted {
  bundle?: BundleOnWorkers;
  model?: Bundle['model'];
  pythonVersion?: string;
}

async function scored(input: Relation, wanted: Wanted = {}): Promise<Relation> {
  const { command, ddl } = await scorerCommand({
    bundle: wanted.bundle ?? { path: bundled.folder },
    model: wanted.model ?? bundled.model,
    columns,
    text: 'text',
    worker: true,
  });
  const pythonVersion = wanted.pythonVersion ?? assumedPython;
  return mapArrow(input, {
    name: 'score',
    columns: columns.map(({ name }) => name),
    command,
    output: ddl,
    pythonVersion,
  });
}

/** Texts as a relation in `partitions` partitions; a null where the text is null. */
async function posts(texts: readonly (string | null)[], partitions = 2): Promise<Relation> {
  const rows = texts.map((text, id) => ({ id: BigInt(id), text }));
  const local = await spark.local(
    [
      { name: 'id', type: 'long', nullable: false },
      { name: 'text', type: 'string', nullable: true },
    ],
    rows,
  );
  const query = `SELECT /*+ REPARTITION(${partitions}) */ id, text, current_timestamp() AS scored_at FROM posts`;
  return withRelations(query, { posts: local });
}

/** The same scores in the order of the ids: the label of the highest probability, and that probability. */
function expectSame(rows: SparkRow[], ours: readonly Score[], model: string): void {
  expect(rows.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(ours.map((_, i) => i));
  for (const row of rows) {
    const { score, sentiment, probabilities } = ours[Number(row.id)]!;
    expect(Math.abs((row.predicted_score as number) - score), String(row.text)).toBeLessThan(0.1);
    const [first, second] = [...probabilities].sort((a, b) => b - a);
    // What both may call either way is a tie.
    if (first! - second! > 2e-3) expect(row.predicted_sentiment, String(row.text)).toBe(sentiment);
    expect(row.model).toBe(model);
  }
}

async function ourScores(bundle: Bundle, texts: readonly (string | null)[]): Promise<Score[]> {
  const scorer = await openScorer({ bundle });
  try {
    return await scorer.score(texts.map((text) => text ?? ''));
  } finally {
    await scorer.close();
  }
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it did not fail'),
    (e: unknown) => e,
  );

/** What the worker said, however deep Spark has put it. */
const faultOf = (e: unknown) =>
  workerFault(
    sparkExceptions(e)
      .map(({ message }) => message)
      .join('\n'),
  );

describe('in a batch', () => {
  it('scores 2,500 texts as our own workers do, with one load a worker', async () => {
    const texts = [...madeUpTexts(2500), ...nasty, null];
    const rows = await spark.rows(await scored(await posts(texts)));
    expectSame(rows, await ourScores(bundled, texts), 'murmur-minilm-tweets/1');
    expect(new Set(rows.map((row) => String(row.scored_at))).size).toBe(1);
    const again = await spark.rows(await scored(await posts(texts.slice(0, 200))));
    const workers = new Set([...rows, ...again].map((row) => row.worker));
    expect(workers.size).toBeLessThanOrEqual(4);
    expect([...rows, ...again].every((row) => row.loads === 1n)).toBe(true);
  });

  it('scores a text alone where a model needs that, and the classes of any naming', async () => {
    const source = writeTiny(join(dir, 'export'), { model: { dynamic: true } });
    const folder = join(dir, 'tiny');
    await makeBundle(source, { model: 'model.onnx', data: [] }, folder, {
      name: 'tiny',
      version: '1',
      preprocess: ['html_unescape', 'remove_mentions_word', 'links_to_http', 'fold_whitespace'],
      origin: { source },
    });
    const tiny = await loadBundle(folder);
    const texts = madeUpTexts(300);
    const rows = await spark.rows(
      await scored(await posts(texts), { bundle: { path: folder }, model: tiny.model }),
    );
    expectSame(rows, await ourScores(tiny, texts), 'tiny/1');
  });
});

describe('in a stream into Delta', () => {
  /** Streams a table of texts through the scorer into another. */
  async function streamed(name: string, wanted: Wanted): Promise<SparkRow[]> {
    const [from, to] = [join(dir, 'posts'), join(dir, name)];
    const read = readPath(from, { format: 'delta', streaming: true });
    const input = withRelations('SELECT id, text, current_timestamp() AS scored_at FROM stream', {
      stream: read,
    });
    const query = await spark.startStream(await scored(input, wanted), {
      name,
      sink: { path: to },
      checkpoint: join(dir, 'checkpoints', name),
      trigger: { kind: 'available_now' },
    });
    while (!(await query.awaitTermination(10_000)));
    const error = await query.exception();
    if (error !== undefined) throw error;
    return spark.rows(readPath(to, { format: 'delta' }));
  }

  const texts = [...madeUpTexts(400), null];
  let ours: Score[];
  beforeAll(async () => {
    ours = await ourScores(bundled, texts);
    await spark.write(withRelations('SELECT id, text FROM posts', { posts: await posts(texts) }), {
      path: join(dir, 'posts'),
    });
  });

  it('from a folder that the workers see; every row has the time of its batch', async () => {
    const rows = await streamed('by_path', {});
    expectSame(rows, ours, 'murmur-minilm-tweets/1');
    expect(new Set(rows.map((row) => String(row.scored_at))).size).toBe(1);
  });

  it('from a file that the session sent', async () => {
    const { name, data } = await bundleArtifact(bundled.folder, bundled.model.digest);
    await spark.addArtifact(`files/${name}`, data);
    expectSame(await streamed('by_artifact', { bundle: { artifact: name } }), ours, bundled.model.id);
  });

  it('fails with what to do where the bundle has changed', async () => {
    const folder = join(dir, 'changed');
    cpSync(bundled.folder, folder, { recursive: true });
    appendFileSync(join(folder, 'tokenizer.json'), ' ');
    const error = await failure(streamed('changed', { bundle: { path: folder } }));
    expect(faultOf(error)).toMatchObject({
      code: 'spark.bundle_altered',
      message: expect.stringContaining('tokenizer.json'),
    });
  });
});

describe('a model of the registry', () => {
  let mlflow: RealMlflow;
  beforeAll(async () => {
    mlflow = await startMlflow();
  });
  afterAll(() => mlflow?.close());

  it('is fetched by the workers themselves where they have mlflow', async () => {
    const store = openStore(mlflow.uri, { folder: dir });
    const { experimentId } = await ensureExperiment(store, 'spark');
    const run = await store.tracking.createRun({ experimentId, name: 'spark', startTime: Date.now() });
    const logged = await logModel(store, run, bundled.folder, { name: 'tweets' });
    await registerModel(store, logged, { name: 'tweets' });
    const texts = madeUpTexts(100);
    await spark.setConf({ [workersPython]: mlflowPython() });
    const bundle = { mlflow: 'models:/tweets/1', tracking: mlflow.uri };
    const rows = await spark.rows(await scored(await posts(texts), { bundle }));
    const missing = await failure(
      spark.rows(
        await scored(await posts(texts), {
          bundle: { ...bundle, mlflow: 'models:/tweets/7' },
        }),
      ),
    );
    await spark.unsetConf(workersPython);
    expectSame(rows, await ourScores(bundled, texts), bundled.model.id);
    expect(faultOf(missing)).toMatchObject({
      code: 'spark.bundle_missing',
      message: expect.stringContaining('models:/tweets/7'),
    });
  });
});

describe('what the workers lack is said, with the remedy', () => {
  const one = () => posts(['I love it'], 1);

  it('the packages', async () => {
    // A Python of this machine into which nobody has installed anything.
    await spark.setConf({ [workersPython]: join(dir, 'bare', 'bin', 'python') });
    execFileSync('python3', ['-m', 'venv', '--without-pip', join(dir, 'bare')]);
    const error = await failure(spark.rows(await scored(await one())));
    await spark.unsetConf(workersPython);
    expect(faultOf(error)).toMatchObject({
      code: 'spark.worker_package_missing',
      message: expect.stringMatching(/lacks a package: numpy \(.*bare.*Python 3\.\d+/),
      fix: expect.stringContaining('pip install numpy onnxruntime'),
    });
  });

  it('the Python version that was named', async () => {
    const error = await failure(spark.rows(await scored(await one(), { pythonVersion: '3.7' })));
    expect(error).toMatchObject({
      code: 'spark.python_version',
      context: { workerPython: expect.stringMatching(/^3\.\d+$/) },
    });
  });

  it('the bundle, or mlflow to fetch it', async () => {
    const nowhere = await failure(spark.rows(await scored(await one(), { bundle: { path: '/no/such' } })));
    expect(faultOf(nowhere)).toMatchObject({
      code: 'spark.bundle_missing',
      message: expect.stringContaining('/no/such/MLmodel'),
    });
    const unsent = await failure(spark.rows(await scored(await one(), { bundle: { artifact: 'a.tar' } })));
    expect(faultOf(unsent)).toMatchObject({ code: 'spark.bundle_missing' });
    const registry = await failure(
      spark.rows(await scored(await one(), { bundle: { mlflow: 'models:/tweets/1' } })),
    );
    expect(faultOf(registry)).toMatchObject({
      code: 'spark.worker_package_missing',
      message: expect.stringContaining('mlflow'),
    });
  });

  it('another model than the one that was asked for', async () => {
    const model = { ...bundled.model, digest: 'a'.repeat(64) };
    const error = await failure(spark.rows(await scored(await one(), { model })));
    expect(faultOf(error)).toMatchObject({ code: 'spark.bundle_altered' });
  });
});
