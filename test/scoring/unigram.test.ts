import { describe, expect, it } from 'vitest';
import { Tokenizer } from '../../src/scoring/tokenizer.js';
import { segment, unigramPieces } from '../../src/scoring/unigram.js';

const vocabulary: [string, number][] = [
  ['<unk>', 0],
  ['▁', -2],
  ['▁a', -2.5],
  ['o', -3],
  ['oo', -4],
  ['ooo', -4.7],
  ['▁b', -2.6],
  ['a▁b', -0.1],
];

describe('a Unigram segmentation', () => {
  const pieces = unigramPieces(
    vocabulary.map(([piece]) => piece),
    vocabulary.map(([, score]) => score),
    -20,
  );

  it('is the likeliest one', () => {
    expect(segment('▁a', pieces)).toEqual(['▁a']);
    expect(segment('oooo', pieces)).toEqual(['o', 'ooo']);
    expect(segment('', pieces)).toEqual([]);
  });

  it('of equally likely ones has the last piece that begins first', () => {
    expect(segment('ooooo', pieces)).toEqual(['oo', 'ooo']);
  });

  it('gives characters that no piece covers alone, whole', () => {
    expect(segment('o😀o', pieces)).toEqual(['o', '😀', 'o']);
  });
});

describe('a tokenizer with sentence pieces', () => {
  const definition = (split: boolean) => ({
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split },
    post_processor: null,
    decoder: null,
    model: { type: 'Unigram', unk_id: 0, vocab: vocabulary },
  });
  const ids = (split: boolean, text: string) => new Tokenizer(definition(split), 32).encode(text);

  it('cuts before words, so that no piece reaches over two', () => {
    expect(ids(true, 'a b')).toEqual([2, 6]);
    expect(ids(true, 'a  b')).toEqual([2, 1, 6]);
  });

  it('unless its definition says otherwise', () => {
    expect(ids(false, 'a b')).toEqual([1, 7]);
  });
});
