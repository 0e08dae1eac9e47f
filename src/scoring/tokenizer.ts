/**
 * A text as token ids, by the bundle's `tokenizer.json`. Truncation is ours, because the library has none: like the
 * original it cuts the text's own tokens and keeps the special ones around them.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { withMetaspaceSplit } from './metaspace.js';
import { segment, unigramPieces } from './unigram.js';

/** What is used of the library; its own declarations do not resolve under `nodenext`. */
interface Encoder {
  model: Partial<UnigramModel>;
  encode(text: string, options?: { add_special_tokens?: boolean }): { ids: number[] };
  token_to_id(token: string): number | undefined;
}

/** The library's Unigram model, as far as it is used. */
interface UnigramModel {
  vocab: string[];
  scores: number[];
  unk_score: number;
  tokenize(text: string): string[];
}

export class Tokenizer {
  readonly #encoder: Encoder;
  readonly #prefix: number[];
  readonly #suffix: number[];
  readonly #maxTokens: number;
  /** What fills short rows of a batch; the attention mask hides it. */
  readonly padId: number;

  /** @param definition the parsed `tokenizer.json` */
  constructor(definition: object, maxTokens: number) {
    this.#encoder = new HuggingFaceTokenizer(withMetaspaceSplit(definition), {}) as unknown as Encoder;
    const { model } = this.#encoder;
    if (isUnigram(model)) {
      // The library breaks ties between equally likely paths in another way than the original.
      const pieces = unigramPieces(model.vocab, model.scores, model.unk_score);
      model.tokenize = (text) => segment(text, pieces);
    }
    this.#maxTokens = maxTokens;
    const bare = this.#encoder.encode('a', { add_special_tokens: false }).ids;
    const whole = this.#encoder.encode('a').ids;
    const at = whole.findIndex((_, i) => bare.every((id, j) => whole[i + j] === id));
    this.#prefix = whole.slice(0, at);
    this.#suffix = whole.slice(at + bare.length);
    this.padId = this.#encoder.token_to_id('[PAD]') ?? this.#encoder.token_to_id('<pad>') ?? 0;
  }

  /** At most `maxTokens` ids, the special tokens counted. */
  encode(text: string): number[] {
    const own = this.#encoder.encode(text, { add_special_tokens: false }).ids;
    const room = this.#maxTokens - this.#prefix.length - this.#suffix.length;
    return [...this.#prefix, ...(own.length > room ? own.slice(0, room) : own), ...this.#suffix];
  }
}

function isUnigram(model: Partial<UnigramModel>): model is UnigramModel {
  return model.scores !== undefined && model.unk_score !== undefined && model.vocab !== undefined;
}
