/**
 * The likeliest segmentation of a text by a Unigram model (Kudo 2018), to the letter of Hugging Face's `tokenizers`: of paths that are
 * equally likely the one whose last piece begins first. Runs of one letter have many such paths, and adding probabilities in
 * another order than the original breaks their ties another way.
 */

export interface UnigramPieces {
  /** Logarithm of each piece's probability. */
  scoreOf: ReadonlyMap<string, number>;
  /** Of a character that no piece covers. */
  unknownScore: number;
  /** Characters of the longest piece. */
  longest: number;
}

export function unigramPieces(
  pieces: readonly string[],
  scores: readonly number[],
  unknown: number,
): UnigramPieces {
  const scoreOf = new Map(pieces.map((piece, i) => [piece, scores[i]!]));
  scoreOf.delete('');
  let longest = 1;
  for (const piece of scoreOf.keys()) longest = Math.max(longest, piece.length);
  return { scoreOf, unknownScore: unknown, longest };
}

/** Pieces in order; a character that no piece covers stands for itself. */
export function segment(text: string, { scoreOf, unknownScore, longest }: UnigramPieces): string[] {
  const scores = new Float64Array(text.length + 1).fill(Number.NEGATIVE_INFINITY);
  const begins = new Int32Array(text.length + 1).fill(-1);
  scores[0] = 0;
  for (let at = 0; at < text.length; ) {
    const character = text.codePointAt(at)! > 0xffff ? 2 : 1;
    let isCovered = false;
    const reach = (end: number, score: number) => {
      const total = scores[at]! + score;
      if (begins[end]! >= 0 && total <= scores[end]!) return;
      scores[end] = total;
      begins[end] = at;
    };
    for (let end = at + character; end <= Math.min(text.length, at + longest); end++) {
      const score = scoreOf.get(text.slice(at, end));
      if (score === undefined) continue;
      reach(end, score);
      isCovered ||= end === at + character;
    }
    if (!isCovered) reach(at + character, unknownScore);
    at += character;
  }
  const pieces: string[] = [];
  for (let end = text.length; end > 0; end = begins[end]!) pieces.push(text.slice(begins[end]!, end));
  return pieces.reverse();
}
