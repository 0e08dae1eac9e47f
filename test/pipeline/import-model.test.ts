import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMurmurError, type MurmurError } from '../../src/base/errors.js';
import { packageRoot } from '../../src/base/package-root.js';
import { openStore } from '../../src/mlflow/index.js';
import {
  type ImportedModel,
  type ImportOptions,
  importModel,
} from '../../src/pipeline/model/import-model.js';
import { loadBundle } from '../../src/scoring/bundle.js';
import { openScorer } from '../../src/scoring/open-scorer.js';
import type { Score } from '../../src/scoring/scorer.js';
import { BundleCopy } from '../scoring/bundle-copy.js';
import {
  type TinyExport,
  temporaryFolder,
  tinyFolder,
  tinyTokenizer,
  weightsOf,
} from '../scoring/tiny-export.js';
import { tinyWeights } from '../scoring/tiny-onnx.js';

function imported(source: string, options: Partial<ImportOptions> = {}): Promise<ImportedModel> {
  return importModel(source, {
    models: join(temporaryFolder(), 'models'),
    openMlflow: () => openStore('', { folder: '/nowhere' }),
    ...options,
  });
}

async function refusal(work: Promise<unknown>): Promise<MurmurError> {
  const e = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isMurmurError(e)) throw new Error(`no refusal but ${e}`);
  return e;
}

async function scoresOf(bundle: string, texts: string[]): Promise<Score[]> {
  const scorer = await openScorer({ bundle, threads: 1, cache: false });
  try {
    return await scorer.score(texts);
  } finally {
    await scorer.close();
  }
}

