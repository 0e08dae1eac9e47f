/** What S3 and the way to it answer, as errors that say what to do; and which of them may pass by themselves. */
import { MurmurError } from '../base/errors.js';

/** What was being done, for messages: `reading s3://bucket/a`. */
export interface S3Attempt {
  doing: string;
  uri: string;
  bucket: string;
  /** Where requests go. */
  endpoint: string;
}

interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
  $retryable?: unknown;
}

/** The HTTP status of the answer; undefined when there was none. */
export function statusOf(e: unknown): number | undefined {
  return (e as SdkError | undefined)?.$metadata?.httpStatusCode;
}

/** Whether the same request may succeed a little later: overload, a server's fault, a broken or slow connection. */
export function isTransient(e: unknown): boolean {
  const { name = '', code = '' } = (e ?? {}) as SdkError;
  if (isSetting(e)) return false;
  const status = statusOf(e);
  if (passing.has(name) || passing.has(code)) return true;
  if (status === undefined) return code !== '' && !permanentCodes.has(code);
  // An answer that broke off in the middle has the status of its beginning.
  return status >= 500 ? status !== 501 : status === 429 || status === 408 || (status < 300 && code !== '');
}

/** As an error of ours; what is one already stays. */
export function s3Error(e: unknown, { doing, uri, bucket, endpoint }: S3Attempt): MurmurError {
  if (e instanceof MurmurError) return e;
  const { name = 'Error', message = String(e) } = e as SdkError;
  const status = statusOf(e);
  const context = { uri, error: name, status: status ?? null };
  const at = `${doing} ${uri}`;
  const fail = (code: string, what: string, fault: 'user' | 'external', fix?: string) =>
    new MurmurError(code, `${at}: ${what}`, {
      fault,
      ...(fix === undefined ? {} : { fix }),
      cause: e,
      context,
    });

  if (isNoCredentials(e))
    return fail(
      'storage.no_credentials',
      'no credentials for S3',
      'user',
      'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (log in again if it is one of SSO)',
    );
  if (isNoRegion(e))
    return fail(
      'storage.no_region',
      'no region for S3',
      'user',
      `set AWS_REGION to that of bucket ${bucket}`,
    );
  if (name === 'NoSuchBucket')
    return fail(
      'storage.no_such_bucket',
      `there is no bucket ${bucket} at ${endpoint}`,
      'user',
      'create the bucket, or correct its name; for a service other than AWS set AWS_ENDPOINT_URL',
    );
  if (name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed' || status === 301)
    return fail(
      'storage.wrong_region',
      `bucket ${bucket} is in another region (${message})`,
      'user',
      'set AWS_REGION to the region of the bucket',
    );
  if (name === 'RequestTimeTooSkewed')
    return fail('storage.denied', "this machine's clock is wrong", 'user', "set this machine's clock");
  if (status === 401 || status === 403 || keyFaults.has(name))
    return fail(
      'storage.denied',
      `access denied by ${endpoint} (${name})`,
      'user',
      keyFaults.has(name)
        ? 'correct AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile that AWS_PROFILE names'
        : `give these credentials the rights on bucket ${bucket} that docs/s3.md lists`,
    );
  if (status === 404) return fail('storage.not_found', 'no such file', 'external');
  if (isTransient(e))
    return new MurmurError(
      'storage.unreachable',
      `${at}: ${endpoint} does not answer (${name}: ${message})`,
      {
        fault: 'external',
        retry: 'backoff',
        fix: 'look at the network and the service; another endpoint is set by AWS_ENDPOINT_URL',
        cause: e,
        context,
      },
    );
  if (permanentCodes.has((e as SdkError).code ?? ''))
    return fail(
      'storage.unreachable',
      `${endpoint} cannot be found (${message})`,
      'external',
      'correct AWS_ENDPOINT_URL or AWS_REGION, or look at the network',
    );
  return fail('storage.failed', `${name}: ${message}`, 'external');
}

/** Names of answers and codes of connections that come and go. */
const passing = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'TimeoutError',
  'IncompleteBody',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

const permanentCodes = new Set([
  'ENOTFOUND',
  'EPROTO',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_INVALID_URL',
]);

const keyFaults = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'TokenRefreshRequired',
]);

function isSetting(e: unknown): boolean {
  return isNoCredentials(e) || isNoRegion(e);
}

function isNoCredentials(e: unknown): boolean {
  const { name = '', message = '' } = (e ?? {}) as SdkError;
  return (
    name === 'CredentialsProviderError' ||
    name === 'TokenProviderError' ||
    message.includes('credential is missing')
  );
}

function isNoRegion(e: unknown): boolean {
  return (e as SdkError | undefined)?.message === 'Region is missing';
}
