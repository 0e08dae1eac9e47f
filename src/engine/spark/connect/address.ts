/**
 * Where a Spark Connect server is and who asks: `sc://host:port/;key=value;…`, the connection string that every
 * Spark Connect client takes. Nothing here is sent; secrets never come back in an error.
 */
import { MurmurError } from '../../../base/errors.js';

export interface SparkAddress {
  readonly host: string;
  readonly port: number;
  /** What `use_ssl` says; absent when it is not written. */
  readonly useSsl?: boolean;
  readonly token?: string;
  readonly userId?: string;
  readonly sessionId?: string;
  readonly userAgent?: string;
  readonly maxMessageBytes?: number;
  /** Every other `key=value`: sent as a header, like `x-databricks-cluster-id`. */
  readonly headers: Readonly<Record<string, string>>;
}

export const defaultPort = 15002;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * @param remote `sc://host[:port][/;use_ssl=true;token=…;user_id=…;session_id=<uuid>;x-header=…]`; values are percent-decoded
 * @throws spark.address_invalid (user)
 */
export function parseAddress(remote: string): SparkAddress {
  const [, authority, path = ''] =
    /^sc:\/\/([^/;?#]*)(.*)$/s.exec(remote) ?? refuse('it must begin with sc://');
  const { host, port } = parseAuthority(authority!);
  const [, parameters = ''] =
    /^(?:\/(?:;(.*))?)?$/s.exec(path) ?? refuse('after host and port comes "/;key=value"');

  const found = new Map<string, string>();
  for (const part of parameters.split(';').filter(Boolean)) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(part) ?? refuse('every parameter is key=value');
    if (found.has(key!)) refuse(`${key} stands twice`);
    found.set(key!, decode(key!, value!));
  }
  return { host, port, ...readParameters(found) };
}

/** True for addresses that never leave the machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** @throws spark.address_invalid (user) unless it is a UUID: the server takes nothing else */
export function checkSessionId(id: string): string {
  return uuid.test(id) ? id.toLowerCase() : refuse('session_id must be a UUID');
}

/** @throws spark.address_invalid (user) on a header that gRPC keeps for itself or that no HTTP header may be named */
export function checkHeader(name: string, value: string): void {
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name) || /^grpc-/i.test(name))
    refuse(`${name} is neither a known parameter nor a header's name`);
  if (/^authorization$/i.test(name)) refuse('authorization is written as token=…');
  if (!/^[\x20-\x7e]*$/.test(value)) refuse(`${name} must be printable ASCII`);
}

function parseAuthority(authority: string): { host: string; port: number } {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(authority) ??
    refuse('host or port is missing or malformed');
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port < 1 || port > 65_535) refuse(`port ${port} is not between 1 and 65535`);
  return { host: (bracketed ?? plain)!, port };
}

function readParameters(found: ReadonlyMap<string, string>): Omit<SparkAddress, 'host' | 'port'> {
  const headers: Record<string, string> = {};
  const known: { -readonly [K in keyof SparkAddress]?: SparkAddress[K] } = {};
  for (const [key, value] of found) {
    switch (key) {
      case 'use_ssl':
        if (value !== 'true' && value !== 'false') refuse('use_ssl must be true or false');
        known.useSsl = value === 'true';
        break;
      case 'token':
        known.token = checkToken(value);
        break;
      case 'user_id':
        known.userId = value || refuse('user_id is empty');
        break;
      case 'session_id':
        known.sessionId = checkSessionId(value);
        break;
      case 'user_agent':
        if (value.length > 2048) refuse('user_agent is longer than 2048 characters');
        known.userAgent = value;
        break;
      case 'grpc_max_message_size':
        if (!/^[1-9]\d{0,9}$/.test(value)) refuse('grpc_max_message_size must be a number of bytes');
        known.maxMessageBytes = Number(value);
        break;
      default:
        checkHeader(key, value);
        headers[key] = value;
    }
  }
  return { ...known, headers };
}

function checkToken(token: string): string {
  return /^[\x21-\x7e]+$/.test(token) ? token : refuse('token is empty or has blanks');
}

function decode(key: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return refuse(`${key} has a % that is no percent-encoding`);
  }
}

function refuse(reason: string): never {
  throw new MurmurError('spark.address_invalid', `reading the address of a Spark Connect server: ${reason}`, {
    fault: 'user',
    fix: 'write it as sc://host:15002 or sc://host:443/;use_ssl=true;token=…',
  });
}
