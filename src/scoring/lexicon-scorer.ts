/**
 * A scorer that counts words: no model, no native code, no processes. It is chosen by name (`model: lexicon`), never in
 * the place of a model that does not load. Far weaker than the bundled model; for machines where that cannot run.
 */
import { createHash } from 'node:crypto';
import { boosters, lexiconWeights, negations } from './lexicon-words.js';
import { preprocessOf } from './preprocess.js';
import { scoreOf } from './score-of.js';
import type { Score, Scorer, ScorerModel, ScorerStats } from './scorer.js';
import { scorerClosed } from './scorer-closed.js';

const labels = ['negative', 'neutral', 'positive'] as const;
/** How many words a negation reaches. */
const reach = 3;
/** A turned word is weaker than its opposite: "not good" is less than "bad". */
const turned = -0.7;
const boosted = 1.5;
/** What a text without any word of the list has for neutral, as a logit. */
const neutralLogit = 0.6;

export class LexiconScorer implements Scorer {
  readonly model: ScorerModel = { id: 'lexicon/1', digest: digest(), labels };
  readonly #preprocess = preprocessOf([
    'html_unescape',
    'remove_mentions_word',
    'links_to_http',
    'fold_whitespace',
  ]);
  readonly #counts = { texts: 0, computed: 0 };
  #closed = false;

  async ready(): Promise<void> {}

  async score(texts: readonly string[], signal?: AbortSignal): Promise<Score[]> {
    if (this.#closed) throw scorerClosed();
    signal?.throwIfAborted();
    const inputs = texts.map(this.#preprocess);
    const scores = new Map<string, Score>();
    for (const input of inputs) {
      if (!scores.has(input)) scores.set(input, scoreOf(probabilitiesOf(feelingOf(input)), labels));
    }
    this.#counts.texts += texts.length;
    this.#counts.computed += scores.size;
    return inputs.map((input) => scores.get(input)!);
  }

  stats(): ScorerStats {
    return { ...this.#counts, cacheHits: 0, loads: 0, restarts: 0, tokens: 0, padding: 0, rss: 0 };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

const word = /[\p{L}\p{N}][\p{L}\p{N}'’]*|[:;=]'?-?[()d](?![\p{L}\p{N}])|<3|\p{Extended_Pictographic}/gu;

/** Sum of the weights, tamed so that long texts do not win by length; 0 is neutral. */
function feelingOf(text: string): number {
  let sum = 0;
  let found = 0;
  let negatedFor = 0;
  let factor = 1;
  for (const [match] of text.toLowerCase().matchAll(word)) {
    const token = match.replaceAll('’', "'");
    const weight = lexiconWeights.get(token) ?? 0;
    if (weight !== 0) {
      sum += weight * factor * (negatedFor > 0 ? turned : 1);
      found++;
    }
    negatedFor = negations.has(token) ? reach : Math.max(0, negatedFor - 1);
    factor = boosters.has(token) ? boosted : 1;
  }
  return found === 0 ? 0 : sum / Math.sqrt(found);
}

function probabilitiesOf(feeling: number): number[] {
  const powers = [-feeling, neutralLogit, feeling].map((x) => Math.exp(x / 1.5));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

function digest(): string {
  const list = [...lexiconWeights].map(([w, weight]) => `${w} ${weight}\n`).sort();
  return createHash('sha256')
    .update([...list, ...negations, ...boosters].join('\n'))
    .digest('hex');
}
