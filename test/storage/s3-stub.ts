/** A small S3 service on loopback that fails as it is told: what a real one does rarely, and never when a test asks. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Options } from '../../src/storage/s3-connection.js';
import { compareUtf8 } from '../../src/storage/utf8-order.js';

export type Fault =
  /** Answers this instead of doing it. */
  | { status: number; code: string }
  /** Does it, and says nothing: the connection breaks. */
  | 'lost answer'
  /** Breaks the connection and does nothing. */
  | 'reset'
  /** Answers half of the body. */
  | 'half';

export interface Seen {
  method: string;
  /** Path and query, decoded. */
  url: string;
  headers: IncomingMessage['headers'];
}

interface Stored {
  bytes: Buffer;
  headers: Record<string, string>;
}

export class S3Stub {
  readonly objects = new Map<string, Stored>();
  readonly seen: Seen[] = [];
  /** For each request, in turn, that the filter takes; then all goes well. */
  #faults: { takes: (seen: Seen) => boolean; fault: Fault }[] = [];
  pageSize = 1_000;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<S3Stub> {
    const stub = new S3Stub();
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve));
    return stub;
  }

  /** Options of a client that does not wait between tries. */
  get options(): S3Options {
    const { port } = this.#server.address() as AddressInfo;
    return {
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'very-secret-key' },
      clock: { now: () => Date.now(), sleep: async () => {} },
      timeouts: { connectMs: 1_000, idleMs: 10_000 },
    };
  }

  /** The next requests of a method fail like this. */
  fail(method: string, ...faults: Fault[]): void {
    for (const fault of faults) this.#faults.push({ takes: (seen) => seen.method === method, fault });
  }

  count(method: string): number {
    return this.seen.filter((seen) => seen.method === method).length;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { headers } = request;
    const seen = { method: request.method!, url: decodeURIComponent(request.url!), headers };
    this.seen.push(seen);
    const at = this.#faults.findIndex(({ takes }) => takes(seen));
    const fault = at < 0 ? undefined : this.#faults.splice(at, 1)[0]!.fault;
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    if (typeof fault === 'object') {
      refuse(response, fault.status, fault.code);
      return;
    }
    const url = new URL(request.url!, 'http://stub');
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    const half = fault === 'half';
    if (fault === 'lost answer') {
      this.#do(request.method!, key, url, headers, Buffer.concat(chunks), undefined, false);
      request.socket.destroy();
      return;
    }
    this.#do(request.method!, key, url, headers, Buffer.concat(chunks), response, half);
  }

  #do(
    method: string,
    key: string,
    url: URL,
    headers: IncomingMessage['headers'],
    body: Buffer,
    response: ServerResponse | undefined,
    half: boolean,
  ): void {
    const stored = this.objects.get(key);
    if (method === 'PUT') {
      if (headers['if-none-match'] === '*' && stored) {
        if (response) refuse(response, 412, 'PreconditionFailed');
        return;
      }
      const etag = `"${createHash('md5').update(body).digest('hex')}"`;
      const meta = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
      this.objects.set(key, {
        bytes: body,
        headers: { ...(Object.fromEntries(meta) as Record<string, string>), etag },
      });
      response?.writeHead(200, { etag }).end();
    } else if (method === 'DELETE') {
      this.objects.delete(key);
      response?.writeHead(204).end();
    } else if (key === '') response?.end(this.#page(url.searchParams));
    else if (!response) return;
    else if (!stored) refuse(response, 404, 'NoSuchKey');
    else this.#give(stored, headers.range, method === 'HEAD', response, half);
  }

  #give(
    { bytes, headers }: Stored,
    range: string | undefined,
    headOnly: boolean,
    response: ServerResponse,
    half: boolean,
  ): void {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    if (from !== undefined && Number(from) >= bytes.length) {
      refuse(response, 416, 'InvalidRange');
      return;
    }
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, {
      ...headers,
      'content-length': part.length,
      'last-modified': new Date(0).toUTCString(),
      ...(from === undefined
        ? {}
        : { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}` }),
    });
    if (headOnly) response.end();
    else if (!half) response.end(part);
    else response.write(part.subarray(0, part.length / 2), () => response.destroy());
  }

  #page(query: URLSearchParams): string {
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && compareUtf8(key, after) > 0)
      .sort(compareUtf8);
    const shown = keys.slice(0, this.pageSize);
    const contents = shown.map(
      (key) =>
        `<Contents><Key>${key}</Key><Size>${this.objects.get(key)!.bytes.length}</Size><LastModified>1970-01-01T00:00:00.123Z</LastModified></Contents>`,
    );
    const more = keys.length > shown.length;
    const next = more ? `<NextContinuationToken>${shown.at(-1)}</NextContinuationToken>` : '';
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as told</Message></Error>`);
}
