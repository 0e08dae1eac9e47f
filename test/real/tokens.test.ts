/**
 * Token ids equal those of Python's `tokenizers` on 10,000 real tweets, for the three families that sentiment models have:
 * WordPiece (the bundled model's), byte-level BPE and Unigram (trained here by Python's library).
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tokenizer } from '../../src/scoring/tokenizer.js';
import { pythonWith } from './setup/python.js';
import { haveTweets, textsOf, tweetLines } from './tweets.js';

const maxTokens = 64;
const script = fileURLToPath(new URL('write_tokens.py', import.meta.url));
const wordpiece = fileURLToPath(new URL('../../models/bundled/tokenizer.json', import.meta.url));

describe.skipIf(!haveTweets)('token ids equal those of the original library', () => {
  let dir: string;
  let texts: string[];
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'murmur-tokens-'));
    const all = textsOf(tweetLines(20_000));
    texts = all.slice(10_000);
    const input = JSON.stringify({ train: all.slice(0, 10_000), encode: texts });
    execFileSync(pythonWith('tokenizers', ['tokenizers==0.23.3']), [script, wordpiece, dir], { input });
  }, 600_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(['wordpiece', 'bpe', 'unigram'])('%s', (family) => {
    const definition = JSON.parse(
      readFileSync(family === 'wordpiece' ? wordpiece : join(dir, `${family}.json`), 'utf8'),
    );
    const expected: number[][] = JSON.parse(readFileSync(join(dir, `${family}.ids.json`), 'utf8'));
    const tokenizer = new Tokenizer(definition, maxTokens);
    const differing = texts.filter(
      (text, i) => JSON.stringify(tokenizer.encode(text)) !== JSON.stringify(expected[i]),
    );
    expect(expected).toHaveLength(10_000);
    expect(differing).toEqual([]);
  });
});
