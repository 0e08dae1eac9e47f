/** A folder of `transformers` with a classifier of a few words, for tests of import. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type TinyModel, tinyOnnx } from './tiny-onnx.js';

const glad = ['love', 'great', 'happy', 'wonderful', 'amazing', 'fantastic', 'excited', 'best', 'thank'];
const sad = ['hate', 'worst', 'terrible', 'awful', 'sad', 'disappointed', 'broken', 'disgusting', 'lied'];
const plain = ['the', 'a', 'to', 'is', 'it', 'and', 'this', 'i', 'not', 'again'];
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...glad, ...sad, ...plain];

/** Logits of each token, for as many classes as there are feelings: -1 negative, 0 neutral, 1 positive. */
export function weightsOf(feelings: readonly number[]): number[][] {
  return vocabulary.map((word, i) => {
    const feeling = glad.includes(word) ? 1 : sad.includes(word) ? -1 : 0;
    return feelings.map((own) => 6 * own * feeling + (own === 0 ? 0.3 : 0) + i / 1000);
  });
}

export const tinyConfig = {
  model_type: 'bert',
  architectures: ['BertForSequenceClassification'],
  id2label: { 0: 'NEG', 1: 'NEU', 2: 'POS' } as Record<string, string> | undefined,
  max_position_embeddings: 64,
  vocab_size: vocabulary.length,
};

export const tinyTokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: vocabulary.slice(0, 4).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(vocabulary.map((word, i) => [word, i])),
  },
};

export interface TinyExport {
  config?: object;
  tokenizer?: object;
  model?: Partial<TinyModel>;
  /** Paths of the ONNX files. Default `model.onnx`. */
  onnx?: readonly string[];
}

/** The files of the folder, by path. */
export function tinyFiles({
  config,
  tokenizer,
  model,
  onnx = ['model.onnx'],
}: TinyExport = {}): Record<string, Buffer> {
  const network = tinyOnnx({ weights: weightsOf([-1, 0, 1]), ...model });
  return {
    'config.json': Buffer.from(JSON.stringify({ ...tinyConfig, ...config })),
    'tokenizer.json': Buffer.from(JSON.stringify({ ...tinyTokenizer, ...tokenizer })),
    'tokenizer_config.json': Buffer.from(JSON.stringify({ model_max_length: 1e30 })),
    ...Object.fromEntries(onnx.map((path) => [path, network])),
  };
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-import-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes the folder, and gives its path back. */
export function writeTiny(folder: string, what: TinyExport = {}): string {
  for (const [path, bytes] of Object.entries(tinyFiles(what))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

export function tinyFolder(what: TinyExport = {}): string {
  return writeTiny(join(temporaryFolder(), 'tiny'), what);
}
