/** The text with every lone surrogate replaced by U+FFFD, so that it has a UTF-8 form. */
export function wellFormed(text: string): string {
  return loneSurrogate.test(text) ? text.replace(everyLoneSurrogate, '\uFFFD') : text;
}

// In `u` mode a surrogate that is half of a pair is no character of its own.
const loneSurrogate = /\p{Surrogate}/u;
const everyLoneSurrogate = /\p{Surrogate}/gu;
