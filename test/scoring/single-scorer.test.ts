import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBundle } from '../../src/scoring/bundle.js';
import { makeBundle } from '../../src/scoring/making/make-bundle.js';
import { OnnxModel } from '../../src/scoring/onnx-model.js';
import { openScorer } from '../../src/scoring/open-scorer.js';
import { Tokenizer } from '../../src/scoring/tokenizer.js';
import { scorerContract } from '../contract/scorer.contract.js';
import { madeUpTexts } from './made-up-texts.js';
import { writeTiny } from './tiny-export.js';

/** A model whose activations are rounded by a scale of the whole batch. */
const place = mkdtempSync(join(tmpdir(), 'murmur-single-'));
const folder = join(place, 'bundle');

afterAll(() => rmSync(place, { recursive: true }));
beforeAll(() => {
  const source = writeTiny(join(place, 'export'), { model: { dynamic: true } });
  return makeBundle(source, { model: 'model.onnx', data: [] }, folder, {
    name: 'tiny',
    version: '1',
    preprocess: ['html_unescape', 'remove_mentions_word', 'links_to_http', 'fold_whitespace'],
    origin: { source },
  });
});

scorerContract('a model whose scale is that of the batch', (threads) =>
  openScorer({ bundle: folder, threads, cache: false }),
);

describe('the same model in batches', () => {
  it('would score a text by its neighbours', async () => {
    const bundle = await loadBundle(folder);
    const tokenizer = new Tokenizer(JSON.parse(readFileSync(bundle.files.tokenizer, 'utf8')), 64);
    const tokens = madeUpTexts(100).map((text) => tokenizer.encode(text));
    const scored = async (batching: 'free' | 'single') => {
      const config = { ...bundle.config, batching };
      const model = await OnnxModel.open({ ...bundle, config }, { threads: 1, padId: tokenizer.padId });
      try {
        return [...(await model.score(tokens)).probabilities];
      } finally {
        await model.release();
      }
    };
    const [free, single] = [await scored('free'), await scored('single')];
    expect(Math.max(...free.map((p, i) => Math.abs(p - single[i]!)))).toBeGreaterThan(1e-3);
  });
});
