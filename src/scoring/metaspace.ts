/**
 * A `Metaspace` pre-tokenizer cuts the text before each of its marks unless `split` is false (Hugging Face `tokenizers`), which the
 * JavaScript library leaves out; without the cut a piece could reach over two words.
 */

interface PreTokenizer {
  type: string;
  replacement?: string;
  split?: boolean;
  pretokenizers?: PreTokenizer[];
}

/** The definition with every such cut as a step of its own. */
export function withMetaspaceSplit<T extends object>(definition: T): T {
  const { pre_tokenizer } = definition as { pre_tokenizer?: PreTokenizer | null };
  return pre_tokenizer ? { ...definition, pre_tokenizer: cutting(pre_tokenizer) } : definition;
}

function cutting(step: PreTokenizer): PreTokenizer {
  if (step.pretokenizers) return { ...step, pretokenizers: step.pretokenizers.map(cutting) };
  if (step.type !== 'Metaspace' || step.split === false) return step;
  const mark = (step.replacement ?? '\u2581').replace(/[\\\]^-]/g, '\\$&');
  const cut = { type: 'Split', pattern: { Regex: `[${mark}][^${mark}]*|[^${mark}]+` } };
  return {
    type: 'Sequence',
    pretokenizers: [step, { ...cut, behavior: 'Removed', invert: true } as PreTokenizer],
  };
}
