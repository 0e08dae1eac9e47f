/** The gRPC connection: TLS, the bearer token and the headers of every call. One HTTP/2 connection, opened on first use, again when it broke. */
import { type Client, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { MurmurError } from '../../../base/errors.js';
import { checkHeader, isLoopback, type SparkAddress } from './address.js';
import { SparkConnectService } from './gen/spark/connect/base_pb.js';

export type SparkClient = Client<typeof SparkConnectService>;

/** A bearer token, or what gives the current one: it is asked before every call, so it may refresh. */
export type Token = string | (() => string | Promise<string>);

export interface ChannelOptions {
  /** Goes before the address's own `token`. */
  token?: Token;
  /** Beside the address's own headers. */
  headers?: Readonly<Record<string, string>>;
  /** Certificates (PEM) to trust instead of the system's. */
  ca?: string;
}

export interface Channel {
  readonly client: SparkClient;
  /** Ends the connection and every call on it. */
  close(): void;
}

/** Servers end connections that ping more often than every five minutes. */
const pingIntervalMs = 6 * 60_000;

/** @throws spark.token_needs_tls (user) when a token would travel in clear text to another machine */
export function openChannel(address: SparkAddress, options: ChannelOptions): Channel {
  const { host, port } = address;
  const token = options.token ?? address.token;
  const tls = address.useSsl ?? (token !== undefined && !isLoopback(host));
  if (token !== undefined && !tls && !isLoopback(host)) {
    throw new MurmurError('spark.token_needs_tls', `connecting to ${host}:${port}: a token without TLS`, {
      fault: 'user',
      fix: 'leave use_ssl=false away: a token turns TLS on',
      context: { host, port },
    });
  }
  const headers = { ...address.headers, ...options.headers };
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value);

  const baseUrl = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const sessionManager = new Http2SessionManager(
    baseUrl,
    { pingIntervalMs },
    options.ca === undefined ? {} : { ca: options.ca },
  );
  const limit = address.maxMessageBytes;
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager,
    interceptors: [authorize(token, headers)],
    ...(limit === undefined ? {} : { readMaxBytes: limit, writeMaxBytes: limit }),
  });
  return { client: createClient(SparkConnectService, transport), close: () => sessionManager.abort() };
}

function authorize(token: Token | undefined, headers: Readonly<Record<string, string>>): Interceptor {
  return (next) => async (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    if (token !== undefined) request.header.set('authorization', `Bearer ${await currentToken(token)}`);
    return next(request);
  };
}

async function currentToken(token: Token): Promise<string> {
  if (typeof token === 'string') return token;
  try {
    return await token();
  } catch (cause) {
    throw new MurmurError(
      'spark.token_unavailable',
      'asking for the token of a Spark Connect server: none came',
      {
        fault: 'external',
        retry: 'backoff',
        fix: 'see the cause: the token comes from the service that signs you in, not from Spark',
        cause,
      },
    );
  }
}
