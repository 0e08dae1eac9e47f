/**
 * One loaded bundle: tokenizer and model, proved by the goldens. A run of the model blocks its thread, so this lives in
 * a worker process and never in the process that serves the page or keeps the streams' time.
 */
import { readFile } from 'node:fs/promises';
import { MurmurError } from '../base/errors.js';
import type { Bundle } from './bundle.js';
import { checkGoldens, type GoldenReport } from './golden.js';
import { OnnxModel, type Scored } from './onnx-model.js';
import { Tokenizer } from './tokenizer.js';

export class Session {
  private constructor(
    readonly goldens: GoldenReport,
    readonly tokenizer: Tokenizer,
    readonly model: OnnxModel,
  ) {}

  /**
   * Loads the model and checks its goldens.
   * @throws scoring.runtime_missing, scoring.bundle_invalid, scoring.golden_mismatch
   */
  static async load(bundle: Bundle, options: { threads: number; runtime?: string }): Promise<Session> {
    const tokenizer = await readTokenizer(bundle);
    const model = await OnnxModel.open(bundle, { ...options, padId: tokenizer.padId });
    const goldens = await checkGoldens(
      bundle.goldens,
      bundle.config.tolerance,
      (text) => tokenizer.encode(text),
      async (tokens) => rowsOf((await model.score(tokens)).probabilities, bundle.config.labels.length),
    );
    return new Session(goldens, tokenizer, model);
  }

  /** Scores model inputs, in order; rejects between two runs when `stop` aborts. */
  async score(inputs: readonly string[], stop?: AbortSignal): Promise<Scored> {
    return this.model.score(
      inputs.map((text) => this.tokenizer.encode(text)),
      stop,
    );
  }

  release(): Promise<void> {
    return this.model.release();
  }
}

async function readTokenizer({ files, config }: Bundle): Promise<Tokenizer> {
  try {
    return new Tokenizer(JSON.parse(await readFile(files.tokenizer, 'utf8')), config.max_tokens);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new MurmurError('scoring.bundle_invalid', `unusable tokenizer.json: ${what}`, {
      fault: 'user',
      fix: 'make the bundle again, with a tokenizer.json of WordPiece, byte-level BPE or Unigram',
      cause,
      context: { file: files.tokenizer },
    });
  }
}

/** A flat array of probabilities as one array a text. */
export function rowsOf(flat: Float64Array, width: number): number[][] {
  return Array.from({ length: flat.length / width }, (_, i) => [
    ...flat.subarray(i * width, (i + 1) * width),
  ]);
}
