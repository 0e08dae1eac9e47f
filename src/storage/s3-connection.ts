/**
 * The way to an S3 service. The SDK is loaded at the first request, because it is large and most commands never need it.
 * Where nothing is said, endpoint, region and credentials come from where every AWS tool takes them: `AWS_*` variables,
 * profiles, the machine's role.
 */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from '../base/clock.js';

export interface S3Options {
  /** Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's, else AWS itself. */
  endpoint?: string;
  /** Default: `AWS_REGION` or the profile's; `us-east-1` where an endpoint is set. */
  region?: string;
  /** Default: the SDK's chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Whether the bucket stands in the path of URLs instead of the host name. Default: where an endpoint is set. */
  pathStyle?: boolean;
  /** How long a request may take to connect, and then stay without a byte. Milliseconds; default 5,000 and 60,000. */
  timeouts?: { connectMs: number; idleMs: number };
  clock?: Clock;
  /** Of waiting times, 0 to 1. */
  random?: () => number;
}

export type S3Sdk = typeof import('@aws-sdk/client-s3');

export interface S3Api {
  readonly sdk: S3Sdk;
  /** Never tries a request again by itself. */
  readonly client: S3Client;
  /** Does: for the parts of an upload, each of which may be sent twice. */
  readonly patient: S3Client;
  /** For messages. */
  readonly endpoint: string;
}

export class S3Connection {
  readonly clock: Clock;
  readonly random: () => number;
  #api: Promise<S3Api> | undefined;

  constructor(readonly options: S3Options = {}) {
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
  }

  /** Rejects when the settings that the environment gives cannot be read. */
  api(): Promise<S3Api> {
    this.#api ??= this.#open();
    // The settings may be there the next time.
    this.#api.catch(() => {
      this.#api = undefined;
    });
    return this.#api;
  }

  async #open(): Promise<S3Api> {
    const sdk = await import('@aws-sdk/client-s3');
    const { endpoint, region, credentials, pathStyle, timeouts } = this.options;
    const { connectMs, idleMs } = timeouts ?? { connectMs: 5_000, idleMs: 60_000 };
    const given: S3ClientConfig = {
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: connectMs,
        socketTimeout: idleMs,
        requestTimeout: idleMs,
        throwOnRequestTimeout: true,
      },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(credentials === undefined ? {} : { credentials }),
    };
    const first = new sdk.S3Client(given);
    const configured = endpoint ?? (await first.config.serviceConfiguredEndpoint?.());
    const decided: S3ClientConfig = { ...given, forcePathStyle: pathStyle ?? configured !== undefined };
    if (configured !== undefined && !(await isSet(first.config.region))) decided.region = 'us-east-1';
    first.destroy();
    return {
      sdk,
      client: new sdk.S3Client(decided),
      patient: new sdk.S3Client({ ...decided, maxAttempts: 6 }),
      endpoint: configured === undefined ? 'AWS' : withoutUser(configured),
    };
  }
}

async function isSet(provider: () => Promise<string>): Promise<boolean> {
  return provider().then(
    () => true,
    () => false,
  );
}

function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
