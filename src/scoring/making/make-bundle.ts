/**
 * A bundle from a folder of `transformers` with an ONNX file: everything that a bundle must say is read from its files, tried
 * on the model itself, or asked of the user; nothing is guessed in silence.
 */
import { constants } from 'node:fs';
import { copyFile, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { systemClock } from '../../base/clock.js';
import { isMurmurError, MurmurError } from '../../base/errors.js';
import type { BundleConfig } from '../bundle.js';
import { OnnxModel, openSession } from '../onnx-model.js';
import type { Tokenizer } from '../tokenizer.js';
import { type BundleOrigin, bundleCard } from './bundle-card.js';
import { goldenTexts, plainlyNegative, plainlyPositive } from './golden-texts.js';
import { type OnnxNature, onnxNature } from './onnx-nature.js';
import { importRefused } from './refusal.js';
import { readSettings, type SettingOptions } from './settings.js';
import { writeBundle } from './write-bundle.js';

export interface MakeOptions extends SettingOptions {
  name: string;
  version: string;
  origin: BundleOrigin;
  clock?: Clock;
}

const inputNames = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
/** In probability. Sums of floats differ by CPU type a little, those of rounded numbers more. */
const tolerances = { fp32: 0.002, int8: 0.02 } as const;
/** What a text's score may differ by in a batch and alone, in probability. */
const sameScore = 1e-5;

/**
 * @param source folder with `config.json`, `tokenizer.json` and the ONNX file
 * @param onnx paths in `source` of the model and of weights that it keeps apart
 * @param target folder that is made
 * @throws scoring.import_refused, scoring.labels_unknown, scoring.bundle_invalid (user), scoring.runtime_missing (external)
 */
export async function makeBundle(
  source: string,
  onnx: { model: string; data: readonly string[] },
  target: string,
  options: MakeOptions,
): Promise<void> {
  const { read, labels, maxTokens, preprocess, tokenizer } = await readSettings(source, options);
  const model = join(source, onnx.model);
  const nature = await onnxNature(model);
  const data = await weightsOf(source, onnx, nature);
  const ends = await endsOf(model, basename(onnx.model));
  const draft: BundleConfig = {
    name: options.name,
    version: options.version,
    labels: labels.labels,
    ...(labels.classes.length === labels.labels.length ? {} : { classes: labels.classes }),
    ...ends,
    max_tokens: maxTokens,
    preprocess,
    batching: 'free',
    tolerance: tolerances[nature.isQuantised ? 'int8' : 'fp32'],
  };
  const { config, probabilities } = await tried(model, draft, tokenizer, nature);
  if (labels.assumed) refuseTurned(config, probabilities);

  await mkdir(target, { recursive: true });
  for (const path of [onnx.model, ...data, 'tokenizer.json']) {
    await copyFile(join(source, path), join(target, basename(path)), constants.COPYFILE_FICLONE);
  }
  const goldens = goldenTexts.map((text, i) => ({
    text,
    inputIds: tokenizer.encode(text),
    probabilities: probabilities[i]!,
  }));
  const { clock = systemClock, origin } = options;
  const card = bundleCard(config, { ...origin, nature, names: read.names, assumed: labels.assumed });
  await writeBundle(target, { config, goldens, card, model: basename(onnx.model), now: clock.now() });
}

/** Paths of the files that hold weights apart from the network: those that are known, and those that it names. */
async function weightsOf(
  source: string,
  onnx: { model: string; data: readonly string[] },
  { dataFiles }: OnnxNature,
): Promise<string[]> {
  const beside = dataFiles.map((file) => join(dirname(onnx.model), file));
  for (const [i, path] of beside.entries()) {
    const isBeside = basename(path) === dataFiles[i];
    const isThere = isBeside && (await stat(join(source, path)).catch(() => undefined))?.isFile();
    if (isThere === true) continue;
    throw importRefused(
      basename(onnx.model),
      `its weights lie in ${dataFiles[i]}, which is not beside it`,
      'put that file beside the ONNX file, or export the model as one file',
    );
  }
  return [...new Set([...onnx.data, ...beside])];
}

/** What goes in and comes out of the network, by its own names. */
async function endsOf(model: string, file: string): Promise<Pick<BundleConfig, 'inputs' | 'output'>> {
  const { session } = await openSession(model, { threads: 1 });
  try {
    const foreign = session.inputNames.filter((name) => !(inputNames as readonly string[]).includes(name));
    if (foreign.length > 0 || !session.inputNames.includes('input_ids')) {
      throw importRefused(
        file,
        `inputs ${session.inputNames.join(', ')}, expected of ${inputNames.join(', ')}`,
        'export it as a text classifier: training/export.py',
      );
    }
    const output = session.outputNames.includes('logits') ? 'logits' : session.outputNames[0]!;
    if (output !== 'logits' && session.outputNames.length > 1) {
      throw importRefused(
        file,
        `outputs ${session.outputNames.join(', ')}, expected logits`,
        'export it as a text classifier: training/export.py',
      );
    }
    return { inputs: inputNames.filter((name) => session.inputNames.includes(name)), output };
  } finally {
    await session.release();
  }
}

/** Scores the golden texts alone and together: only who answers the same may be batched. */
async function tried(
  file: string,
  draft: BundleConfig,
  tokenizer: Tokenizer,
  nature: OnnxNature,
): Promise<{ config: BundleConfig; probabilities: number[][] }> {
  const model = await OnnxModel.open(
    {
      folder: '',
      config: draft,
      model: { id: '', digest: '', labels: draft.labels },
      files: { model: file, tokenizer: '' },
      goldens: [],
    },
    { threads: 1, padId: tokenizer.padId },
  );
  try {
    const tokens = goldenTexts.map((text) => tokenizer.encode(text));
    const probabilities: number[][] = [];
    for (const ids of tokens) probabilities.push([...(await model.score([ids])).probabilities]);
    if (probabilities.flat().some((p) => !Number.isFinite(p))) {
      throw importRefused(basename(file), 'answers with numbers that are none', 'export the model again');
    }
    const isFree = !nature.scalesByBatch && (await answersTogether(model, tokens, probabilities));
    return { config: { ...draft, batching: isFree ? 'free' : 'single' }, probabilities };
  } finally {
    await model.release();
  }
}

/** Also where the model takes one text only and refuses a batch. */
async function answersTogether(
  model: OnnxModel,
  tokens: readonly number[][],
  alone: readonly number[][],
): Promise<boolean> {
  try {
    const together = (await model.score(tokens)).probabilities;
    return alone.flat().every((p, i) => Math.abs(p - together[i]!) <= sameScore);
  } catch (e) {
    if (isMurmurError(e, 'scoring.bundle_invalid')) return false;
    throw e;
  }
}

function refuseTurned({ labels }: BundleConfig, probabilities: readonly number[][]): void {
  const positive = labels.indexOf('positive');
  const mean = (texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + probabilities[goldenTexts.indexOf(text)]![positive]!, 0) / texts.length;
  const [onPositive, onNegative] = [mean(plainlyPositive), mean(plainlyNegative)];
  if (onPositive > onNegative) return;
  throw new MurmurError(
    'scoring.labels_unknown',
    `what the classes mean: in the usual order (${labels.join(', ')}) plainly positive texts would be positive with ` +
      `${onPositive.toFixed(2)}, plainly negative ones with ${onNegative.toFixed(2)}`,
    { fault: 'user', fix: 'say it in the order of the outputs: --labels positive,neutral,negative' },
  );
}
