import type { Random } from './random.js';

/**
 * A sentence pattern with its choices made: `{a|b|}` becomes one of its parts (they may nest), `$name` what `slots` has
 * under that name.
 */
export function expand(
  pattern: string,
  slots: Readonly<Record<string, () => string>>,
  random: Random,
): string {
  let text = pattern;
  for (let found = innermost.exec(text); found !== null; found = innermost.exec(text)) {
    const chosen = random.pick(found[1]!.split('|'));
    text = text.slice(0, found.index) + chosen + text.slice(found.index + found[0].length);
  }
  return text.replace(/\$([a-z]+)/g, (whole, name: string) => slots[name]?.() ?? whole);
}

const innermost = /\{([^{}]*)\}/;
