import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, loadBundle } from '../../src/scoring/bundle.js';
import { bundleFolder } from '../../src/scoring/bundle-folder.js';
import { Tokenizer } from '../../src/scoring/tokenizer.js';

describe('the tokenizer of the bundled model', () => {
  let bundle: Bundle;
  let definition: object;
  beforeAll(async () => {
    bundle = await loadBundle(await bundleFolder('bundled'));
    definition = JSON.parse(readFileSync(bundle.files.tokenizer, 'utf8'));
  });

  it('gives the golden tokens', () => {
    const tokenizer = new Tokenizer(definition, bundle.config.max_tokens);
    expect(bundle.goldens.length).toBe(65);
    for (const { text, inputIds } of bundle.goldens) expect(tokenizer.encode(text)).toEqual(inputIds);
  });

  it('cuts long texts and keeps the special tokens around them', () => {
    const text = 'one two three four five';
    const [cls, one, two, three, four, five, sep] = new Tokenizer(definition, 128).encode(text);
    expect(new Tokenizer(definition, 7).encode(text)).toEqual([cls, one, two, three, four, five, sep]);
    expect(new Tokenizer(definition, 6).encode(text)).toEqual([cls, one, two, three, four, sep]);
    expect(new Tokenizer(definition, 3).encode(text)).toEqual([cls, one, sep]);
    expect(new Tokenizer(definition, 128).encode('word '.repeat(500))).toHaveLength(128);
  });

  it('knows what to fill short rows with', () => {
    expect(new Tokenizer(definition, 128).padId).toBe(0);
  });
});
