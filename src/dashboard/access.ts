/**
 * Who may speak to the page. Bound to this machine alone, the Host header must name it, or a web site could reach the
 * page through a name of its own that it points at 127.0.0.1 (DNS rebinding); bound to anything else, a token is
 * demanded. A request that changes something must come from the page itself or from no browser at all.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MurmurError } from '../base/errors.js';

export interface AccessRules {
  /** Empty or absent: none is needed. */
  readonly token?: string | undefined;
}

const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Puts the rules before every route and the security headers on every answer. */
export function guard(app: FastifyInstance, rules: AccessRules): void {
  const token = rules.token === '' ? undefined : rules.token;
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(pageHeaders);
    if (token === undefined) requireLoopbackHost(request);
    requireSameOrigin(request);
    if (token !== undefined) return admit(request, reply, token);
  });
}

/** Whether an address can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
  );
}

function requireLoopbackHost(request: FastifyRequest): void {
  const name = (request.headers.host ?? '').replace(/:\d*$/, '');
  if (isLoopback(name)) return;
  throw new MurmurError(
    'dashboard.foreign_host',
    `request for the host ${JSON.stringify(name)}, not for this machine`,
    {
      fault: 'user',
      fix: 'Open the page as http://localhost, or set page.token in murmur.yaml to serve other names.',
    },
  );
}

function requireSameOrigin(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const foreignOrigin = origin !== undefined && originHost(origin) !== host;
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (!foreignOrigin && !foreignSite) return;
  throw new MurmurError(
    'dashboard.foreign_origin',
    `request sent by another site, ${String(origin ?? site)}`,
    {
      fault: 'user',
    },
  );
}

/** `null` (a sandboxed or local page) and anything that is no URL have none. */
function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** By header, by cookie, or once by `?token=`, which sets the cookie and goes on without it. */
function admit(request: FastifyRequest, reply: FastifyReply, token: string): FastifyReply | undefined {
  const name = cookieName(request);
  const cookie = new RegExp(`(?:^|;\\s*)${name}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1];
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (same(bearer && asUtf8(bearer), token) || same(cookie, seal(token))) return undefined;
  const url = new URL(request.url, 'http://page');
  if (request.method === 'GET' && same(url.searchParams.get('token'), token)) {
    url.searchParams.delete('token');
    return reply
      .header('set-cookie', `${name}=${seal(token)}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000`)
      .redirect(url.pathname + url.search, 303);
  }
  throw new MurmurError('dashboard.token_missing', 'request without the token of this page', {
    fault: 'user',
    fix: 'Open the address that the command printed, or add ?token=… to this one (page.token in murmur.yaml).',
  });
}

/** Header values arrive byte by byte as Latin-1; clients send UTF-8. */
function asUtf8(header: string): string {
  return Buffer.from(header, 'latin1').toString();
}

/** Cookies know no ports: pages of several lakes on one machine each need a name of their own. */
function cookieName(request: FastifyRequest): string {
  return `murmur-${request.socket.localPort}`;
}

/** What the cookie holds: proof of the token, not the token. */
function seal(token: string): string {
  return createHmac('sha256', token).update('murmur page').digest('base64url');
}

function same(given: string | null | undefined, wanted: string): boolean {
  if (given === null || given === undefined) return false;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
