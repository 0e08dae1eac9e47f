/** The parent's side of one worker process: starting it, talking to it, and learning how it ended. */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FromWorker, ToWorker } from './protocol.js';

/** How a worker ended: exit code, signal or failure to start, and the end of what it wrote to stderr. */
export interface WorkerEnd {
  reason: string;
  stderr: string;
}

export class WorkerProcess {
  readonly #child: ChildProcess;
  /** Resolves when the process is gone, however it went. */
  readonly ended: Promise<WorkerEnd>;

  constructor(onMessage: (message: FromWorker) => void) {
    this.#child = fork(fileURLToPath(entry), {
      serialization: 'advanced',
      execArgv: [smallYoungGeneration, ...(isTypeScript ? ['--import', typescriptLoader()] : [])],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const stderr = tail(this.#child);
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (e) => resolve({ reason: e.message, stderr: stderr() }));
      this.#child.once('close', (code, signal) =>
        resolve({ reason: signal ?? `exit code ${code}`, stderr: stderr() }),
      );
    });
    this.#child.on('message', (message) => onMessage(message as FromWorker));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** A message to a process that is gone is lost; `ended` tells. */
  send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Whether this worker keeps the parent's event loop alive; an idle one should not. */
  keepParent(alive: boolean): void {
    const { channel, stderr } = this.#child;
    const pipe = stderr as { ref?(): void; unref?(): void } | null;
    for (const handle of [this.#child, channel, pipe]) {
      if (alive) handle?.ref?.();
      else handle?.unref?.();
    }
  }
}

/** The neighbour of this file, in the same form: `worker.js` in dist/, `worker.ts` in a checkout under tsx or Vitest. */
const isTypeScript = import.meta.url.endsWith('.ts');
const entry = new URL(isTypeScript ? './worker.ts' : './worker.js', import.meta.url);

function typescriptLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}

/** What a batch leaves behind is collected early: 30 MB less for each worker, at the same speed. */
const smallYoungGeneration = '--max-semi-space-size=2';

const keptStderr = 2000;

function tail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-keptStderr);
  });
  return () => text.trim();
}
