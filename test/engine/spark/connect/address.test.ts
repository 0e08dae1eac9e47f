import { describe, expect, it } from 'vitest';
import { MurmurError } from '../../../../src/base/errors.js';
import { parseAddress } from '../../../../src/engine/spark/connect/address.js';
import { connectSpark } from '../../../../src/engine/spark/connect/index.js';

const id = '6f1d4a3e-0b8a-4c57-9a43-2b6f0d2a9c11';

describe('an address', () => {
  it('is a host, and Spark’s port unless one is written', () => {
    expect(parseAddress('sc://spark.example')).toEqual({ host: 'spark.example', port: 15002, headers: {} });
    expect(parseAddress('sc://10.0.0.7:443/')).toEqual({ host: '10.0.0.7', port: 443, headers: {} });
    expect(parseAddress('sc://[::1]:15003')).toEqual({ host: '::1', port: 15003, headers: {} });
  });

  it('carries parameters, percent-decoded, and everything unknown as a header', () => {
    const text = `sc://h:1/;use_ssl=true;token=a%3Db;user_id=Ann%20B;session_id=${id};user_agent=me;grpc_max_message_size=1000;x-databricks-cluster-id=0123-4`;
    expect(parseAddress(text)).toEqual({
      host: 'h',
      port: 1,
      useSsl: true,
      token: 'a=b',
      userId: 'Ann B',
      sessionId: id,
      userAgent: 'me',
      maxMessageBytes: 1000,
      headers: { 'x-databricks-cluster-id': '0123-4' },
    });
  });

  it.each([
    ['http://h', 'must begin with sc://'],
    ['sc://', 'host or port'],
    ['sc://h:0', 'port 0'],
    ['sc://h:70000', 'port 70000'],
    ['sc://h:port', 'host or port'],
    ['sc://a b', 'host or port'],
    ['sc://h/path', '/;key=value'],
    ['sc://h;use_ssl=true', '/;key=value'],
    ['sc://h/;use_ssl', 'key=value'],
    ['sc://h/;use_ssl=yes', 'use_ssl'],
    ['sc://h/;user_id=a;user_id=b', 'user_id stands twice'],
    ['sc://h/;session_id=mine', 'session_id'],
    ['sc://h/;token=', 'token'],
    ['sc://h/;user_id=%zz', 'user_id'],
    ['sc://h/;grpc-timeout=1', 'grpc-timeout'],
    ['sc://h/;authorization=Basic%20x', 'token='],
    ['sc://h/;x-a=%0A', 'x-a'],
  ])('%s is refused', (text, reason) => {
    const fault = caught(() => parseAddress(text));
    expect(fault.code).toBe('spark.address_invalid');
    expect(fault.fault).toBe('user');
    expect(fault.message).toContain(reason);
  });

  it('never shows its token in an error', () => {
    expect(caught(() => parseAddress('sc://h/;token=secret;use_ssl=maybe')).message).not.toContain('secret');
  });

  it('with a token and use_ssl=false is refused before anything is sent', async () => {
    const fault = await connectSpark('sc://spark.example/;token=t;use_ssl=false').catch((e: unknown) => e);
    expect(fault).toMatchObject({ code: 'spark.token_needs_tls', fault: 'user' });
    const called = await connectSpark('sc://spark.example/;use_ssl=false', {
      token: () => expect.fail('asked for a token'),
    }).catch((e: unknown) => e);
    expect(called).toMatchObject({ code: 'spark.token_needs_tls' });
  });
});

function caught(call: () => unknown): MurmurError {
  try {
    call();
  } catch (e) {
    if (e instanceof MurmurError) return e;
  }
  return expect.fail('no MurmurError');
}
