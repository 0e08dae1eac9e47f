/** `model: hf:owner/name` of a lake: imported when it is first asked for, and never asked for again. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLake } from '../../src/pipeline/open.js';
import { FakeHub } from '../hub/fake-hub.js';
import { temporaryFolder, tinyFiles } from '../scoring/tiny-export.js';

const written = 'hf:someone/tiny-tweets';

async function startHub(files = tinyFiles({})): Promise<FakeHub> {
  const hub = await FakeHub.start('someone/tiny-tweets', files);
  onTestFinished(() => hub.close());
  return hub;
}

function makeLake(): string {
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'landing'));
  return dir;
}

/** Reads what has landed, once. @returns the rows of gold */
async function run(dir: string, hub: FakeHub, model = written) {
  const spec = { model, mlflow: 'off', streams: { gold: { threads: 1 } } };
  const lake = await openLake({ dir, spec }, { env: { HF_ENDPOINT: hub.url } });
  try {
    await lake.run({ until: 'idle' }).done;
    const { rows } = await lake.sql('SELECT "text", predicted_sentiment, model FROM gold ORDER BY "text"');
    return rows as { text: string; predicted_sentiment: string; model: string }[];
  } finally {
    await lake.close();
  }
}

function land(dir: string, ...texts: string[]): void {
  const lines = texts.map((text) => `${JSON.stringify({ id: text, text })}\n`);
  writeFileSync(join(dir, 'landing', `${texts.length}.ndjson`), lines.join(''));
}

it('scores, and a restart needs no hub', async () => {
  const dir = makeLake();
  const hub = await startHub();
  land(dir, 'i love it');
  const first = { text: 'i love it', predicted_sentiment: 'positive', model: 'tiny-tweets/c0ffee01' };
  expect(await run(dir, hub)).toEqual([first]);
  const asked = hub.requests.length;
  expect(asked).toBeGreaterThan(0);
  expect(readFileSync(join(dir, 'models', 'tiny-tweets', 'MLmodel'), 'utf8')).toContain(
    `murmur.source: ${written}`,
  );
  hub.refuse('/', { status: 500 });
  land(dir, 'i hate it', 'the worst');
  expect((await run(dir, hub)).map(({ text, predicted_sentiment }) => [text, predicted_sentiment])).toEqual([
    ['i hate it', 'negative'],
    ['i love it', 'positive'],
    ['the worst', 'negative'],
  ]);
  expect(hub.requests.length).toBe(asked);
});

it('is not mistaken for a model of the same name from elsewhere', async () => {
  const dir = makeLake();
  const hub = await startHub();
  land(dir, 'i love it');
  await run(dir, hub);
  await expect(run(dir, hub, `${written}@v1`)).rejects.toMatchObject({
    code: 'model.of_another_source',
    fault: 'user',
    message: expect.stringContaining(`is of ${written}`),
    fix: expect.stringContaining(`murmur model import ${written}@v1 --name NAME`),
  });
});

it('that cannot be imported by itself names the command that asks for what is missing', async () => {
  const dir = makeLake();
  const names = { id2label: { 0: 'A', 1: 'B', 2: 'C' } };
  const hub = await startHub(tinyFiles({ config: names }));
  await expect(run(dir, hub)).rejects.toMatchObject({
    code: 'scoring.labels_unknown',
    fix: expect.stringMatching(/--labels.*murmur model import hf:someone\/tiny-tweets/s),
  });
  hub.refuse('/', { status: 403 });
  await expect(run(dir, hub)).rejects.toMatchObject({ code: expect.stringMatching(/^hub\./) });
});
