/** What a bundle is to say of a foreign model, as far as its small files and the user know: the weights are not needed yet. */
import { preprocessOf } from '../preprocess.js';
import { Tokenizer } from '../tokenizer.js';
import { goldenTexts } from './golden-texts.js';
import { type LabelMap, labelMap } from './label-map.js';
import { importRefused } from './refusal.js';
import { readTransformersExport, type TransformersExport } from './transformers-export.js';

export interface SettingOptions {
  /** What the classes mean, where their names do not say it (see `labelMap`). */
  labels?: string | undefined;
  /** Tokens read at most. Default: what the model can read. */
  maxTokens?: number | undefined;
  /** Steps from a post's text to the model's input. Default: entities unescaped, white space folded. */
  preprocess?: readonly string[] | undefined;
}

export interface Settings {
  read: TransformersExport;
  labels: LabelMap;
  maxTokens: number;
  preprocess: string[];
  tokenizer: Tokenizer;
}

const defaultPreprocess = ['html_unescape', 'fold_whitespace'] as const;

/**
 * @param source folder with `config.json`, `tokenizer.json` and, if there is one, `tokenizer_config.json`
 * @throws scoring.import_refused, scoring.labels_unknown, scoring.bundle_invalid (user)
 */
export async function readSettings(source: string, options: SettingOptions): Promise<Settings> {
  const read = await readTransformersExport(source);
  const labels = labelsOf(read, options.labels);
  const preprocess = [...(options.preprocess ?? defaultPreprocess)];
  preprocessOf(preprocess);
  const maxTokens = maxTokensOf(read, options.maxTokens);
  return { read, labels, maxTokens, preprocess, tokenizer: tokenizerOf(read, maxTokens) };
}

function maxTokensOf({ maxTokens: limit }: TransformersExport, given: number | undefined): number {
  const maxTokens = given ?? limit;
  if (maxTokens === undefined) {
    throw importRefused(
      'config.json',
      'how many tokens the model reads stands nowhere',
      'say it: --max-tokens N',
    );
  }
  if (maxTokens < 3 || maxTokens > (limit ?? maxTokens)) {
    throw importRefused(
      'config.json',
      `the model reads ${limit ?? 3} tokens, not ${maxTokens}`,
      `choose --max-tokens from 3${limit === undefined ? '' : ` to ${limit}`}`,
    );
  }
  return maxTokens;
}

function labelsOf({ names }: TransformersExport, given: string | undefined): LabelMap {
  if (names !== undefined) return labelMap(names, given);
  if (given !== undefined && !given.includes('=')) {
    return labelMap(
      given.split(',').map((_, i) => String(i)),
      given,
    );
  }
  throw importRefused(
    'config.json',
    'has no id2label, so nothing says what the classes mean',
    'say it in the order of the outputs: --labels negative,neutral,positive',
  );
}

function tokenizerOf({ tokenizer }: TransformersExport, maxTokens: number): Tokenizer {
  try {
    const made = new Tokenizer(tokenizer, maxTokens);
    for (const text of goldenTexts) made.encode(text);
    return made;
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw importRefused(
      'tokenizer.json',
      what,
      'name a model with WordPiece, byte-level BPE or Unigram',
      cause,
    );
  }
}
