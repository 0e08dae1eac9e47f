import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import { preprocessOf, preprocessSteps } from '../../src/scoring/preprocess.js';

interface GoldenText {
  step: string;
  text: string;
  expected: string;
}

const all = ['html_unescape', 'remove_mentions_word', 'links_to_http', 'fold_whitespace'];

/** What Python 3.11 gives for the expression that each step names; `all` is those of the bundled model in order. */
const goldens: GoldenText[] = JSON.parse(
  readFileSync(new URL('golden/preprocess.json', import.meta.url), 'utf8'),
);

describe.each([...preprocessSteps, 'all'])('%s', (step) => {
  it('gives what Python gives', () => {
    const run = preprocessOf(step === 'all' ? all : [step]);
    const cases = goldens.filter((g) => g.step === step);
    expect(cases.length).toBeGreaterThan(7);
    expect(cases.map(({ text }) => [text, run(text)])).toEqual(
      cases.map(({ text, expected }) => [text, expected]),
    );
  });
});

it('goes by the order of the list', () => {
  const text = '&#64;bob';
  expect(preprocessOf(['html_unescape', 'remove_mentions_word'])(text)).toBe('');
  expect(preprocessOf(['remove_mentions_word', 'html_unescape'])(text)).toBe('@bob');
  expect(preprocessOf([])(text)).toBe(text);
});

it.each(['lower', 'constructor', ''])('refuses the unknown step %j', (step) => {
  expect(() => preprocessOf(['html_unescape', step])).toThrow(
    expect.toSatisfy(
      (e) => isMurmurError(e, 'scoring.bundle_invalid') && e.message.includes(JSON.stringify(step)),
    ),
  );
});
