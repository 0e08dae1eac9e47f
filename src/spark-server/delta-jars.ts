/** Delta's two jars from Maven Central, or a mirror of it, each checked against the digest that is known here. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asMurmurError, MurmurError } from '../base/errors.js';
import type { Installing } from './installing.js';
import { deltaJars, type Jar, jarName } from './pins.js';
import { runProgram } from './program.js';

/** What stands in the place of an address to have them fetched by the program `mvn`, with its own settings. */
export const byMaven = 'mvn';
export const mavenCentral = 'https://repo1.maven.org/maven2';

/**
 * Puts the jars that are not there yet into `folder`: from `MURMUR_MAVEN_URL`, else from Maven Central; where that cannot be
 * reached, by `mvn`, which knows the proxies and mirrors of its user.
 * @throws spark.download_failed (external), spark.download_altered (external)
 */
export async function fetchDeltaJars(folder: string, o: Installing): Promise<void> {
  const missing: Jar[] = [];
  for (const jar of jarsOf(o)) if (!(await isSound(join(folder, jarName(jar)), jar))) missing.push(jar);
  if (missing.length === 0) return;
  const base = o.env.MURMUR_MAVEN_URL || mavenCentral;
  if (base === byMaven) return fetchByMaven(folder, o);
  try {
    for (const jar of missing) await download(base, jar, folder, o);
  } catch (cause) {
    const error = asMurmurError(cause);
    if (error.code !== 'spark.download_failed') throw error;
    o.onStep?.(`${error.message}; trying mvn`);
    await fetchByMaven(folder, o).catch((e) => {
      throw isAbsent(e) ? error : e;
    });
  }
}

async function download(base: string, jar: Jar, folder: string, o: Installing): Promise<void> {
  const name = jarName(jar);
  const url = `${base.replace(/\/+$/, '')}/io/delta/${jar.artifact}/${jar.version}/${name}`;
  const file = join(folder, name);
  const arriving = `${file}.arriving`;
  o.onStep?.(`fetching ${name}`);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
    if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
    const total = Number(response.headers.get('content-length') ?? 0);
    let done = 0;
    const target = await open(arriving, 'w');
    try {
      for await (const chunk of response.body) {
        await target.write(chunk);
        done += chunk.length;
        if (total > 0) o.onBytes?.(`fetching ${name}`, done, total);
      }
    } finally {
      await target.close();
    }
    if (!(await isSound(arriving, jar))) throw altered(url, jar);
    await rename(arriving, file);
  } catch (cause) {
    throw cause instanceof MurmurError ? cause : failed(url, cause);
  } finally {
    await rm(arriving, { force: true });
  }
}

/** With a repository of its own, so that nothing is left behind. */
async function fetchByMaven(folder: string, o: Installing): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'murmur-maven-'));
  try {
    const pom = join(work, 'pom.xml');
    await writeFile(pom, pomOf(jarsOf(o)));
    o.onStep?.("fetching Delta's jars by mvn");
    const { code, lines } = await runProgram(
      'mvn',
      [
        ...['-q', '-B', '-ntp', '-f', pom, `-Dmaven.repo.local=${join(work, 'repository')}`],
        ...['dependency:copy-dependencies', `-DoutputDirectory=${folder}`],
      ],
      { env: o.env },
    );
    if (code !== 0) {
      const why = code === undefined ? 'no program mvn' : lines.find((line) => line.includes('ERROR'));
      throw failed('Maven Central by mvn', new Error(why ?? `it ended with ${code}`), code === undefined);
    }
    for (const jar of jarsOf(o))
      if (!(await isSound(join(folder, jarName(jar)), jar))) throw altered('Maven Central by mvn', jar);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const patienceMs = 600_000;

export function jarsOf(o: Installing): readonly Jar[] {
  return o.jars ?? deltaJars;
}

const pomOf = (jars: readonly Jar[]) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>murmur</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${jars
  .map(
    ({ artifact, version }) =>
      `<dependency><groupId>io.delta</groupId><artifactId>${artifact}</artifactId><version>${version}</version>` +
      '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>',
  )
  .join('')}</dependencies></project>`;

async function isSound(file: string, jar: Jar): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw e;
  }
  return hash.digest('hex') === jar.sha256;
}

function failed(from: string, cause: unknown, absent = false): MurmurError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const why = inner instanceof Error ? inner.message : String(inner);
  return new MurmurError('spark.download_failed', `fetching Delta from ${from}: ${why}`, {
    fault: 'external',
    retry: 'backoff',
    fix: 'check the network, set MURMUR_MAVEN_URL to a mirror of Maven Central, or install Maven and set MURMUR_MAVEN_URL=mvn',
    cause,
    context: { absent },
  });
}

function isAbsent(e: unknown): boolean {
  return e instanceof MurmurError && e.context.absent === true;
}

function altered(from: string, jar: Jar): MurmurError {
  return new MurmurError('spark.download_altered', `${jarName(jar)} from ${from} is not what it should be`, {
    fault: 'external',
    fix: 'correct MURMUR_MAVEN_URL: what it names does not serve the files of Maven Central',
    context: { expected: jar.sha256 },
  });
}
