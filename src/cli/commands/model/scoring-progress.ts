import type { Cli } from '../../cli.js';
import { LiveBlock } from '../../live-block.js';
import { count } from '../../text/numbers.js';

/** How far scoring is, on one line that is written again and again; nothing where nobody watches. */
export function scoringProgress(cli: Cli): {
  show(model: string, done: number, of: number): void;
  end(): void;
} {
  const block = new LiveBlock(cli.terminal);
  const isWatched = cli.terminal.canRewrite && !cli.json && !cli.flags.quiet;
  return {
    show(model, done, of) {
      if (isWatched) block.draw([`${model}: ${count(done)} of ${count(of)} rows scored`]);
    },
    end() {
      if (isWatched) block.clear();
    },
  };
}
