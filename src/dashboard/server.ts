/** The page's server: the built page, its API and its live events, on one port. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { MurmurError } from '../base/errors.js';
import { packageRoot, packageVersion } from '../base/package-root.js';
import { guard, isLoopback } from './access.js';
import { serveApi, serveErrors } from './api.js';
import { serveAssets } from './assets.js';
import type { DashboardFeed } from './feed.js';
import { LivePump } from './live.js';

/** How many ports after the wanted one are tried. */
const otherPorts = 20;

export interface DashboardOptions {
  feed: DashboardFeed;
  /** Default 127.0.0.1; an address that others can reach demands a token. */
  host?: string;
  /** The next free one is taken when it is in use; 0 for any. */
  port: number;
  /** What a visitor must present; empty for none. */
  token?: string;
  /** Folder of the built page; the package's own by default. */
  assets?: string;
  /** Least time between two messages to the same page, in milliseconds. */
  gapMs?: number;
  /** Told of what the page could not read; it goes on without it. */
  onError?(error: unknown): void;
}

export interface Dashboard {
  /** Where the page is, without the token. */
  url: string;
  /** The same as a link that lets its reader in. */
  link: string;
  /** Another one than asked for when that was taken. */
  port: number;
  /** Ends every connection. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts serving.
 * @throws dashboard.token_required, dashboard.port_taken (also after the ports behind it), dashboard.bad_address
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const host = options.host ?? '127.0.0.1';
  const { token = '', port: wanted } = options;
  if (!isLoopback(host) && token === '') {
    throw new MurmurError(
      'dashboard.token_required',
      `serving the page on ${host}, where others can reach it, without a token`,
      {
        fault: 'user',
        fix: 'Set page.token in murmur.yaml (or MURMUR_TOKEN), or serve on 127.0.0.1.',
      },
    );
  }
  const last = wanted === 0 ? 0 : Math.min(wanted + otherPorts, 65_535);
  for (let port = wanted; ; port++) {
    const app = await build(options, token);
    const fault = await listen(app, host, port);
    if (fault === undefined) return served(app, host, token);
    await app.close();
    if (fault.code === 'EADDRINUSE' && port < last) continue;
    throw listenFault(fault, host, wanted, last);
  }
}

async function build(options: DashboardOptions, token: string): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: 64 * 1024, forceCloseConnections: true });
  app.removeContentTypeParser('text/plain');
  const pump = new LivePump(options.feed, {
    gapMs: options.gapMs ?? 500,
    now: Date.now,
    version: packageVersion(),
    onError: options.onError ?? (() => {}),
  });
  serveErrors(app);
  guard(app, { token });
  serveApi(app, options.feed, pump);
  await serveAssets(app, options.assets ?? join(packageRoot(), 'dist', 'dashboard', 'ui'));
  return app;
}

async function listen(
  app: FastifyInstance,
  host: string,
  port: number,
): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await app.listen({ host, port });
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function served(app: FastifyInstance, host: string, token: string): Dashboard {
  const { port } = app.server.address() as AddressInfo;
  const name = host === '0.0.0.0' || host === '::' || host === '127.0.0.1' ? 'localhost' : host;
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}/`;
  return {
    url,
    link: token === '' ? url : `${url}?token=${encodeURIComponent(token)}`,
    port,
    close: () => app.close(),
  };
}

function listenFault(cause: NodeJS.ErrnoException, host: string, first: number, last: number): MurmurError {
  if (cause.code === 'EADDRINUSE') {
    return new MurmurError('dashboard.port_taken', `the ports ${first} to ${last} of ${host} are all taken`, {
      fault: 'external',
      fix: 'Choose another one with page.port in murmur.yaml or --port.',
      cause,
    });
  }
  return new MurmurError('dashboard.bad_address', `listening on ${host}:${first}: ${cause.message}`, {
    fault: 'user',
    fix: 'Set page.host and page.port in murmur.yaml to an address of this machine.',
    cause,
  });
}
