/**
 * Requests to a tracking server, tried again as MLflow's own client does: after 408, 429 and 5xx, after a timeout and
 * after a broken connection, waiting longer each time or as long as `Retry-After` says. A request that makes something
 * new is not sent twice in the blind: where the server may have done it already, `recover` looks first.
 */
import { backoff } from '../../base/backoff.js';
import type { MurmurError } from '../../base/errors.js';
import { closed } from '../faults.js';
import { authorization, type Connection } from './connection.js';
import { refusalFault, unreachableFault } from './rest-fault.js';

export interface Request<T> {
  /** What it is for, as the errors say it. */
  doing: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the server's address, or a whole URL, which gets no credentials. */
  url: string;
  headers?: Record<string, string>;
  /** Made anew for each try, because a stream is read once. */
  body?: () => string | Buffer | ReadableStream;
  /** Whether the time limit holds; files take as long as they take. Default true. */
  limited?: boolean;
  /** Reads the answer; a connection that breaks meanwhile is one more reason to try again. */
  read: (response: Response) => Promise<T>;
  /** Finds what an earlier try made after all. Without it the request may be repeated. */
  recover?: () => Promise<T | undefined>;
}

const transient = new Set([408, 429, 500, 502, 503, 504]);
/** After these the server has certainly done nothing. */
const untouched = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const firstWaitMs = 2_000;
const longestWaitMs = 120_000;

type Outcome<T> =
  | { kind: 'answer'; value: T }
  | { kind: 'failed'; error: MurmurError; again: boolean; mayBeDone: boolean; waitMs?: number };

export class Http {
  readonly #closing = new AbortController();

  constructor(readonly connection: Connection) {}

  /** @throws mlflow.* as rest-fault.ts tells them apart, and what `read` and `recover` throw */
  async send<T>(request: Request<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#try(request);
      if (outcome.kind === 'answer') return outcome.value;
      if (request.recover !== undefined && outcome.mayBeDone) {
        const found = await request.recover();
        if (found !== undefined) return found;
      }
      if (!outcome.again || attempt >= this.connection.retries) throw outcome.error;
      const waitMs = outcome.waitMs ?? backoff(attempt, firstWaitMs, longestWaitMs);
      await this.connection.clock.sleep(waitMs, this.#closing.signal);
      if (this.#closing.signal.aborted) throw closed(this.connection.uri);
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #try<T>(request: Request<T>): Promise<Outcome<T>> {
    const { connection } = this;
    if (this.#closing.signal.aborted) throw closed(connection.uri);
    try {
      const response = await this.#fetch(request);
      if (response.ok) return { kind: 'answer', value: await request.read(response) };
      const body = await response.text();
      const error = refusalFault(connection, request.doing, { status: response.status, body });
      const { status } = response;
      return {
        kind: 'failed',
        error,
        again: transient.has(status),
        mayBeDone: status === 408 || status >= 500,
        ...waitOf(response, connection.clock.now()),
      };
    } catch (e) {
      if (this.#closing.signal.aborted) throw closed(connection.uri);
      if (!isNetworkFault(e)) throw e;
      const error = unreachableFault(connection, request.doing, e);
      return { kind: 'failed', error, again: true, mayBeDone: !untouched.has(String(error.context.reason)) };
    }
  }

  #fetch<T>(request: Request<T>): Promise<Response> {
    const { base, auth, timeoutMs } = this.connection;
    const elsewhere = /^https?:/.test(request.url);
    const { signal } = this.#closing;
    return this.connection.fetch(elsewhere ? request.url : base + request.url, {
      method: request.method,
      headers: { ...(elsewhere ? {} : authorization(auth)), ...request.headers },
      signal: request.limited === false ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      redirect: request.body === undefined ? 'follow' : 'error',
      ...(request.body === undefined ? {} : { body: request.body(), duplex: 'half' }),
    });
  }
}

/** What `fetch` and the reading of its answer throw when the other side is at fault. */
function isNetworkFault(e: unknown): boolean {
  if (!(e instanceof Error)) return false;
  return e.name === 'TimeoutError' || (e instanceof TypeError && e.cause !== undefined);
}

function waitOf(response: Response, now: number): { waitMs?: number } {
  const after = response.headers.get('retry-after');
  if (after === null) return {};
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
  return Number.isNaN(ms) ? {} : { waitMs: Math.min(Math.max(ms, 0), longestWaitMs) };
}
