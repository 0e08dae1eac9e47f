/** How a failure is told, once, and what the process ends with. */
import { CommanderError } from 'commander';
import { asMurmurError, MurmurError } from '../base/errors.js';

/** 0 done, 1 the user's input, 2 the outside world, 3 a bug of ours, 4 a rule with `fail` fired. */
export function exitCodeOf(error: MurmurError): number {
  if (error.code === 'engine.rule_failed') return 4;
  return { user: 1, external: 2, internal: 3 }[error.fault];
}

/** A mistake on the command line as one of the user's; undefined when commander only showed help or a version. */
export function fromCommander(error: CommanderError, command: string): MurmurError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined;
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)/, '; did you mean $1?');
  return new MurmurError('cli.usage', message, {
    fault: 'user',
    fix: `see "${command} --help"`,
    cause: error,
  });
}

/** Any thrown value as what will be told. */
export function toFailure(error: unknown, command: string): MurmurError | undefined {
  if (error instanceof CommanderError) return fromCommander(error, command);
  return fromSystem(error) ?? asMurmurError(error);
}

/** What to do where the machine refuses, by what Node calls it. */
const remedies: Record<string, string> = {
  ...{ EACCES: 'give yourself the right to write there', EPERM: 'give yourself the right to write there' },
  EROFS: 'name a folder on a disk that can be written',
  ...{ ENOSPC: 'free some disk space', EDQUOT: 'free some disk space' },
  ...{ EMFILE: 'allow more open files: ulimit -n', ENFILE: 'allow more open files on this machine' },
};

/** A refusal of the machine that no room has put into words: nobody's bug. */
function fromSystem(error: unknown): MurmurError | undefined {
  const unforeseen = error instanceof MurmurError && error.code === 'internal.unexpected';
  const cause = unforeseen ? error.cause : error;
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  const fix = remedies[String(cause.code)];
  if (fix === undefined) return undefined;
  return new MurmurError('cli.machine_refuses', cause.message, { fault: 'external', fix, cause: error });
}

/** One line of JSON: the contract of `--json` failures. */
export function failureJson({ code, fault, message, fix }: MurmurError): string {
  return JSON.stringify({ error: { code, fault, message, fix: fix ?? null } });
}

/** `murmur: message` and `fix: what to do`; with `verbose` also where it came from. */
export function failureText(error: MurmurError, o: { verbose: boolean }): string {
  const lines = [`murmur: ${error.message}`];
  if (error.fix !== undefined) lines.push(`fix: ${error.fix}`);
  if (error.fault === 'internal') lines.push(`this is a bug of Murmur (${error.code}); please report it`);
  if (o.verbose) lines.push(...traceOf(error));
  else if (error.fault === 'internal') lines.push('with -v it tells where it happened');
  return lines.join('\n');
}

function traceOf(error: MurmurError): string[] {
  const lines = [`code: ${error.code}`];
  for (const [key, value] of Object.entries(error.context)) lines.push(`${key}: ${value}`);
  for (let e: unknown = error; e instanceof Error; e = e.cause) lines.push(e.stack ?? String(e));
  return lines;
}
