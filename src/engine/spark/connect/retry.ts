/** Which failures of a call are worth another try, and when: the policy of Spark's own clients. */
import { Code, ConnectError } from '@connectrpc/connect';
import type { Clock } from '../../../base/clock.js';
import { ErrorInfoSchema, RetryInfoSchema } from './gen/google/rpc/error_details_pb.js';

export interface RetryPolicy {
  /** How often a call is tried again. Spark's own clients take 15, which waits about ten minutes for a server that is not there. */
  retries: number;
  firstWaitMs: number;
  factor: number;
  maxWaitMs: number;
  /** Added at random to waits of two seconds and more. */
  jitterMs: number;
}

export const defaultPolicy: Readonly<RetryPolicy> = {
  retries: 5,
  firstWaitMs: 50,
  factor: 4,
  maxWaitMs: 60_000,
  jitterMs: 500,
};

const jitterFromMs = 2_000;
const longestServerWaitMs = 10 * 60_000;

/** Counts the tries of one call; a success in between starts the count again. */
export class Tries {
  #failed = 0;

  constructor(
    readonly policy: RetryPolicy,
    readonly clock: Clock,
    readonly random: () => number,
  ) {}

  reset(): void {
    this.#failed = 0;
  }

  /** Waits before the next try; false when there is none left, or this failure is for good. */
  async again(e: unknown, signal?: AbortSignal): Promise<boolean> {
    if (!isTransient(e) || this.#failed >= this.policy.retries) return false;
    await this.pause(signal, serverWait(e));
    return signal?.aborted !== true;
  }

  /** Waits as after a failure, and counts it. */
  async pause(signal?: AbortSignal, wantedMs?: number): Promise<void> {
    const { firstWaitMs, factor, maxWaitMs, jitterMs } = this.policy;
    const own = Math.min(maxWaitMs, firstWaitMs * factor ** this.#failed++);
    const wait = own >= jitterFromMs ? own + this.random() * jitterMs : own;
    await this.clock.sleep(wantedMs ?? wait, signal);
  }
}

/** True when the same call may succeed soon: nobody there, the connection broke, or the server said so. */
export function isTransient(e: unknown): boolean {
  if (!(e instanceof ConnectError)) return false;
  if (e.code === Code.Unavailable || serverWait(e) !== undefined) return true;
  // A killed server and a reset stream look like this. The caller's own abort is ruled out before; a statement that Spark canceled has details.
  if (e.code === Code.Canceled) return e.findDetails(ErrorInfoSchema).length === 0;
  if (fromServer(e)) return e.code === Code.Internal && e.rawMessage.includes('INVALID_CURSOR.DISCONNECTED');
  return (
    e.code === Code.Aborted || /^http\/2 stream closed|^protocol error: missing status/.test(e.rawMessage)
  );
}

/** Whether the server sent this status; a status made on this side is about the connection. */
export function fromServer(e: ConnectError): boolean {
  return e.metadata.has('grpc-status');
}

function serverWait(e: unknown): number | undefined {
  if (!(e instanceof ConnectError)) return undefined;
  const [info] = e.findDetails(RetryInfoSchema);
  if (info === undefined) return undefined;
  const { seconds = 0n, nanos = 0 } = info.retryDelay ?? {};
  return Math.min(longestServerWaitMs, Number(seconds) * 1000 + nanos / 1e6);
}
