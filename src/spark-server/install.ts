/**
 * Spark with Delta in a folder of its own: a Python environment that holds Spark and all that its workers need, Delta's jars
 * beside Spark's own (where every class loader of a session finds them). What is complete is not done again.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MurmurError } from '../base/errors.js';
import { fetchDeltaJars, jarsOf } from './delta-jars.js';
import type { Installing } from './installing.js';
import { findJava, findPython } from './machine.js';
import { jarName, pythonPackages } from './pins.js';
import { runProgram } from './program.js';

export interface SparkInstallation {
  /** The interpreter that has pyspark, and that Spark's workers use. */
  python: string;
  /** Spark itself: `bin/spark-submit`, `jars/`. */
  home: string;
  /** Delta's jars; they lie in `jars/`, so nobody needs to name them. */
  jars: readonly string[];
  /** What every program of Spark's must find in its environment. */
  env: Record<string, string>;
}

/**
 * @param folder all of it lies below
 * @throws spark.no_java, spark.no_python, spark.install_failed, spark.download_failed, spark.download_altered (external)
 */
export async function installSpark(folder: string, o: Installing): Promise<SparkInstallation> {
  await findJava(o.env);
  const venv = join(folder, 'venv');
  const python = join(venv, 'bin', 'python');
  const ready = join(venv, 'ready');
  const wanted = pythonPackages.join('\n');
  if ((await readIfThere(ready)) !== wanted) {
    const { program, version } = await findPython(o.env);
    o.onStep?.(`making a Python ${version} environment in ${venv}`);
    await rm(venv, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await succeed(program, ['-m', 'venv', venv], folder, o);
    // Older ones cannot tell how far a download is.
    await succeed(python, [...pip, '--quiet', '--upgrade', 'pip'], folder, o);
    await succeed(python, [...pip, '--progress-bar', 'raw', ...pythonPackages], folder, o);
    await writeFile(ready, wanted);
  }
  const found = await succeed(
    python,
    ['-c', 'import os, pyspark; print(os.path.dirname(pyspark.__file__))'],
    folder,
    o,
  );
  const home = found.at(-1)!;
  const jars = join(home, 'jars');
  await fetchDeltaJars(jars, o);
  return {
    python,
    home,
    jars: jarsOf(o).map((jar) => join(jars, jarName(jar))),
    env: {
      SPARK_HOME: home,
      PYSPARK_PYTHON: python,
      PYSPARK_DRIVER_PYTHON: python,
      SPARK_LOCAL_IP: '127.0.0.1',
    },
  };
}

const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input'];

/** Runs a step to its good end; all that it prints goes to `install.log`. */
async function succeed(
  program: string,
  args: readonly string[],
  folder: string,
  o: Installing,
): Promise<string[]> {
  const tell = pipWords(o);
  const { code, lines } = await runProgram(program, args, { env: o.env, onLine: tell });
  if (code === 0) return lines;
  const log = join(folder, 'install.log');
  await writeFile(log, `${[program, ...args].join(' ')}\n${lines.join('\n')}\n`);
  const why = lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? `it ended with ${code}`;
  throw new MurmurError('spark.install_failed', `installing Spark with pip: ${why.replace(/^ERROR: /, '')}`, {
    fault: 'external',
    retry: 'backoff',
    fix: `check the network and the space on the disk (2 GB; behind a mirror set PIP_INDEX_URL), and try again; all that was said is in ${log}`,
    context: { log },
  });
}

/** What pip prints (its progress bar `raw`: `Progress 1 of 2`), as steps and bytes. */
function pipWords(o: Installing): (line: string) => void {
  let what = '';
  return (line) => {
    const [, file] = /^\s*Downloading (?:\S*\/)?([^\s/]+?)(?:\.metadata)? \(/.exec(line) ?? [];
    const [, done, total] = /^Progress (\d+) of (\d+)/.exec(line) ?? [];
    if (file !== undefined) what = `fetching ${file}`;
    else if (done !== undefined) o.onBytes?.(what, Number(done), Number(total));
    else if (line.startsWith('Building wheels')) o.onStep?.('building pyspark: about a minute');
    else if (line.startsWith('Installing collected')) o.onStep?.('installing');
  };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw e;
  }
}
