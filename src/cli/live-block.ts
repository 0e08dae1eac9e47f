/** A few lines at the end of stderr that are written again and again; what else is said stands above them. */
import type { Terminal } from './terminal.js';
import { cut } from './text/width.js';

export class LiveBlock {
  #shown = 0;

  constructor(readonly terminal: Terminal) {}

  draw(lines: readonly string[]): void {
    const width = this.terminal.saidWidth;
    const text = lines.map((line) => `\u001b[2K${cutPainted(line, width)}\n`).join('');
    this.terminal.sayRaw(`${this.#up()}${text}\u001b[0J`);
    this.#shown = lines.length;
  }

  /** Wipes the block, for something that is said above it; the next `draw` puts it back. */
  clear(): void {
    this.terminal.sayRaw(`${this.#up()}\u001b[0J`);
    this.#shown = 0;
  }

  #up(): string {
    return this.#shown === 0 ? '' : `\u001b[${this.#shown}A\r`;
  }
}

/** A line that wraps would be two lines, and the block would climb. Colours take no room. */
function cutPainted(line: string, width: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  const plain = line.replace(/\u001b\[\d+m/g, '');
  return cut(plain, width) === plain ? line : cut(plain, width);
}
