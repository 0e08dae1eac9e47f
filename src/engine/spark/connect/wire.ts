/**
 * One session on one server, as calls see it: who asks, which server answered before, retries, and failures explained.
 * Calls that may be sent twice go through `ask`; statements have their own protocol (execute.ts).
 */
import { randomUUID } from 'node:crypto';
import type { CallOptions } from '@connectrpc/connect';
import { type Clock, systemClock } from '../../../base/clock.js';
import { MurmurError } from '../../../base/errors.js';
import { checkSessionId, type SparkAddress } from './address.js';
import { type Channel, type ChannelOptions, openChannel, type SparkClient } from './channel.js';
import { aborted, explainFault, sessionChanged } from './faults.js';
import { defaultPolicy, type RetryPolicy, Tries } from './retry.js';

export interface WireOptions extends ChannelOptions {
  /** Sessions belong to a user; without one the server's log shows `murmur`. */
  userId?: string;
  /** A UUID; a new one unless a session is taken up again on purpose. */
  sessionId?: string;
  retry?: Partial<RetryPolicy>;
  /** How long a call that answers once may take. Default ten minutes; statements have no limit. */
  callTimeoutMs?: number;
  clock?: Clock;
  /** From 0 to 1, for the jitter of waits. */
  random?: () => number;
}

/** What every request begins with. */
export interface RequestBase {
  sessionId: string;
  userContext: { userId: string; userName: string };
  clientType: string;
  clientObservedServerSideSessionId?: string;
}

export interface AskOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

const callTimeoutMs = 10 * 60_000;
const lastCallTimeoutMs = 10_000;

export class Wire {
  readonly sessionId: string;
  readonly userId: string;
  readonly clock: Clock;
  /** When the server last answered, milliseconds since the epoch. */
  answeredAt: number;
  readonly #clientType: string;
  readonly #server: string;
  readonly #channel: Channel;
  readonly #options: WireOptions;
  readonly #unwaited = new Set<Promise<void>>();
  #serverSideSessionId: string | undefined;
  #closed = false;

  constructor(address: SparkAddress, options: WireOptions = {}) {
    this.sessionId = checkSessionId(options.sessionId ?? address.sessionId ?? randomUUID());
    this.userId = options.userId ?? address.userId ?? 'murmur';
    this.clock = options.clock ?? systemClock;
    this.answeredAt = this.clock.now();
    this.#clientType = address.userAgent ?? 'murmur';
    this.#server = `${address.host}:${address.port}`;
    this.#options = options;
    this.#channel = openChannel(address, options);
  }

  /** @throws spark.closed (user) after `close` */
  get client(): SparkClient {
    if (this.#closed) throw closed();
    return this.#channel.client;
  }

  base(): RequestBase {
    return {
      sessionId: this.sessionId,
      userContext: { userId: this.userId, userName: this.userId },
      clientType: this.#clientType,
      ...(this.#serverSideSessionId && { clientObservedServerSideSessionId: this.#serverSideSessionId }),
    };
  }

  tries(): Tries {
    return new Tries(
      { ...defaultPolicy, ...this.#options.retry },
      this.clock,
      this.#options.random ?? Math.random,
    );
  }

  /** Notes which server answered. @throws spark.session_changed (external) when it is another than before */
  seen<T extends { serverSideSessionId: string }>(doing: string, response: T): T {
    this.answeredAt = this.clock.now();
    const now = response.serverSideSessionId;
    if (this.#serverSideSessionId !== undefined && now !== '' && now !== this.#serverSideSessionId)
      throw sessionChanged(doing, 'the Spark server was restarted or replaced');
    if (now !== '') this.#serverSideSessionId = now;
    return response;
  }

  /** One question that may be asked twice, tried again as the policy says. @throws spark.* */
  async ask<T extends { serverSideSessionId: string }>(
    doing: string,
    call: (client: SparkClient, base: RequestBase, options: CallOptions) => Promise<T>,
    { signal, timeoutMs = this.#options.callTimeoutMs ?? callTimeoutMs }: AskOptions = {},
  ): Promise<T> {
    const tries = this.tries();
    for (;;) {
      if (signal?.aborted) throw aborted(doing, signal);
      try {
        const response = await call(this.client, this.base(), { timeoutMs, ...(signal && { signal }) });
        return this.seen(doing, response);
      } catch (e) {
        if (signal?.aborted) throw aborted(doing, signal);
        if (!(await tries.again(e, signal))) throw await this.explain(doing, e, signal);
      }
    }
  }

  async explain(doing: string, e: unknown, signal?: AbortSignal): Promise<MurmurError> {
    if (signal?.aborted) return aborted(doing, signal);
    return explainFault(doing, this.#server, e, async (errorId) => {
      const request = { ...this.base(), errorId };
      const { client } = this.#channel;
      return client.fetchErrorDetails(request, { timeoutMs: lastCallTimeoutMs }).catch(() => undefined);
    });
  }

  /** A call nobody waits for and whose failure does no harm; `close` lets it leave first, and drops later ones. */
  unwaited(call: (client: SparkClient, base: RequestBase, options: CallOptions) => Promise<unknown>): void {
    if (this.#closed) return;
    const done = call(this.client, this.base(), { timeoutMs: lastCallTimeoutMs }).then(
      () => undefined,
      () => undefined,
    );
    this.#unwaited.add(done);
    void done.then(() => this.#unwaited.delete(done));
  }

  async close(): Promise<void> {
    await Promise.all(this.#unwaited);
    this.#closed = true;
    this.#channel.close();
  }
}

function closed(): MurmurError {
  return new MurmurError('spark.closed', 'using a Spark session: it was closed', {
    fault: 'user',
    fix: 'open another session with connectSpark',
  });
}
