/**
 * `training/export.py` in a Python of its own: bundles from folders of transformers, proven by Murmur and by torch.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBundle } from '../../src/scoring/bundle.js';
import { openScorer } from '../../src/scoring/open-scorer.js';
import { preprocessOf } from '../../src/scoring/preprocess.js';
import type { Score } from '../../src/scoring/scorer.js';
import { verifyBundle } from '../../src/scoring/verify-bundle.js';
import { sharedData } from '../e2e/murmur.js';
import { pythonWith } from '../real/setup/python.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const weights = join(sharedData, '..', 'model', 'hf');
const steps = ['html_unescape', 'remove_mentions_word', 'links_to_http', 'fold_whitespace'];
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function scored(bundle: string, texts: readonly string[]): Promise<Score[]> {
  const scorer = await openScorer({ bundle });
  try {
    return await scorer.score(texts);
  } finally {
    await scorer.close();
  }
}

function agreement(a: readonly Score[], b: readonly Score[]): number {
  return a.filter((score, i) => score.sentiment === b[i]!.sentiment).length / a.length;
}

describe.skipIf(!existsSync(weights))('training/export.py', () => {
  let dir: string;
  let python: string;
  let tweets: string[];
  const bundle = (name: string) => join(dir, name);
  const make = (source: string, name: string, ...more: string[]) =>
    execFileSync(python, [join(root, 'training', 'export.py'), source, '--to', bundle(name), ...more], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  beforeAll(() => {
    const lines = readFileSync(join(root, 'training', 'requirements.txt'), 'utf8').split('\n');
    python = pythonWith(
      'training',
      lines.filter((line) => line !== '' && !line.startsWith('#')),
    );
    dir = mkdtempSync(join(tmpdir(), 'murmur-export-'));
    cpSync(weights, join(dir, 'hf'), { recursive: true });
    const train = textsOf('semeval-train.tsv.gz', 2);
    tweets = train.slice(1000, 2000);
    writeFileSync(join(dir, 'calibrate.txt'), train.slice(0, 600).join('\n'));
    const options = ['--max-tokens', '128', '--preprocess', steps.join(',')];
    make(join(dir, 'hf'), 'int8', '--int8', '--calibrate', join(dir, 'calibrate.txt'), ...options);
    make(join(dir, 'hf'), 'fp32', '--fp32', ...options);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('makes bundles that are sound here: tokens exact, probabilities as in Python', async () => {
    for (const name of ['int8', 'fp32']) {
      const { cases, maxDifference } = await verifyBundle(bundle(name));
      expect(cases).toBe(65);
      expect(maxDifference).toBeLessThan(name === 'fp32' ? 1e-4 : 0.02);
      expect((await loadBundle(bundle(name))).config.batching).toBe('free');
    }
  });

  it('in int8 labels as the bundled model, whose weights these are', async () => {
    const own = await scored(bundle('int8'), tweets);
    expect(agreement(own, await scored('bundled', tweets))).toBeGreaterThanOrEqual(0.95);
    expect(agreement(own, await scored(bundle('fp32'), tweets))).toBeGreaterThanOrEqual(0.95);
  });

  it('in int8 scores a text by the text alone', async () => {
    const together = await scored(bundle('int8'), tweets.slice(0, 500));
    const scorer = await openScorer({ bundle: bundle('int8'), cache: false });
    try {
      for (const [i, text] of tweets.slice(0, 500).entries()) {
        const [alone] = await scorer.score([text]);
        alone!.probabilities.forEach((p, k) => {
          expect(Math.abs(p - together[i]!.probabilities[k]!)).toBeLessThan(1e-5);
        });
      }
    } finally {
      await scorer.close();
    }
  });

  it('in fp32 answers as torch does', async () => {
    const input = JSON.stringify(tweets.map(preprocessOf(steps)));
    const expected: number[][] = JSON.parse(
      execFileSync(python, [here('torch_probabilities.py'), join(dir, 'hf'), '128'], {
        input,
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const own = await scored(bundle('fp32'), tweets);
    const differences = own.map(({ probabilities }, i) =>
      Math.max(...probabilities.map((p, k) => Math.abs(p - expected[i]![k]!))),
    );
    expect(expected).toHaveLength(1000);
    expect(Math.max(...differences)).toBeLessThan(1e-3);
  });

  it.each([
    ['roberta', ['--int8', '--labels', 'negative,neutral,positive']],
    [
      'bertweet',
      ['--fp32', '--preprocess', 'html_unescape,mentions_to_USER,links_to_HTTPURL,fold_whitespace'],
    ],
  ])('exports the family of %s', async (family, options) => {
    if (!existsSync(join(dir, 'small', family))) {
      const input = JSON.stringify(
        textsOf('semeval-train.tsv.gz', 2).slice(2000, 6000).map(preprocessOf(steps)),
      );
      execFileSync(python, [here('make_small_models.py'), join(dir, 'small')], {
        input,
        stdio: ['pipe', 'inherit', 'inherit'],
      });
    }
    make(join(dir, 'small', family), family, '--calibrate', join(dir, 'calibrate.txt'), ...options);
    const { config, goldens } = await loadBundle(bundle(family));
    expect(config).toMatchObject({ max_tokens: 128, labels: ['negative', 'neutral', 'positive'] });
    expect(new Set(goldens.flatMap(({ inputIds }) => inputIds)).size).toBeGreaterThan(100);
    expect((await verifyBundle(bundle(family))).cases).toBe(65);
  });

  it('exports what the recipe of training/train.py trains, first a teacher, then with it', async () => {
    const data = join(dir, 'data');
    mkdirSync(data);
    for (const file of ['semeval-train.tsv.gz', 'sentiment140-100k.ndjson.gz', 'tweeteval-val.tsv.gz']) {
      writeFileSync(join(data, file), gzipSync(`${linesOf(file).slice(0, 300).join('\n')}\n`));
    }
    const train = (out: string, ...more: string[]) =>
      execFileSync(
        python,
        [
          ...[join(root, 'training', 'train.py'), '--base', join(dir, 'hf'), '--data', data],
          ...['--out', join(dir, out), '--epochs', '1', ...more],
        ],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
    train('teacher');
    train('student', '--teacher', join(dir, 'teacher'));
    make(join(dir, 'student'), 'trained', '--fp32', '--max-tokens', '128');
    const [love, hate] = await scored(bundle('trained'), ['I love this, so happy', 'I hate this, so sad']);
    expect([love!.sentiment, hate!.sentiment]).toEqual(['positive', 'negative']);
  });

  it.each([
    ['a folder that is there', () => ['hf', '--to', 'int8'], 'there already'],
    ['labels that do not fit', () => ['hf', '--to', 'new', '--labels', 'negative,positive'], '--labels'],
    ['no model', () => ['nothing', '--to', 'new'], 'config.json'],
  ])('refuses %s, and says why', (_, args, reason) => {
    const [source, ...more] = args();
    const to = more.indexOf('--to') + 1;
    more[to] = bundle(more[to]!);
    expect(() =>
      execFileSync(python, [join(root, 'training', 'export.py'), join(dir, source!), ...more], {
        stdio: 'pipe',
      }),
    ).toThrow(expect.toSatisfy((e) => String(e.stderr).includes(reason)));
  });

  it('agrees with the bundled model in fp32 as its README says', async () => {
    const texts = textsOf('tweeteval-val.tsv.gz', 1);
    expect(texts).toHaveLength(2000);
    const same = agreement(await scored('bundled', texts), await scored(bundle('fp32'), texts));
    expect(Math.abs(100 * same - 96.9)).toBeLessThanOrEqual(0.2);
  });
});

function linesOf(file: string): string[] {
  return gunzipSync(readFileSync(join(sharedData, file)))
    .toString('utf8')
    .split('\n');
}

/** The texts of a file of labelled tweets: what follows so many tabs. */
function textsOf(file: string, tabs: number): string[] {
  const lines = linesOf(file).filter((line) => line.split('\t').length > tabs);
  return lines.map((line) => line.split('\t').slice(tabs).join('\t'));
}
