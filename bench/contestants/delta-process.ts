/** A contestant of the Delta bench: a process of its own that takes commands as JSON lines and answers each with one. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pythonWith } from '../../test/real/setup/python.js';

export interface DeltaCommand {
  op: 'open' | 'append' | 'optimize' | 'zorder';
  path: string;
  [option: string]: unknown;
}

export interface DeltaContestant {
  readonly name: string;
  /** Runs the command in a process that has loaded its libraries and done nothing else. */
  run<T>(command: DeltaCommand): Promise<T>;
}

export function murmur(): DeltaContestant {
  return contestant('murmur', process.execPath, [beside('murmur-delta.js')]);
}

export function deltaRs(): DeltaContestant {
  return contestant('delta-rs', pythonWith('deltalake', ['deltalake==1.6.6', 'pyarrow']), [
    beside('delta_rs.py'),
  ]);
}

function contestant(name: string, command: string, args: string[]): DeltaContestant {
  return {
    name,
    async run<T>(what: DeltaCommand): Promise<T> {
      const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      try {
        return await answer<T>(child, what);
      } finally {
        child.stdin.end();
        if (child.exitCode === null) await once(child, 'exit');
      }
    },
  };
}

async function answer<T>(
  child: ChildProcessWithoutNullStreams | ReturnType<typeof spawn>,
  what: DeltaCommand,
): Promise<T> {
  child.stdin!.write(`${JSON.stringify(what)}\n`);
  for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line) as T;
  throw new Error(`${what.op} ended without an answer`);
}

function beside(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
