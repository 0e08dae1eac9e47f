/** Distinct made-up posts of many lengths, with handles, links, entities and emoji; the same ones every time. */
export function madeUpTexts(count: number): string[] {
  let state = 12_345;
  const pick = <T>(from: readonly T[]): T => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return from[(state >>> 16) % from.length]!;
  };
  return Array.from({ length: count }, (_, n) => {
    const words = Array.from({ length: 1 + ((n * 7) % 24) }, () => pick(vocabulary));
    return `${words.join(' ')}${pick(endings)} ${n}`;
  });
}

const vocabulary =
  `the a my our this that bus train lecture coffee dinner phone garden concert exam weekend sister neighbour @lena @max_77
  love hate like miss enjoy need want broke lost found won great awful slow lovely boring brilliant terrible fine okay
  happy sad tired excited angry never always really not so very again today tomorrow http://example.org/a &amp; &lt;3 :) :(`
    .trim()
    .split(/\s+/);

const endings = ['', '!', '!!!', '...', '?', ' 😀', ' 😭', ' 🎉🎉', ' :)', ' ugh', ' lol'];
