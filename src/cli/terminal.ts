/** What a command writes to: results on stdout, everything said to people on stderr. */
import type { Readable } from 'node:stream';
import { type Paint, paintFor } from './text/paint.js';

export interface OutputStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

export interface Surroundings {
  stdout: OutputStream;
  stderr: OutputStream;
  stdin: Readable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  interrupts: Interrupts;
}

/** Ctrl-C and a polite request to end (SIGTERM). */
export interface Interrupts {
  /** Until the returned function is called, an interrupt calls `listener` instead of ending the process. */
  take(listener: () => void): () => void;
  /** Ends the process at once, as an interrupt does (130). */
  exitNow(): never;
}

export class Terminal {
  readonly stdin: Surroundings['stdin'];
  /** Colours for results. */
  readonly paint: Paint;
  /** Colours for what is said. */
  readonly paintSaid: Paint;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;

  constructor({ stdout, stderr, stdin, env }: Surroundings) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.stdin = stdin;
    this.paint = paintFor(stdout, env);
    this.paintSaid = paintFor(stderr, env);
  }

  /** Cells of a line of results, or undefined when nobody looks. */
  get width(): number | undefined {
    return this.#stdout.isTTY ? (this.#stdout.columns ?? 80) : undefined;
  }

  get resultsAreSeen(): boolean {
    return this.#stdout.isTTY === true;
  }

  /** A person sits there, sees what is said and can answer. */
  get canAsk(): boolean {
    return this.stdin.isTTY === true && this.#stderr.isTTY === true;
  }

  /** Lines on stderr may be rewritten. */
  get canRewrite(): boolean {
    return this.#stderr.isTTY === true;
  }

  get saidWidth(): number {
    return this.#stderr.columns ?? 80;
  }

  /** A result, on lines of its own. */
  print(text: string): Promise<void> {
    return this.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Part of a result. Resolves when the reader can take more. */
  async write(text: string): Promise<void> {
    if (this.#stdout.write(text)) return;
    await new Promise<void>((resolve) => this.#stdout.once('drain', resolve));
  }

  /** Something for people, beside the result. */
  say(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  /** The answer to a question, without its line end. */
  async ask(question: string): Promise<string> {
    const { createInterface } = await import('node:readline/promises');
    const dialogue = createInterface({
      input: this.stdin,
      output: this.#stderr as NodeJS.WriteStream,
      terminal: false,
    });
    return dialogue.question(question).finally(() => dialogue.close());
  }

  /** Without a newline, for lines that are written again. */
  sayRaw(text: string): void {
    this.#stderr.write(text);
  }
}
