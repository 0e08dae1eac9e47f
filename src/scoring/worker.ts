/**
 * The process that computes. It serves one bundle over its channel, one piece after the other, and ends when the channel
 * closes: a killed parent leaves nothing behind. Signals are for the parent, which drains and then says `close`.
 *
 * `MURMUR_TEST_POISON` is for tests of crashes: a model input that contains it kills the process.
 */
import { setPriority } from 'node:os';
import type { FromWorker, ToWorker } from './protocol.js';
import { toPlain } from './protocol.js';
import { Session } from './session.js';

/** Below the process that serves people, but not starved by it: a third of its share where both want one core. */
const priority = 5;

const stop = new AbortController();
const poison = process.env.MURMUR_TEST_POISON;
let session: Session | undefined;
let work: Promise<void> = Promise.resolve();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
try {
  setPriority(priority);
} catch {
  // Where the system does not allow it the worker runs as it is.
}

process.on('message', (message: ToWorker) => {
  work = work.then(() => handle(message));
});
process.on('disconnect', () => {
  stop.abort();
  work = work.then(end);
});

async function handle(message: ToWorker): Promise<void> {
  if (stop.signal.aborted) return;
  if (message.type === 'load') return load(message);
  if (message.type === 'score') return score(message);
  return end();
}

async function load({ bundle, threads, runtime }: ToWorker & { type: 'load' }): Promise<void> {
  const started = performance.now();
  try {
    session = await Session.load(bundle, runtime === undefined ? { threads } : { threads, runtime });
    send({ type: 'ready', goldens: session.goldens, loadMs: performance.now() - started });
  } catch (e) {
    send({ type: 'refused', error: toPlain(e) });
  }
}

async function score({ piece, inputs }: ToWorker & { type: 'score' }): Promise<void> {
  if (poison && inputs.some((text) => text.includes(poison))) process.kill(process.pid, 'SIGKILL');
  try {
    const scored = await session!.score(inputs, stop.signal);
    send({ type: 'scored', piece, ...scored, rss: process.memoryUsage.rss() });
  } catch (e) {
    if (!stop.signal.aborted) send({ type: 'failed', piece, error: toPlain(e) });
  }
}

async function end(): Promise<void> {
  await session?.release();
  session = undefined;
  process.exit(0);
}

function send(message: FromWorker): void {
  if (process.connected) process.send!(message);
}
