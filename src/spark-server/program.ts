/** Other programs, run to their end: what they print line by line, and how they ended. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Ended {
  /** Null where a signal ended it, undefined where there is no such program. */
  code: number | null | undefined;
  /** Both outputs together, in the order of the lines. */
  lines: string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export async function runProgram(
  program: string,
  args: readonly string[],
  o: { env: Environment; onLine?: (line: string) => void },
): Promise<Ended> {
  const lines: string[] = [];
  const child = spawn(program, args, { env: o.env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      lines.push(line);
      o.onLine?.(line);
    });
  }
  return new Promise((resolve) => {
    child.once('error', (e) => resolve({ code: undefined, lines: [...lines, e.message] }));
    child.once('close', (code) => resolve({ code, lines }));
  });
}
