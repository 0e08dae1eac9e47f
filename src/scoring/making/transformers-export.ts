/** What a folder of `transformers` says of a text classifier: `config.json`, `tokenizer.json`, `tokenizer_config.json`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exportInPython, importRefused } from './refusal.js';

export interface TransformersExport {
  modelType: string;
  /** Names of the outputs in their order; undefined where the config names none. */
  names: string[] | undefined;
  /** Tokens that the model can read, special ones counted; undefined where no file says it. */
  maxTokens: number | undefined;
  /** The parsed `tokenizer.json`. */
  tokenizer: object;
}

const config = z.looseObject({
  model_type: z.string().default('unknown'),
  architectures: z.array(z.string()).nullish(),
  id2label: z.record(z.string().regex(/^\d+$/), z.string()).nullish(),
  problem_type: z.string().nullish(),
  max_position_embeddings: z.int().nullish(),
  pad_token_id: z.int().nullish(),
  vocab_size: z.int().nullish(),
});
type Config = z.output<typeof config>;

const tokenizerConfig = z.looseObject({ model_max_length: z.number().nullish() });
const tokenizerFile = z.looseObject({
  model: z.looseObject({
    type: z.enum(['WordPiece', 'BPE', 'Unigram']).optional(),
    vocab: z.union([z.record(z.string(), z.int()), z.array(z.unknown())]),
  }),
  added_tokens: z.array(z.looseObject({ id: z.int() })).nullish(),
});

/** Families whose positions begin behind the padding token's number: so many fewer tokens fit. */
const offsetPositions = new Set([
  'camembert',
  'data2vec-text',
  'ibert',
  'longformer',
  'mpnet',
  'roberta',
  'roberta-prelayernorm',
  'xlm-roberta',
  'xlm-roberta-xl',
  'xmod',
]);

/** @throws scoring.import_refused (user) */
export async function readTransformersExport(folder: string): Promise<TransformersExport> {
  const settings = await readJson(folder, 'config.json', config);
  if (settings === undefined)
    throw importRefused('config.json', 'is not there', 'name a folder of transformers');
  refuseOther(settings);
  const tokenizer = await readJson(folder, 'tokenizer.json', tokenizerFile);
  if (tokenizer === undefined) throw importRefused('tokenizer.json', 'is not there', exportInPython);
  refuseForeign(settings, tokenizer);
  const limits = (await readJson(folder, 'tokenizer_config.json', tokenizerConfig)) ?? {};
  return {
    modelType: settings.model_type,
    names: settings.id2label ? namesOf(settings.id2label) : undefined,
    maxTokens: maxTokensOf(settings, limits.model_max_length ?? undefined),
    tokenizer,
  };
}

function refuseOther({ architectures, problem_type }: Config): void {
  const [first] = architectures ?? [];
  if (first !== undefined && !first.endsWith('ForSequenceClassification')) {
    throw importRefused(
      'config.json',
      `a ${first} is no text classifier`,
      'name a model fine-tuned for sentiment',
    );
  }
  if (problem_type === 'multi_label_classification' || problem_type === 'regression') {
    throw importRefused(
      'config.json',
      `problem_type ${problem_type}: its outputs are no classes of which one holds`,
      'name a model of one class a text',
    );
  }
}

/** A token that the model has no row for would be an error of the runtime, at the first text that has it. */
function refuseForeign(
  { vocab_size }: Config,
  { model, added_tokens }: z.output<typeof tokenizerFile>,
): void {
  const ids = Array.isArray(model.vocab) ? [model.vocab.length - 1] : Object.values(model.vocab);
  let highest = 0;
  for (const id of ids) highest = Math.max(highest, id);
  for (const { id } of added_tokens ?? []) highest = Math.max(highest, id);
  if (vocab_size === undefined || vocab_size === null || highest < vocab_size) return;
  throw importRefused(
    'tokenizer.json',
    `has tokens up to ${highest}, and the model of config.json knows ${vocab_size}`,
    'put the tokenizer there that the model was trained with',
  );
}

function namesOf(id2label: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(id2label).map((_, i) => id2label[String(i)]);
  if (names.length > 1 && names.every((name) => name !== undefined)) return names;
  throw importRefused(
    'config.json',
    `id2label with the numbers ${Object.keys(id2label).join(', ')}, expected 0 to the last class, two at least`,
    'name a classifier, or correct its id2label',
  );
}

function maxTokensOf(
  { model_type, max_position_embeddings, pad_token_id }: Config,
  tokenizerLimit: number | undefined,
): number | undefined {
  const offset = offsetPositions.has(model_type) ? (pad_token_id ?? 1) + 1 : 0;
  const positions = (max_position_embeddings ?? 0) > 0 ? max_position_embeddings! - offset : undefined;
  // A tokenizer without a limit writes a number of thirty digits.
  const limits = [positions, tokenizerLimit].filter((n) => n !== undefined && n >= 3 && n < 1e6) as number[];
  return limits.length === 0 ? undefined : Math.floor(Math.min(...limits));
}

async function readJson<T extends z.ZodType>(
  folder: string,
  file: string,
  spec: T,
): Promise<z.output<T> | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(join(folder, file), 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw importRefused(
      file,
      cause instanceof Error ? cause.message : String(cause),
      'get the file anew',
      cause,
    );
  }
  const result = spec.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw importRefused(
    file,
    `${issue!.path.join('.') || 'the whole'}: ${issue!.message}`,
    'get the file anew',
  );
}
