/**
 * A tracking server on loopback that keeps its state as MLflow's does (the real one runs the same contract in
 * `test/real`), and in which a test scripts faults: an answer of any status, or a connection that is cut.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeMlflow, Refused } from './fake-mlflow.js';

export interface Fault {
  /** Which requests: `POST runs/create`, by the end of method and path. */
  on: string;
  /** How many of them. Default 1. */
  times?: number;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Cut the connection before the request is done, after it, or in the middle of the answer. */
  cut?: 'before' | 'after' | 'midway';
  /** Never answer. */
  hang?: boolean;
}

export class FakeServer {
  readonly mlflow = new FakeMlflow();
  /** Method and path of every request, in order. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly #faults: (Fault & { left: number })[] = [];
  /** The `authorization` header that is asked for, if any. */
  authorization: string | undefined;

  private constructor(readonly server: Server) {}

  static async start(): Promise<FakeServer> {
    const server = createServer();
    const fake = new FakeServer(server);
    server.on('request', (request, response) => {
      fake.#serve(request, response).catch((e) => {
        if (!response.headersSent)
          answer(response, 500, { error_code: 'INTERNAL_ERROR', message: String(e) });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  script(fault: Fault): void {
    this.#faults.push({ ...fault, left: fault.times ?? 1 });
  }

  /** How often a request was made. */
  count(on: string): number {
    return this.requests.filter((request) => request.includes(on)).length;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.uri);
    const name = `${request.method} ${url.pathname.replace(/^\/api\/2\.0\/(mlflow\/)?/, '')}`;
    this.requests.push(name);
    this.headers.push(request.headers);
    const fault = this.#next(name);
    if (fault?.cut === 'before') {
      request.socket.destroy();
      return;
    }
    const body = await bodyOf(request);
    if (fault?.hang) return;
    if (fault?.status !== undefined) {
      response.writeHead(fault.status, fault.headers);
      response.end(fault.body ?? '');
      return;
    }
    if (this.authorization !== undefined && request.headers.authorization !== this.authorization) {
      response.writeHead(401).end('You are not authenticated.');
      return;
    }
    try {
      const result = this.mlflow.handle(request.method!, url, body);
      if (fault?.cut === 'after') request.socket.destroy();
      else if (fault?.cut === 'midway') {
        const whole = result as Buffer;
        response.writeHead(200, { 'content-length': whole.length });
        response.write(whole.subarray(0, whole.length / 2), () => request.socket.destroy());
      } else if (Buffer.isBuffer(result)) response.writeHead(200).end(result);
      else answer(response, 200, result);
    } catch (e) {
      if (!(e instanceof Refused)) throw e;
      answer(response, e.status, { error_code: e.code, message: e.message });
    }
  }

  #next(name: string): Fault | undefined {
    const found = this.#faults.find(({ on, left }) => left > 0 && name.endsWith(on));
    if (found !== undefined) found.left--;
    return found;
  }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
