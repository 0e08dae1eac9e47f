/** One line on a terminal that says how far a piece of work is; it appears when the work has taken a second. */
import type { Cli } from './cli.js';
import { LiveBlock } from './live-block.js';

const appearsAfterMs = 1000;
const cells = 24;

export class ProgressBar {
  readonly #block: LiveBlock | undefined;
  readonly #startedAt = Date.now();

  /** @param what is done: `optimizing gold` */
  constructor(
    cli: Cli,
    readonly what: string,
  ) {
    const live = cli.terminal.canRewrite && !cli.json && !cli.flags.quiet;
    this.#block = live ? new LiveBlock(cli.terminal) : undefined;
  }

  /** @param text the same for people: `12 MiB of 30 MiB` */
  update(done: number, total: number, text: string): void {
    if (this.#block === undefined || Date.now() - this.#startedAt < appearsAfterMs) return;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const full = Math.round(share * cells);
    const bar = '█'.repeat(full) + '░'.repeat(cells - full);
    this.#block.draw([`${this.what} ${bar} ${Math.floor(share * 100)} %  ${text}`]);
  }

  end(): void {
    this.#block?.clear();
  }
}
