/**
 * A session for as long as the run lives: opened when first asked for, and opened anew when the server forgot it. While the
 * server is away whoever asks waits; what lived in the old session (streams, functions) its owners make again.
 */
import { backoff } from '../../base/backoff.js';
import type { Clock } from '../../base/clock.js';
import { asMurmurError } from '../../base/errors.js';
import type { SparkSession } from './connect/index.js';

/** Longest wait between two tries to reach the server. Milliseconds. */
const patienceMs = 10_000;

const awayCodes = new Set(['spark.unreachable', 'spark.timeout']);

/** What a server says that is being shut down. */
const lastWords = /stopped SparkContext|Application error processing RPC/;

/** Whether the server does not answer at present: the session may still be there when it does. */
export function isAway(error: unknown): boolean {
  const { code, message } = asMurmurError(error);
  return awayCodes.has(code) || lastWords.test(message);
}

/** The server forgot it, or another of its users met that first and closed it. */
const lostCodes = new Set(['spark.session_changed', 'spark.closed']);

/** Whether what lived in the session is gone. */
export function isLost(error: unknown): boolean {
  return lostCodes.has(asMurmurError(error).code);
}

export class SessionKeeper {
  #session: Promise<SparkSession> | undefined;
  #opened = false;

  constructor(
    readonly open: () => Promise<SparkSession>,
    readonly clock: Clock,
  ) {}

  /**
   * The session. Before there ever was one a failure is thrown; afterwards it is waited for, until the signal.
   * @throws spark.*; what the signal gives as its reason
   */
  get(signal: AbortSignal): Promise<SparkSession> {
    this.#session ??= this.#connect(signal).catch((e) => {
      this.#session = undefined;
      throw e;
    });
    return this.#session;
  }

  /** To be told that what lived in this session is gone: it is never given again. */
  async lost(session: SparkSession): Promise<void> {
    if ((await this.#session?.catch(() => undefined)) === session) this.#session = undefined;
    await session.close({ release: false });
  }

  /** Ends the session, and with it every stream that still runs in it. */
  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await session?.close();
  }

  async #connect(signal: AbortSignal): Promise<SparkSession> {
    for (let attempt = 1; ; attempt++) {
      try {
        const session = await this.open();
        this.#opened = true;
        return session;
      } catch (e) {
        const error = asMurmurError(e);
        if (!this.#opened || !(isAway(error) || isLost(error))) throw error;
        await this.clock.sleep(backoff(attempt, 500, patienceMs), signal);
        signal.throwIfAborted();
      }
    }
  }
}
