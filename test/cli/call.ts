/** The command line in this process: what `murmur` would print and end with, without starting one. */
import { Readable } from 'node:stream';
import { runCommand } from '../../src/cli/main.js';
import type { OutputStream, Surroundings } from '../../src/cli/terminal.js';

export interface Called {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CallOptions {
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
  /** A person sits there, and types the input. */
  tty?: boolean;
}

export class Call {
  stdout = '';
  stderr = '';
  /** What Ctrl-C does at the moment. */
  interrupt: (() => void) | undefined;
  exitedNow = false;
  readonly ended: Promise<Called>;

  constructor(args: string[], o: CallOptions = {}) {
    const tty = o.tty === true;
    const output = (take: (text: string) => void): OutputStream => ({
      isTTY: tty,
      columns: 100,
      write(text) {
        take(text);
        return true;
      },
      once: () => undefined,
      on: () => undefined,
    });
    const surroundings: Surroundings = {
      stdout: output((text) => {
        this.stdout += text;
      }),
      stderr: output((text) => {
        this.stderr += text;
      }),
      stdin: Object.assign(Readable.from([o.input ?? '']), { isTTY: tty }),
      env: { NO_COLOR: '1', MURMUR_MODEL: 'lexicon', ...o.env },
      cwd: o.cwd ?? '/',
      interrupts: {
        take: (listener) => {
          this.interrupt = listener;
          return () => {
            this.interrupt = undefined;
          };
        },
        exitNow: () => {
          this.exitedNow = true;
          return undefined as never;
        },
      },
    };
    this.ended = runCommand(args, surroundings).then((code) => ({
      code,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }
}

export function call(args: string[], o: CallOptions = {}): Promise<Called> {
  return new Call(args, o).ended;
}

/** The result of a command with --json that must succeed. */
export async function callJson<T>(args: string[], o: CallOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await call([...args, '--json'], o);
  if (code !== 0) throw new Error(`murmur ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The failure of a command with --json that must fail. */
export async function callFailure(args: string[], o: CallOptions = {}) {
  const { code, stdout, stderr } = await call([...args, '--json'], o);
  if (code === 0) throw new Error(`murmur ${args.join(' ')} did not fail: ${stdout}`);
  const { error } = JSON.parse(stderr.trim().split('\n').at(-1)!);
  return { code, ...error } as { code: number } & Record<'fault' | 'message' | 'fix', string> & {
      code: string | number;
    };
}
