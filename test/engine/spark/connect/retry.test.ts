import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { isTransient } from '../../../../src/engine/spark/connect/retry.js';
import { sparkError } from './fake-spark.js';

/** As if the server had sent it. */
const sent = (message: string, code: Code) =>
  new ConnectError(message, code, { 'grpc-status': String(code) });

/** What connect-node makes of a connection that breaks, and what servers and proxies say. */
describe('a failure', () => {
  it.each([
    ['nobody listens', new ConnectError('connect ECONNREFUSED 127.0.0.1:1', Code.Unavailable)],
    ['a proxy finds no server', sent('upstream is away', Code.Unavailable)],
    [
      'the server is killed',
      new ConnectError('http/2 stream closed with error code CANCEL (0x8)', Code.Canceled),
    ],
    ['a proxy resets the stream', sent('stream reset', Code.Canceled)],
    ['the connection is reset', new ConnectError('read ECONNRESET', Code.Aborted)],
    [
      'the connection breaks',
      new ConnectError('http/2 stream closed with error code INTERNAL_ERROR (0x2)', Code.Internal),
    ],
    ['the answer has no end', new ConnectError('protocol error: missing status', Code.Internal)],
    ['the cursor is lost', sent('[INVALID_CURSOR.DISCONNECTED] The cursor was disconnected.', Code.Internal)],
  ])('passes when %s', (_, e) => expect(isTransient(e)).toBe(true));

  it.each([
    ['Spark canceled the statement', sparkError('[OPERATION_CANCELED]', {}, Code.Canceled)],
    ['Spark failed', sent('[INTERNAL_ERROR] Bug.', Code.Internal)],
    ['the certificate is not trusted', new ConnectError('self-signed certificate', Code.Internal)],
    ['the token is wrong', sent('no', Code.Unauthenticated)],
    ['it took too long', new ConnectError('the operation timed out', Code.DeadlineExceeded)],
    ['it is ours', new TypeError('x is not a function')],
  ])('stays when %s', (_, e) => expect(isTransient(e)).toBe(false));
});
