/** The other side of the control socket: asking a running pipeline, from any process. */
import type { Socket } from 'node:net';
import { connectHolderOf } from '../base/claim.js';
import { isMurmurError, MurmurError } from '../base/errors.js';
import {
  type ControlHello,
  type ControlMethod,
  type ControlReply,
  type ControlStatus,
  encodeLine,
  fromWireError,
  LineReader,
} from './control-protocol.js';

/** How long an answer may take, in milliseconds; stopping a stream drains its batch first. */
const patience: Record<ControlMethod, number> = {
  hello: 2_000,
  status: 10_000,
  subscribe: 10_000,
  close: 10_000,
  start: 60_000,
  stop: 60_000,
};

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class ControlClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #events: unknown[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  #nextId = 1;

  constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new LineReader();
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      for (const message of reader.push(chunk)) this.#take(message as ControlReply | undefined);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end());
  }

  /** Undefined when no pipeline runs on the lake. */
  static async connect(base: string): Promise<ControlClient | undefined> {
    const socket = await connectHolderOf(base);
    return socket === undefined ? undefined : new ControlClient(socket);
  }

  hello(): Promise<ControlHello> {
    return this.#ask('hello') as Promise<ControlHello>;
  }

  status<Stream = unknown>(): Promise<ControlStatus<Stream>> {
    return this.#ask('status') as Promise<ControlStatus<Stream>>;
  }

  /** @throws engine.no_such_query */
  async start(stream: string): Promise<void> {
    await this.#ask('start', { stream });
  }

  /** Resolves when the stream has drained and stopped. @throws engine.no_such_query */
  async stop(stream: string): Promise<void> {
    await this.#ask('stop', { stream });
  }

  /** Asks the whole run to end and waits until it has let go of the lake. */
  async closeRun(): Promise<void> {
    await this.#ask('close').catch((error) => {
      if (!isMurmurError(error, 'lake.run_ended')) throw error;
    });
    if (!this.#closed) await new Promise((resolve) => this.#socket.once('close', resolve));
  }

  /** The run's events from now on; ends with the run. One subscription a client. */
  async *events<Event>(): AsyncGenerator<Event> {
    await this.#ask('subscribe');
    try {
      for (;;) {
        while (this.#events.length > 0) yield this.#events.shift() as Event;
        if (this.#closed) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(method: ControlMethod, params?: { stream: string }): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(runEnded());
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(noAnswer(method));
      }, patience[method]);
      this.#waiting.set(id, {
        resolve(result) {
          clearTimeout(timer);
          resolve(result);
        },
        reject(error) {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.write(encodeLine({ id, method, ...(params === undefined ? {} : { params }) }));
    });
  }

  #take(message: ControlReply | undefined): void {
    if (message === undefined) this.close();
    else if ('event' in message) {
      this.#events.push(message.event);
      this.#wake?.();
    } else this.#settle(message);
  }

  #settle(message: Exclude<ControlReply, { event: unknown }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.reject(fromWireError(message.error));
    else waiting?.resolve(message.result);
  }

  #end(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(runEnded());
    this.#waiting.clear();
    this.#wake?.();
  }
}

function runEnded(): MurmurError {
  return new MurmurError('lake.run_ended', 'asking the running pipeline: it ended before it answered', {
    fault: 'external',
    retry: 'backoff',
  });
}

function noAnswer(method: ControlMethod): MurmurError {
  return new MurmurError('lake.no_answer', `asking the running pipeline for ${method}: no answer`, {
    fault: 'external',
    fix: 'if it hangs, end its process (murmur status names it) and start "murmur run" again',
    retry: 'backoff',
  });
}
