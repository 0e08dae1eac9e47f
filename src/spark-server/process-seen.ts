/** What the system says of a process that another program of ours has started. */
import { readFile } from 'node:fs/promises';
import { runProgram } from './program.js';

export interface ProcessSeen {
  /** Its whole command line. */
  command: string;
  /** Resident memory, bytes. */
  rss: number;
}

/** Undefined where there is no such process. `/proc` where it is, else `ps`. */
export async function seeProcess(pid: number): Promise<ProcessSeen | undefined> {
  try {
    const [command, status] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/status`, 'utf8'),
    ]);
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
    // One that has ended and is not waited for yet has no memory.
    if (kilobytes === undefined) return undefined;
    return { command: command.replaceAll('\0', ' ').trim(), rss: Number(kilobytes) * 1024 };
  } catch {
    return seeByPs(pid);
  }
}

async function seeByPs(pid: number): Promise<ProcessSeen | undefined> {
  const { code, lines } = await runProgram('ps', ['-ww', '-o', 'rss=,command=', '-p', String(pid)], {
    env: { PATH: '/usr/bin:/bin' },
  });
  const [, kilobytes, command] = /^\s*(\d+)\s+(.*)$/.exec(lines[0] ?? '') ?? [];
  return code === 0 && command !== undefined ? { command, rss: Number(kilobytes) * 1024 } : undefined;
}
