/**
 * A machine whose Java, Python and Spark are scripts: they behave as the real ones do where an installer looks, take no time and
 * need no network. Maven Central is a server on loopback.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Installing } from '../../src/spark-server/installing.js';
import type { Jar } from '../../src/spark-server/pins.js';

const jarBytes = Buffer.from('the bytes of a jar');
const jar: Jar = {
  artifact: 'delta-fake',
  version: '1.0',
  sha256: createHash('sha256').update(jarBytes).digest('hex'),
};

export class FakeMachine {
  readonly folder = mkdtempSync(join(tmpdir(), 'murmur-machine-'));
  readonly home = join(this.folder, 'home');
  readonly run = join(this.folder, 'run');
  /** What was said, and how often the network was asked. */
  readonly steps: string[] = [];
  asked = 0;
  /** What the server of jars answers. */
  served: Buffer | undefined = jarBytes;
  readonly #maven: Server = createServer((request, response) => {
    this.asked++;
    const isIt =
      request.url === '/m2/io/delta/delta-fake/1.0/delta-fake-1.0.jar' && this.served !== undefined;
    if (isIt) response.end(this.served);
    else response.writeHead(404).end();
  });

  async begin(): Promise<void> {
    await new Promise<void>((resolve) => this.#maven.listen(0, '127.0.0.1', resolve));
    this.program('java', 'echo \'openjdk version "17.0.9" 2023-10-17\' >&2');
    this.python('3.12.1 venv');
  }

  async end(): Promise<void> {
    await new Promise((resolve) => this.#maven.close(resolve));
    rmSync(this.folder, { recursive: true });
  }

  get installing(): Installing {
    return {
      env: {
        // Without the machine's own programs there is no java, python3 or mvn but ours.
        PATH: `${join(this.folder, 'bin')}`,
        MURMUR_MAVEN_URL: `http://127.0.0.1:${(this.#maven.address() as AddressInfo).port}/m2/`,
      },
      jars: [jar],
      onStep: (what) => this.steps.push(what),
    };
  }

  /** A program of the path: a script of the shell. */
  program(name: string, script: string): void {
    const file = join(this.folder, 'bin', name);
    mkdirSync(join(this.folder, 'bin'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\nPATH=$PATH:/usr/bin:/bin\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /**
   * A Python that makes environments in which Spark can be installed.
   * @param probed what it says of itself
   * @param pip what `pip install` does
   */
  python(
    probed: string,
    pip = `mkdir -p ${this.spark}/jars ${this.spark}/bin; cp ${this.sparkSubmit} ${this.spark}/bin`,
  ): void {
    this.program(
      'python3',
      `case "$*" in
       *pyspark.__file__*) echo ${this.spark} ;;
       -c*) echo ${probed} ;;
       *venv*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
       *--upgrade*) ;;
       *"pip install"*) echo "$*" >> ${this.folder}/pip; ${pip} ;;
       esac`,
    );
  }

  /**
   * What `spark-submit` does: by default a server that says it is ready, takes connections and ends when it is asked to.
   * @param script of Node
   */
  submits(script = ready): void {
    const node = process.execPath;
    writeFileSync(join(this.folder, 'server.js'), script);
    this.program('spark-submit', `exec ${node} ${join(this.folder, 'server.js')} "$@"`);
  }

  get installs(): number {
    const log = join(this.folder, 'pip');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0;
  }

  get sparkSubmit(): string {
    return join(this.folder, 'bin', 'spark-submit');
  }

  get spark(): string {
    return join(this.home, 'venv', 'pyspark');
  }
}

const ready = `
const { createServer } = require('node:net');
console.log(process.argv.slice(2).join('\\n'));
const [, port] = /binding.port=(\\d+)/.exec(process.argv.join(' '));
const server = createServer().listen(Number(port), '127.0.0.1', () => {
  console.log('Spark Connect server started at: 127.0.0.1:' + port);
});
process.on('SIGTERM', () => setTimeout(() => process.exit(143), 150));
`;
