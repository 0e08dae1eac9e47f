import { openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isMurmurError, type MurmurError } from '../../src/base/errors.js';
import { loadBundle } from '../../src/scoring/bundle.js';
import { bundleFolder } from '../../src/scoring/bundle-folder.js';
import { openScorer } from '../../src/scoring/open-scorer.js';
import { BundleCopy } from './bundle-copy.js';

async function refusal(work: Promise<unknown>): Promise<MurmurError> {
  const e = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isMurmurError(e)) throw new Error(`no refusal but ${e}`);
  return e;
}

const bundleFiles = ['MLmodel', 'README.md', 'config.json', 'golden.json', 'model.onnx', 'tokenizer.json'];

describe('a model bundle', () => {
  it('says which model it is', async () => {
    const bundle = await loadBundle(await bundleFolder('bundled'));
    expect(bundle.model.id).toBe('murmur-minilm-tweets/1');
    expect(bundle.model.labels).toEqual(['negative', 'neutral', 'positive']);
    expect(bundle.config).toMatchObject({ max_tokens: 128, batching: 'free', tolerance: 0.02 });
  });

  it('has another digest when a file is another one', async () => {
    const before = await loadBundle(await bundleFolder('bundled'));
    const after = await loadBundle(new BundleCopy().remake('README.md', (text) => `${text}\n`).folder);
    expect(after.model.digest).not.toBe(before.model.digest);
    expect((await loadBundle(new BundleCopy().folder)).model.digest).toBe(before.model.digest);
  });

  it('that is not there is told from one that lacks a file', async () => {
    const e = await refusal(openScorer({ bundle: '/no/such/bundle' }));
    expect(e).toMatchObject({ code: 'scoring.bundle_missing', context: { folder: '/no/such/bundle' } });
    expect(e.message).toBe('no model bundle, and no folder: /no/such/bundle');
  });

  it.each(bundleFiles)('without %s is refused', async (file) => {
    const copy = new BundleCopy();
    rmSync(copy.path(file));
    const e = await refusal(openScorer({ bundle: copy.folder }));
    expect(e).toMatchObject({ code: 'scoring.bundle_missing', fault: 'external', context: { file } });
    expect(e.fix).toBeDefined();
  });

  it('in which one byte of the model is another one is refused', async () => {
    const copy = new BundleCopy();
    const at = 12_345_678;
    const byte = readFileSync(copy.path('model.onnx'))[at]! ^ 1;
    writeSync(openSync(copy.path('model.onnx'), 'r+'), Buffer.of(byte), 0, 1, at);
    const e = await refusal(openScorer({ bundle: copy.folder }));
    expect(e).toMatchObject({ code: 'scoring.bundle_altered', context: { file: 'model.onnx' } });
  });

  it('whose labels were exchanged is refused', async () => {
    const copy = new BundleCopy().alter('config.json', (text) =>
      text.replace('"negative", "neutral", "positive"', '"positive", "neutral", "negative"'),
    );
    expect(await refusal(loadBundle(copy.folder))).toMatchObject({
      code: 'scoring.bundle_altered',
      context: { file: 'config.json' },
    });
  });

  it.each([
    ['an unknown preprocessing step', 'config.json', '"links_to_http"', '"links_to_url"', 'links_to_url'],
    ['a label twice', 'config.json', '"neutral"', '"positive"', 'labels'],
    ['no tolerance', 'config.json', '"tolerance": 0.02', '"other": 1', 'tolerance'],
    ['broken JSON', 'config.json', '}', '', 'config.json'],
  ])('with %s is refused', async (_, file, from, to, named) => {
    const copy = new BundleCopy().remake(file, (text) => text.replace(from, to));
    const e = await refusal(loadBundle(copy.folder));
    expect(e.code).toBe('scoring.bundle_invalid');
    expect(e.message).toContain(named);
  });

  it.each([
    ['no flavor of ours', (text: string) => text.replace('  murmur:', '  another:')],
    [
      'a file outside',
      (text: string) => text.replace('tokenizer: tokenizer.json', 'tokenizer: ../tokenizer.json'),
    ],
    ['no digest of the model', (text: string) => text.replace(/ +model\.onnx: [0-9a-f]+\n/, '')],
    ['no YAML', () => '{ flavors: ['],
  ])('whose MLmodel has %s is refused', async (_, change) => {
    const copy = new BundleCopy().alter('MLmodel', change);
    expect(await refusal(loadBundle(copy.folder))).toMatchObject({
      code: 'scoring.bundle_invalid',
      context: { file: 'MLmodel' },
    });
  });

  it('with other golden tokens or probabilities is refused once it is loaded', async () => {
    const tokens = new BundleCopy().remake('golden.json', (text) => text.replace('2293, 2023', '2293, 2024'));
    const probabilities = new BundleCopy().remake('golden.json', (text) =>
      text.replace('"int8": [0.07828', '"int8": [0.17828'),
    );
    for (const copy of [tokens, probabilities]) {
      const scorer = await openScorer({ bundle: copy.folder, threads: 1 });
      const early = await refusal(scorer.ready());
      expect(early).toMatchObject({
        code: 'scoring.golden_mismatch',
        fault: 'external',
        context: { case: 1 },
      });
      expect(await refusal(scorer.score(['hello']))).toMatchObject({ code: 'scoring.golden_mismatch' });
      await scorer.close();
    }
  });

  it('whose model is no model is refused once it is loaded', async () => {
    const copy = new BundleCopy().remake('model.onnx', () => 'no model');
    const scorer = await openScorer({ bundle: copy.folder, threads: 1 });
    expect(await refusal(scorer.ready())).toMatchObject({ code: 'scoring.bundle_invalid', fault: 'user' });
    await scorer.close();
  });
});
