/** The command line: one process, one command, one exit code. The only place that knows `process`. */
import type { Command } from 'commander';
import { packageVersion } from '../base/package-root.js';
import { Cli } from './cli.js';
import { exitCodeOf, failureJson, failureText, toFailure } from './fault-report.js';
import { buildProgram } from './program.js';
import type { Interrupts, Surroundings } from './terminal.js';

/** Runs the command that the process was started with and sets its exit code. */
export async function start(host: NodeJS.Process): Promise<void> {
  for (const stream of [host.stdout, host.stderr]) {
    // Whoever read our output has seen enough.
    stream.on('error', (error: NodeJS.ErrnoException) => host.exit(error.code === 'EPIPE' ? 0 : 2));
  }
  const surroundings: Surroundings = {
    stdout: host.stdout,
    stderr: host.stderr,
    stdin: host.stdin,
    env: host.env,
    cwd: host.cwd(),
    interrupts: interruptsOf(host),
  };
  // The doctor speaks of an old Node; the library need not at every command.
  host.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const argv = host.argv.slice(2);
  host.on('uncaughtException', (error) => host.exit(report(error, argv, surroundings)));
  host.exitCode = await runCommand(argv, surroundings);
  // The command is done; what a library may still hold open must not keep its caller waiting.
  setTimeout(() => host.exit(), lingerMs).unref();
}

const lingerMs = 1_000;

/** @returns the exit code */
export async function runCommand(argv: string[], surroundings: Surroundings): Promise<number> {
  const cli = new Cli(surroundings);
  let program: Command | undefined;
  try {
    program = await buildProgram(argv, cli, packageVersion());
    await program.parseAsync(argv, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    return report(error, argv, surroundings, program);
  }
}

function report(
  error: unknown,
  argv: readonly string[],
  { stderr }: Surroundings,
  program?: Command,
): number {
  const failure = toFailure(error, commandOf(argv, program));
  if (failure === undefined) return 0;
  const json = argv.includes('--json');
  const verbose = argv.some((word) => word === '-v' || word === '--verbose');
  stderr.write(`${json ? failureJson(failure) : failureText(failure, { verbose })}\n`);
  return exitCodeOf(failure);
}

/** With the names of all commands that lead to the one that was called. */
function commandOf(argv: readonly string[], program?: Command): string {
  const names = ['murmur'];
  let command = program;
  for (const word of argv) {
    const called = command?.commands.find((child) => child.name() === word);
    if (called === undefined) continue;
    names.push(word);
    command = called;
  }
  return names.join(' ');
}

function interruptsOf(host: NodeJS.Process): Interrupts {
  return {
    take(listener) {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) host.on(signal, listener);
      return () => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) host.off(signal, listener);
      };
    },
    exitNow: () => host.exit(130),
  };
}
