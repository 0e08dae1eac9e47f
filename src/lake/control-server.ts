/** The running pipeline's side of the control socket: holding it is what makes this process the lake's one runner. */
import type { Socket } from 'node:net';
import { pid } from 'node:process';
import { claim, type Listener } from '../base/claim.js';
import { isMurmurError, MurmurError } from '../base/errors.js';
import { ControlClient } from './control-client.js';
import {
  type ControlReply,
  type ControlRequest,
  type ControlStatus,
  encodeLine,
  LineReader,
  toWireError,
} from './control-protocol.js';

/** What a run does when it is asked. Errors that are thrown travel to the asker. */
export interface ControlHandler<Stream = unknown, Event = unknown> {
  status(): ControlStatus<Stream>;
  start(stream: string): Promise<void>;
  stop(stream: string): Promise<void>;
  /** Begins to end the run, after which the owner closes the server. */
  close(): void;
  /** A subscription of its own for each asker; it is ended (`return`) when the asker goes. */
  events(): AsyncIterable<Event>;
}

export class ControlServer {
  readonly #listener: Listener;
  #begin!: (handler: ControlHandler) => void;
  readonly #handler = new Promise<ControlHandler>((resolve) => {
    this.#begin = resolve;
  });

  private constructor(listener: Listener) {
    this.#listener = listener;
    for (const socket of listener.sockets) this.#attend(socket);
    listener.server.on('connection', (socket) => this.#attend(socket));
  }

  /**
   * Takes the lake for this process, until `close`.
   * @throws lake.already_running (user), naming the pid of who has it
   */
  static async claim(base: string): Promise<ControlServer> {
    for (;;) {
      const result = await claim(base);
      if (result.outcome === 'claimed') return new ControlServer(result.listener);
      const who = await whoHolds(new ControlClient(result.by));
      if (who !== undefined) throw alreadyRunning(who);
    }
  }

  /** From now on requests are answered; those that came earlier have waited. */
  serve<Stream, Event>(handler: ControlHandler<Stream, Event>): void {
    this.#begin(handler as ControlHandler);
  }

  /** Gives the lake back. Connections are ended. */
  async close(): Promise<void> {
    const { server, sockets } = this.#listener;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.end();
    const patience = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, 500);
    await closed;
    clearTimeout(patience);
  }

  #attend(socket: Socket): void {
    const reader = new LineReader();
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      for (const message of reader.push(chunk)) {
        if (isRequest(message)) void this.#answer(socket, message);
        else socket.destroy();
      }
    });
  }

  async #answer(socket: Socket, request: ControlRequest): Promise<void> {
    const { id } = request;
    try {
      send(socket, { id, result: await this.#perform(request) });
      if (request.method === 'close') (await this.#handler).close();
      if (request.method === 'subscribe') await forward(socket, (await this.#handler).events());
    } catch (error) {
      send(socket, { id, error: toWireError(error) });
    }
  }

  async #perform({ method, params }: ControlRequest): Promise<unknown> {
    if (method === 'hello') return { pid };
    const handler = await this.#handler;
    switch (method) {
      case 'status':
        return handler.status();
      case 'start':
        return (await handler.start(streamOf(params))) ?? null;
      case 'stop':
        return (await handler.stop(streamOf(params))) ?? null;
      case 'close':
      case 'subscribe':
        return null;
      default:
        throw new MurmurError('lake.unknown_request', `unknown control request ${String(method)}`, {
          fault: 'user',
          fix: 'use the same version of Murmur as the running pipeline',
        });
    }
  }
}

async function forward(socket: Socket, events: AsyncIterable<unknown>): Promise<void> {
  const iterator = events[Symbol.asyncIterator]();
  const gone = new Promise<IteratorResult<unknown>>((resolve) => {
    socket.once('close', () => resolve({ done: true, value: undefined }));
  });
  try {
    while (!socket.destroyed) {
      const next = await Promise.race([iterator.next(), gone]);
      if (next.done) break;
      if (!send(socket, { event: next.value })) {
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), gone]);
      }
    }
  } finally {
    void iterator.return?.();
    socket.end();
  }
}

/** False when the asker reads too slowly. */
function send(socket: Socket, reply: ControlReply): boolean {
  return socket.destroyed || !socket.writable || socket.write(encodeLine(reply));
}

function isRequest(message: unknown): message is ControlRequest {
  const { id, method } = (message ?? {}) as Partial<ControlRequest>;
  return typeof id === 'number' && typeof method === 'string';
}

function streamOf(params: ControlRequest['params']): string {
  if (typeof params?.stream === 'string') return params.stream;
  throw new MurmurError('lake.unknown_request', 'control request without a stream', { fault: 'user' });
}

/** In words; undefined when the holder has gone in the meantime. */
async function whoHolds(holder: ControlClient): Promise<string | undefined> {
  try {
    return `process ${(await holder.hello()).pid}`;
  } catch (error) {
    return isMurmurError(error, 'lake.run_ended') ? undefined : 'a process that does not answer';
  } finally {
    holder.close();
  }
}

function alreadyRunning(who: string): MurmurError {
  return new MurmurError('lake.already_running', `starting a run: ${who} already runs this lake`, {
    fault: 'user',
    fix: 'look at it with "murmur status", end it with "murmur stop --all"',
  });
}
