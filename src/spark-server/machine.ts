/** What this machine must bring along: Java to run Spark, Python to run its workers. */
import { join } from 'node:path';
import { MurmurError } from '../base/errors.js';
import { oldestJava, oldestPython } from './pins.js';
import { type Environment, runProgram } from './program.js';

/**
 * The program that Spark's own scripts will find: of `JAVA_HOME` if it is set, else `java` of the path.
 * @returns its version, `17.0.15`
 * @throws spark.no_java (external)
 */
export async function findJava(env: Environment): Promise<string> {
  const program = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : 'java';
  const { code, lines } = await runProgram(program, ['-version'], { env });
  const [, version] = /version "([^"]+)"/.exec(lines.join('\n')) ?? [];
  if (code === 0 && version !== undefined && Number.parseInt(version, 10) >= oldestJava) return version;
  const found = version === undefined ? `${program} does not run` : `${program} is Java ${version}`;
  throw new MurmurError('spark.no_java', `looking for Java ${oldestJava} or newer: ${found}`, {
    fault: 'external',
    fix: `install Java ${oldestJava} (Debian, Ubuntu: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17), or set JAVA_HOME to it`,
  });
}

export interface Python {
  program: string;
  /** `3.12.3` */
  version: string;
}

/** The first Python of the path that is new enough. @throws spark.no_python (external) */
export async function findPython(env: Environment): Promise<Python> {
  const seen: string[] = [];
  for (const program of ['python3', 'python3.13', 'python3.12', 'python3.11', 'python']) {
    const { code, lines } = await runProgram(program, ['-c', probe], { env });
    const [version, withVenv] = (lines.at(-1) ?? '').split(' ');
    if (code !== 0 || version === undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue;
    if (isAtLeast(version, oldestPython) && withVenv === 'venv') return { program, version };
    seen.push(`${program} is ${version}${isAtLeast(version, oldestPython) ? ' without venv' : ''}`);
  }
  const found = seen.length === 0 ? 'there is none' : seen.join(', ');
  throw new MurmurError('spark.no_python', `looking for Python ${oldestPython} or newer: ${found}`, {
    fault: 'external',
    fix: `install Python ${oldestPython} or newer with venv (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python)`,
  });
}

const probe = `
import sys
try:
    import ensurepip, venv
    has = 'venv'
except ImportError:
    has = '-'
print('%d.%d.%d' % sys.version_info[:3], has)`;

function isAtLeast(version: string, oldest: string): boolean {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  const [oldMajor, oldMinor] = oldest.split('.').map(Number) as [number, number];
  return major > oldMajor || (major === oldMajor && minor >= oldMinor);
}
