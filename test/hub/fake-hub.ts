/**
 * A hub on loopback with one model repository: it answers as the public one does (a revision is a commit, a listing comes in
 * pages, large files lie on another host), and a test scripts how it fails.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const commit = 'c0ffee0123456789c0ffee0123456789c0ffee01';
const filesPerPage = 2;

export interface Refusal {
  status: number;
  code?: string;
}

export class FakeHub {
  /** Method, path and `range` of every request to the hub, and to the host of large files. */
  readonly requests: string[] = [];
  readonly farRequests: string[] = [];
  /** Of every request that had one. */
  readonly tokens = { hub: new Set<string>(), far: new Set<string>() };
  /** What the next requests whose path contains the text are refused with. */
  readonly refusals: { on: string; times: number; with: Refusal }[] = [];
  /** After how many bytes the next answers of large files are cut. */
  readonly cuts: number[] = [];
  /** Answers of large files begin at their start, whatever is asked for. */
  ignoresRanges = false;
  /** Other bytes than the repository names. */
  spoils: ((bytes: Buffer) => Buffer) | undefined;

  private constructor(
    readonly name: string,
    readonly files: Readonly<Record<string, Buffer>>,
    /** Files that are not in Git itself. */
    readonly large: (path: string) => boolean,
    readonly hub: Server,
    readonly far: Server,
  ) {}

  static async start(name: string, files: Readonly<Record<string, Buffer>>): Promise<FakeHub> {
    const [hub, far] = [createServer(), createServer()];
    const fake = new FakeHub(name, files, (path) => path.endsWith('.onnx'), hub, far);
    hub.on('request', (request, response) => fake.#serve(request, response));
    far.on('request', (request, response) => fake.#serveFar(request, response));
    for (const server of [hub, far]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    return fake;
  }

  get url(): string {
    return addressOf(this.hub);
  }

  refuse(on: string, refusal: Refusal, times = Number.POSITIVE_INFINITY): void {
    this.refusals.push({ on, times, with: refusal });
  }

  async close(): Promise<void> {
    for (const server of [this.hub, this.far]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, this.url);
    this.requests.push(`${request.method} ${url.pathname}${rangeOf(request)}`);
    if (request.headers.authorization) this.tokens.hub.add(request.headers.authorization);
    const refusal = this.refusals.find(({ on, times }) => times > 0 && url.pathname.includes(on));
    if (refusal !== undefined) {
      refusal.times--;
      const { status, code } = refusal.with;
      response.writeHead(status, code === undefined ? {} : { 'X-Error-Code': code }).end('refused');
      return;
    }
    const model = `/api/models/${this.name}`;
    if (['main', 'v1', commit].some((known) => url.pathname === `${model}/revision/${known}`)) {
      json(response, {
        _id: '1',
        id: this.name,
        sha: commit,
        private: false,
        lastModified: '2026-01-01T00:00:00Z',
        cardData: { license: 'mit' },
      });
      return;
    }
    if (url.pathname.startsWith(`${model}/revision/`)) {
      response.writeHead(404, { 'X-Error-Code': 'RevisionNotFound' }).end();
      return;
    }
    if (url.pathname === `${model}/tree/${commit}`) {
      this.#page(response, url);
      return;
    }
    const path = decodeURIComponent(url.pathname.replace(`/${this.name}/resolve/${commit}/`, ''));
    const bytes = this.files[path];
    if (bytes === undefined) response.writeHead(401, { 'X-Error-Code': 'RepoNotFound' }).end();
    else if (this.large(path)) {
      response.writeHead(302, { location: `${addressOf(this.far)}/${encodeURIComponent(path)}` }).end();
    } else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  }

  #page(response: ServerResponse, url: URL): void {
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const all = [
      { type: 'directory', path: 'onnx', oid: '0'.repeat(40), size: 0 },
      ...Object.entries(this.files).map(([path, bytes]) => this.#entry(path, bytes)),
    ];
    if (from + filesPerPage < all.length) {
      url.searchParams.set('cursor', String(from + filesPerPage));
      response.setHeader('Link', `<${url}>; rel="next"`);
    }
    json(response, all.slice(from, from + filesPerPage));
  }

  #entry(path: string, bytes: Buffer): object {
    if (!this.large(path)) return { type: 'file', path, size: bytes.length, oid: gitName(bytes) };
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const pointer = Buffer.from(`version 1\noid sha256:${sha256}\nsize ${bytes.length}\n`);
    const lfs = { oid: sha256, size: bytes.length, pointerSize: pointer.length };
    return { type: 'file', path, size: bytes.length, oid: gitName(pointer), lfs };
  }

  #serveFar(request: IncomingMessage, response: ServerResponse): void {
    this.farRequests.push(`${request.method} ${request.url}${rangeOf(request)}`);
    if (request.headers.authorization) this.tokens.far.add(request.headers.authorization);
    const whole = this.files[decodeURIComponent(request.url!.slice(1))]!;
    const bytes = this.spoils?.(whole) ?? whole;
    const from = this.ignoresRanges ? 0 : Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': bytes.length - from,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    const cut = this.cuts.shift();
    if (cut === undefined) response.end(bytes.subarray(from));
    else response.write(bytes.subarray(from, from + cut), () => response.destroy());
  }
}

function rangeOf({ headers: { range } }: IncomingMessage): string {
  return range === undefined ? '' : ` ${range}`;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function gitName(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
