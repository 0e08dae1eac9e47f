/** The network itself: rectangles of token ids in, probabilities out, by ONNX Runtime on the CPU. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { MurmurError } from '../base/errors.js';
import { planRuns } from './batcher.js';
import type { Bundle } from './bundle.js';

/** Probabilities of several texts, and what they cost. */
export interface Scored {
  /** Row by row, one number a label. */
  probabilities: Float64Array;
  tokens: number;
  /** Tokens computed only to fill the rectangles. */
  padding: number;
}

export interface ModelOptions {
  /** Threads that one run uses. */
  threads: number;
  /** Token that fills short rows; the attention mask hides it. */
  padId: number;
  /** Module that holds ONNX Runtime; another one only in tests. */
  runtime?: string;
}

interface Runtime {
  InferenceSession: typeof InferenceSession;
  Tensor: typeof Tensor;
}

/**
 * Loads an ONNX file.
 * @param file absolute path; weights that the file keeps apart are looked for beside it
 * @throws scoring.runtime_missing, scoring.bundle_invalid
 */
export async function openSession(
  file: string,
  { threads, runtime: module = 'onnxruntime-node' }: Omit<ModelOptions, 'padId'>,
): Promise<{ runtime: Runtime; session: InferenceSession }> {
  const runtime = await loadRuntime(module);
  try {
    const session = await runtime.InferenceSession.create(file, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
    return { runtime, session };
  } catch (cause) {
    throw new MurmurError('scoring.bundle_invalid', `unreadable ONNX model: ${firstLine(cause)}`, {
      fault: 'user',
      fix: 'export the model for the ONNX Runtime that the package brings, and make the bundle again',
      cause,
      context: { file },
    });
  }
}

export class OnnxModel {
  private constructor(
    readonly bundle: Bundle,
    readonly runtime: Runtime,
    readonly session: InferenceSession,
    readonly padId: number,
  ) {}

  /** @throws scoring.runtime_missing, scoring.bundle_invalid */
  static async open(bundle: Bundle, options: ModelOptions): Promise<OnnxModel> {
    const { runtime, session } = await openSession(bundle.files.model, options);
    return new OnnxModel(bundle, runtime, session, options.padId);
  }

  /**
   * Scores texts given as token ids; the answers are in their order.
   * @param stop looked at between two runs; `score` then rejects with its reason
   */
  async score(tokens: readonly number[][], stop?: AbortSignal): Promise<Scored> {
    const { labels, classes = labels } = this.bundle.config;
    const targets = classes.map((meaning) => labels.indexOf(meaning));
    const lengths = tokens.map((ids) => ids.length);
    const probabilities = new Float64Array(tokens.length * labels.length);
    let computed = 0;
    for (const { members, width } of planRuns(lengths, this.bundle.config.batching)) {
      stop?.throwIfAborted();
      const batch = members.map((i) => tokens[i]!);
      const logits = await this.#run(batch, width);
      members.forEach((i, row) => {
        const own = softmax(logits.subarray(row * targets.length, (row + 1) * targets.length));
        own.forEach((p, k) => {
          probabilities[i * labels.length + targets[k]!]! += p;
        });
      });
      computed += members.length * width;
    }
    const real = lengths.reduce((sum, n) => sum + n, 0);
    return { probabilities, tokens: real, padding: computed - real };
  }

  release(): Promise<void> {
    return this.session.release();
  }

  async #run(batch: readonly number[][], width: number): Promise<Float32Array> {
    const { inputs, output, labels, classes = labels } = this.bundle.config;
    const ids = new BigInt64Array(batch.length * width).fill(BigInt(this.padId));
    const mask = new BigInt64Array(ids.length);
    // The low halves of little-endian 64-bit numbers: no garbage of one bigint a token.
    const lowIds = new Int32Array(ids.buffer);
    batch.forEach((row, r) => {
      for (let c = 0; c < row.length; c++) lowIds[2 * (r * width + c)] = row[c]!;
      mask.fill(1n, r * width, r * width + row.length);
    });
    const data = { input_ids: ids, attention_mask: mask, token_type_ids: new BigInt64Array(ids.length) };
    const feeds = Object.fromEntries(
      inputs.map((name) => [name, new this.runtime.Tensor('int64', data[name], [batch.length, width])]),
    );
    const logits = await this.#logits(feeds, output);
    if (logits instanceof Float32Array && logits.length === batch.length * classes.length) return logits;
    throw new MurmurError('scoring.bundle_invalid', `output ${output} of another shape or type`, {
      fault: 'user',
      fix: `make the bundle again: one float logit for each of ${classes.join(', ')} is expected`,
    });
  }

  async #logits(feeds: Record<string, Tensor>, output: string): Promise<unknown> {
    try {
      return (await this.session.run(feeds, [output]))[output]?.data;
    } catch (cause) {
      throw new MurmurError(
        'scoring.bundle_invalid',
        `the model does not take what it is given: ${firstLine(cause)}`,
        {
          fault: 'user',
          fix: 'make the bundle again, with the tokenizer, the inputs and the length that the model was trained with',
          cause,
          context: { file: this.bundle.files.model },
        },
      );
    }
  }
}

async function loadRuntime(name: string): Promise<Runtime> {
  try {
    const module = await import(name);
    return (module.default ?? module) as Runtime;
  } catch (cause) {
    throw new MurmurError('scoring.runtime_missing', `ONNX Runtime does not load: ${firstLine(cause)}`, {
      fault: 'external',
      fix:
        'run `ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node` (Linux, Windows or an Apple silicon Mac), ' +
        'or choose the built-in word list with `model: lexicon`',
      cause,
    });
  }
}

function softmax(logits: Float32Array): Float64Array {
  const highest = Math.max(...logits);
  const powers = Float64Array.from(logits, (x) => Math.exp(x - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

function firstLine(e: unknown): string {
  return (e instanceof Error ? e.message : String(e)).split('\n')[0] ?? '';
}