describe('a folder of transformers', () => {
  it('becomes a verified bundle that scores', async () => {
    const models = join(temporaryFolder(), 'models');
    const result = await imported(tinyFolder(), { models, name: 'words' });
    expect(result).toMatchObject({ folder: join(models, 'words'), isNew: true });
    expect(result.model.labels).toEqual(['negative', 'neutral', 'positive']);
    expect(readdirSync(models)).toEqual(['words']);
    const { config } = await loadBundle(result.folder);
    expect(config).toMatchObject({ name: 'words', max_tokens: 64, batching: 'free', tolerance: 0.002 });
    const scores = await scoresOf(result.folder, ['I love this', 'I hate this', 'a   &quot;the&quot;']);
    expect(scores.map((score) => score.sentiment)).toEqual(['positive', 'negative', 'neutral']);
  });

  it('is the same bundle when it is imported again, and another one is not overwritten', async () => {
    const [folder, models] = [tinyFolder(), join(temporaryFolder(), 'models')];
    const clock = { now: () => 1_700_000_000_000, sleep: async () => {} };
    const first = await imported(folder, { models, clock });
    const again = await imported(folder, { models, clock });
    expect(again).toMatchObject({ isNew: false, folder: first.folder });
    expect(again.model.digest).toBe(first.model.digest);
    const e = await refusal(imported(folder, { models, maxTokens: 32 }));
    expect(e).toMatchObject({ code: 'model.folder_taken', fault: 'user' });
    expect((await loadBundle(first.folder)).config.max_tokens).toBe(64);
  });

  it('whose scale is that of the batch is scored one text at a time', async () => {
    const { folder } = await imported(tinyFolder({ model: { dynamic: true } }));
    expect((await loadBundle(folder)).config.batching).toBe('single');
  });

  it('keeps weights that lie in a file of any name, and is refused without that file', async () => {
    const source = tinyFolder({ model: { weightsIn: '5c0ffee5-uuid.data' } });
    expect(await refusal(imported(source))).toMatchObject({
      code: 'scoring.import_refused',
      message: expect.stringContaining('5c0ffee5-uuid.data, which is not beside it'),
    });
    writeFileSync(join(source, '5c0ffee5-uuid.data'), tinyWeights({ weights: weightsOf([-1, 0, 1]) }));
    const { folder } = await imported(source);
    expect(readdirSync(folder)).toContain('5c0ffee5-uuid.data');
    const [score] = await scoresOf(folder, ['I love this']);
    expect(score!.sentiment).toBe('positive');
    const outside = tinyFolder({ model: { weightsIn: '../secret' } });
    writeFileSync(join(outside, '..', 'secret'), tinyWeights({ weights: weightsOf([-1, 0, 1]) }));
    expect(await refusal(imported(outside))).toMatchObject({ code: 'scoring.import_refused' });
  });

  it('of five stars has three feelings, and their probabilities are added', async () => {
    const names = ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'];
    const { folder, model } = await imported(
      tinyFolder({
        config: { id2label: { ...names } },
        model: { weights: weightsOf([-1, -0.5, 0, 0.5, 1]) },
      }),
    );
    expect(model.labels).toEqual(['negative', 'neutral', 'positive']);
    const [score] = await scoresOf(folder, ['love']);
    expect(score!.sentiment).toBe('positive');
    const five = weightsOf([-1, -0.5, 0, 0.5, 1]);
    // [CLS] love [SEP]
    const logits = five[0]!.map((_, k) => (five[2]![k]! + five[4]![k]! + five[3]![k]!) / 3);
    const powers = logits.map(Math.exp);
    const sum = powers.reduce((a, b) => a + b);
    expect(score!.probabilities[0]).toBeCloseTo((powers[0]! + powers[1]!) / sum, 5);
    expect(score!.probabilities[2]).toBeCloseTo((powers[3]! + powers[4]!) / sum, 5);
  });

  it('of two classes, with token types, with an output of another name', async () => {
    const { folder, model } = await imported(
      tinyFolder({
        config: { id2label: { 0: 'POSITIVE', 1: 'NEGATIVE' } },
        model: {
          weights: weightsOf([1, -1]),
          inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
          output: 'output_0',
        },
      }),
    );
    expect(model.labels).toEqual(['positive', 'negative']);
    expect((await loadBundle(folder)).config).toMatchObject({
      inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
      output: 'output_0',
    });
    expect((await scoresOf(folder, ['awful']))[0]!.sentiment).toBe('negative');
  });

  it('whose positions begin behind the padding reads so many tokens less', async () => {
    const config = { model_type: 'roberta', max_position_embeddings: 130, pad_token_id: 1 };
    const { folder } = await imported(tinyFolder({ config }));
    expect((await loadBundle(folder)).config.max_tokens).toBe(128);
  });

  it('has its model below onnx/, in fp32 unless int8 is asked for', async () => {
    const source = tinyFolder({ onnx: ['onnx/model.onnx', 'onnx/model_quantized.onnx'] });
    const files = async (options: Partial<ImportOptions>) =>
      readdirSync((await imported(source, options)).folder);
    expect(await files({})).toContain('model.onnx');
    expect(await files({ onnx: 'int8' })).toContain('model_quantized.onnx');
    expect(await files({ onnx: 'onnx/model_quantized.onnx' })).toContain('model_quantized.onnx');
  });

  it.each<[string, TinyExport, Partial<ImportOptions>, string, string, string]>([
    [
      'no label map',
      { config: { id2label: undefined } },
      {},
      'scoring.import_refused',
      'config.json',
      '--labels',
    ],
    [
      'labels that say nothing',
      { config: { id2label: { 0: 'x', 1: 'y', 2: 'z' } } },
      {},
      'scoring.labels_unknown',
      '"x"',
      '--labels',
    ],
    [
      'a number too few',
      { config: { id2label: { 0: 'NEG', 2: 'POS' } } },
      {},
      'scoring.import_refused',
      'id2label',
      'id2label',
    ],
    [
      'two labels for three outputs',
      { config: { id2label: { 0: 'NEG', 1: 'POS' } } },
      {},
      'scoring.bundle_invalid',
      'output logits',
      'negative, positive',
    ],
    [
      'labels counted the other way round',
      {
        config: { id2label: { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' } },
        model: { weights: weightsOf([1, 0, -1]) },
      },
      {},
      'scoring.labels_unknown',
      'plainly positive texts',
      '--labels',
    ],
    [
      'another architecture',
      { config: { architectures: ['BertForMaskedLM'] } },
      {},
      'scoring.import_refused',
      'BertForMaskedLM',
      'sentiment',
    ],
    [
      'several classes a text',
      { config: { problem_type: 'multi_label_classification' } },
      {},
      'scoring.import_refused',
      'problem_type',
      'one class',
    ],
    [
      'the tokenizer of another model',
      { config: { vocab_size: 20 } },
      {},
      'scoring.import_refused',
      'tokenizer.json',
      'tokenizer',
    ],
    [
      'a tokenizer that is not known',
      { tokenizer: { model: { ...tinyTokenizer.model, type: 'Syllables' } } },
      {},
      'scoring.import_refused',
      'model.type',
      'anew',
    ],
    [
      'an unknown input',
      { model: { inputs: ['input_ids', 'attention_mask', 'pixel_values'] } },
      {},
      'scoring.import_refused',
      'pixel_values',
      'export.py',
    ],
    [
      'no length',
      { config: { max_position_embeddings: null } },
      {},
      'scoring.import_refused',
      'config.json',
      '--max-tokens',
    ],
    ['more tokens than it reads', {}, { maxTokens: 65 }, 'scoring.import_refused', '64', '--max-tokens'],
    ['an unknown step', {}, { preprocess: ['shout'] }, 'scoring.bundle_invalid', 'shout', 'Murmur'],
    ['no ONNX file', { onnx: [] }, {}, 'scoring.import_refused', 'no ONNX file', 'training/export.py'],
    [
      'another ONNX file than asked for',
      {},
      { onnx: 'int8' },
      'scoring.import_refused',
      'model_quantized.onnx',
      '--onnx model.onnx',
    ],
  ])('with %s is refused, and leaves nothing behind', async (_, what, options, code, reason, fix) => {
    const models = join(temporaryFolder(), 'models');
    const e = await refusal(imported(tinyFolder(what), { models, ...options }));
    expect(e).toMatchObject({ code, fault: 'user' });
    expect(e.message).toContain(reason);
    expect(e.fix).toContain(fix);
    expect(readdirSync(models)).toEqual([]);
  });

  it('without a label map is taken with what the user says', async () => {
    const { model } = await imported(tinyFolder({ config: { id2label: undefined } }), {
      labels: 'negative,neutral,positive',
    });
    expect(model.labels).toEqual(['negative', 'neutral', 'positive']);
  });

  it('with a broken file is refused by its name', async () => {
    const folder = tinyFolder();
    writeFileSync(join(folder, 'tokenizer.json'), '{');
    expect((await refusal(imported(folder))).message).toContain('tokenizer.json');
    rmSync(join(folder, 'tokenizer.json'));
    expect((await refusal(imported(folder))).fix).toContain('training/export.py');
    rmSync(join(folder, 'config.json'));
    expect((await refusal(imported(folder))).message).toContain('config.json');
  });
});

describe('a bundle', () => {
  it('is copied as it is', async () => {
    const { folder, model } = await imported(join(packageRoot(), 'models', 'bundled'), { name: 'mine' });
    expect(model.id).toBe('murmur-minilm-tweets/1');
    expect((await loadBundle(folder)).model.digest).toBe(
      (await loadBundle(join(packageRoot(), 'models', 'bundled'))).model.digest,
    );
  });

  it('with a changed file is refused', async () => {
    const copy = new BundleCopy().alter('config.json', (text) => text.replace('0.02', '0.9'));
    const models = join(temporaryFolder(), 'models');
    expect(await refusal(imported(copy.folder, { models }))).toMatchObject({
      code: 'scoring.bundle_altered',
      message: `altered file config.json in the model bundle ${copy.folder}`,
      fix: expect.stringContaining(copy.folder),
    });
    expect(readdirSync(models)).toEqual([]);
  });

  it('does not take the place of something else', async () => {
    const models = temporaryFolder();
    mkdirSync(join(models, 'tiny'));
    writeFileSync(join(models, 'tiny', 'notes.txt'), 'mine');
    expect(await refusal(imported(tinyFolder(), { models }))).toMatchObject({ code: 'model.folder_taken' });
    expect(readFileSync(join(models, 'tiny', 'notes.txt'), 'utf8')).toBe('mine');
  });

  it.each(['bundled', 'lexicon', '../up', '.hidden', ''])('is not called %j', async (name) => {
    expect(await refusal(imported(tinyFolder(), { name }))).toMatchObject({ code: 'model.name_invalid' });
  });

  it('that is nowhere is refused', async () => {
    expect(await refusal(imported('/no/such/folder'))).toMatchObject({ code: 'model.source_unknown' });
  });
});
