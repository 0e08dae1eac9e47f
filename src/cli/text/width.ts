/** How many cells of a terminal a text takes, and cutting it there. Posts are full of emoji, accents and worse. */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const plain = /^[\x20-\x7e]*$/;
const zeroWidth = /^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}]*$/u;
const wideEmoji = /\p{Emoji_Presentation}|\p{Regional_Indicator}\p{Regional_Indicator}|\p{Emoji}\ufe0f/u;
const eastAsianWide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;

/** Cells that the text takes on one line. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += cellsOf(segment);
  return width;
}

/** The text, or as much of it as fits into `cells` with an ellipsis behind. */
export function cut(text: string, cells: number): string {
  if (widthOf(text) <= cells) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    const more = cellsOf(segment);
    if (width + more > cells - 1) break;
    kept += segment;
    width += more;
  }
  return `${kept}…`;
}

/**
 * The text on one line and harmless: whatever could move the cursor, change colours or turn the writing direction in a
 * terminal becomes visible instead.
 */
export function oneLine(text: string): string {
  return (
    text
      .replace(/\r?\n|\r/g, '⏎')
      .replace(/\t/g, ' ')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu, '\ufffd')
  );
}

function cellsOf(grapheme: string): number {
  if (zeroWidth.test(grapheme)) return 0;
  return wideEmoji.test(grapheme) || eastAsianWide.test(grapheme) ? 2 : 1;
}
