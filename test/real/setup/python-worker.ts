/** A long-lived Python process that runs one command after the other: much faster than a start for each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What is kept of the process's own words, to tell why it ended. */
const keptLines = 40;

export class PythonWorker {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #said: string[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  /** `script` ends in `serve` of setup/serve.py. */
  constructor(
    python: string,
    args: readonly string[],
    options: { env?: Record<string, string>; cwd?: string } = {},
  ) {
    this.#child = spawn(python, args, {
      cwd: options.cwd,
      env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      this.#said.push(line);
      if (this.#said.length > keptLines) this.#said.shift();
    });
  }

  /** The command's result. @throws what the command threw, in its words */
  ask<T>(command: string, fields: Record<string, unknown> = {}): Promise<T> {
    const answer = this.#turn.then(() => this.#ask<T>({ do: command, ...fields }));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  /** Ends the process when its commands are done. */
  async stop(): Promise<void> {
    await this.#turn;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.stdin!.end();
    await once(this.#child, 'exit');
  }

  async #ask<T>(command: Record<string, unknown>): Promise<T> {
    this.#child.stdin!.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`Python ended:\n${this.#said.join('\n')}`);
    const { result, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(error);
    return result;
  }
}
