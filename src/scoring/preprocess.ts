/**
 * From a post's text to the model's input. A bundle names its steps in order; each does exactly what the Python step of
 * the training did, whatever the lake's own mention rule is. Python's classes differ from JavaScript's: `\w` is any
 * letter, number or underscore but no combining mark, and `\s` holds U+001C–U+001F and U+0085 but not U+FEFF.
 */
import { MurmurError } from '../base/errors.js';
import { unescapeHtml } from './html-unescape.js';

export type Preprocess = (text: string) => string;

const space = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const mention = /@[\p{L}\p{N}_]+/gu;
const link = new RegExp(`https?://[^${space}]+|www\\.[^${space}]+`, 'g');
const spaces = new RegExp(`[${space}]+`, 'g');

const steps: Readonly<Record<string, Preprocess>> = {
  /** Python's `html.unescape`. */
  html_unescape: unescapeHtml,
  /** `re.sub(r"@\w+", "", text)` */
  remove_mentions_word: mentionsTo(''),
  /** As the models of Cardiff NLP read tweets: `re.sub(r"@\w+", "@user", text)` */
  mentions_to_user: mentionsTo('@user'),
  /** As BERTweet does. */
  mentions_to_USER: mentionsTo('@USER'),
  /** `re.sub(r"https?://\S+|www\.\S+", "http", text)` */
  links_to_http: linksTo('http'),
  /** As BERTweet does. */
  links_to_HTTPURL: linksTo('HTTPURL'),
  /** `re.sub(r"\s+", " ", text).strip()` */
  fold_whitespace: (text) => text.replace(spaces, ' ').replace(/^ | $/g, ''),
};

function mentionsTo(word: string): Preprocess {
  return (text) => (text.includes('@') ? text.replace(mention, word) : text);
}

function linksTo(word: string): Preprocess {
  return (text) => (text.includes('://') || text.includes('www.') ? text.replace(link, word) : text);
}

/** The names that a bundle's `preprocess` may hold. */
export const preprocessSteps: readonly string[] = Object.keys(steps);

/**
 * One function for a bundle's list of steps.
 * @throws scoring.bundle_invalid for a step that this version does not know
 */
export function preprocessOf(names: readonly string[]): Preprocess {
  const chosen = names.map((name) => {
    const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
    if (step !== undefined) return step;
    throw new MurmurError(
      'scoring.bundle_invalid',
      `unknown preprocess step ${JSON.stringify(name)}, known are ${preprocessSteps.join(', ')}`,
      {
        fault: 'user',
        fix: 'use a bundle made for this version of Murmur, or update Murmur',
        context: { step: name },
      },
    );
  });
  return (text) => chosen.reduce((result, step) => step(result), text);
}
