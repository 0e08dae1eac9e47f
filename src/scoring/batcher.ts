/**
 * Which texts go through the model together. A run is a rectangle of token ids, so rows shorter than its width are
 * padded with work that nobody asked for: runs are made of texts of nearly one length, up to a budget of tokens.
 */

/** `free`: a score does not depend on the texts beside it. `single`: it would, so each text has a run of its own. */
export type Batching = 'free' | 'single';

/** One run of the model: which texts, and how many tokens wide. */
export interface Run {
  /** Indices of the texts. */
  members: number[];
  width: number;
}

/**
 * Tokens in one run. Measured on the bundled model, one thread: 128 to 1,024 are within 5 %, 4,096 is 20 % slower
 * (its activations leave the cache) and takes 100 MB more. The smaller, the less padding.
 */
export const runBudget = 256;

/** Runs over all texts, shortest first. @param lengths tokens of each text */
export function planRuns(lengths: readonly number[], batching: Batching, budget = runBudget): Run[] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[a]! - lengths[b]!);
  const runs: Run[] = [];
  for (const i of order) {
    const last = runs.at(-1);
    const width = lengths[i]!;
    if (last !== undefined && batching === 'free' && width * (last.members.length + 1) <= budget) {
      last.members.push(i);
      last.width = width;
    } else {
      runs.push({ members: [i], width });
    }
  }
  return runs;
}

/**
 * Shares texts out as pieces of work for the workers, longest texts first so that the last pieces are small. Lengths
 * are guessed, exact ones are known only where the tokenizer is: in the worker. With little to do the pieces shrink, so
 * that no worker is idle.
 * @returns indices of the texts, piece by piece
 */
export function sharePieces(texts: readonly string[], workers: number, maxTokens: number): number[][] {
  const guess = texts.map((text) => guessTokens(text, maxTokens));
  const total = guess.reduce((sum, n) => sum + n, 0);
  const budget = Math.min(pieceBudget, Math.max(smallestPiece, Math.ceil(total / workers)));
  const order = texts.map((_, i) => i).sort((a, b) => guess[b]! - guess[a]!);
  const pieces: number[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const i of order) {
    if (used + guess[i]! > budget) {
      pieces.push([]);
      used = 0;
    }
    pieces.at(-1)!.push(i);
    used += guess[i]!;
  }
  return pieces;
}

/** Guessed tokens in a piece: about a quarter of a second, so that stopping and redoing cost little. */
const pieceBudget = 2048;
/** Below this, sharing costs more than it gains. */
const smallestPiece = 128;

/** Words (long ones count more than once) and signs; within 5 % of the bundled tokenizer, at a twentieth of its time. */
function guessTokens(text: string, most: number): number {
  if (text.length > most * longestToken) return most;
  return Math.min(most, 2 + (text.match(wordOrSign)?.length ?? 0));
}

const wordOrSign = /[\p{L}\p{N}]{1,8}|[^\p{L}\p{N}\s]/gu;
/** A text of more characters than this for each token is taken as full. */
const longestToken = 16;
