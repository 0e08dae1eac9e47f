/** One call for scores, cut into pieces that workers compute in any order. The first failure or an abort ends it. */
import type { Scored } from './onnx-model.js';

export interface Piece {
  readonly id: number;
  readonly job: ScoreJob;
  /** Which piece of its job. */
  readonly index: number;
  readonly inputs: string[];
  /** Workers that died computing it. */
  crashes: number;
}

export interface ScoreJobOptions {
  /** Model inputs of each piece. */
  pieces: readonly string[][];
  onScored: (piece: number, scored: Scored) => void;
  signal?: AbortSignal | undefined;
}

let pieceIds = 0;

export class ScoreJob {
  readonly pieces: readonly Piece[];
  /** Settles when all is scored, or with why it never will be. */
  readonly done: Promise<void>;
  readonly #onScored: ScoreJobOptions['onScored'];
  #left: number;
  #settle!: (error?: unknown) => void;

  constructor(options: ScoreJobOptions) {
    const { pieces, onScored, signal } = options;
    this.pieces = pieces.map((inputs, index) => ({ id: ++pieceIds, job: this, index, inputs, crashes: 0 }));
    this.#onScored = onScored;
    this.#left = pieces.length;
    this.done = new Promise((resolve, reject) => {
      const onAbort = () => this.end(signal!.reason);
      this.#settle = (error) => {
        signal?.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      };
      signal?.addEventListener('abort', onAbort);
    });
    if (this.over) this.#settle();
  }

  get over(): boolean {
    return this.#left === 0;
  }

  /** An answer that comes after the end finds nobody. */
  deliver(piece: Piece, scored: Scored): void {
    if (this.over) return;
    this.#onScored(piece.index, scored);
    if (--this.#left === 0) this.#settle();
  }

  end(error: unknown): void {
    if (this.over) return;
    this.#left = 0;
    this.#settle(error);
  }
}
