import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, it } from 'vitest';
import { connectSpark } from '../../../../src/engine/spark/connect/index.js';
import { type FakeSpark, sparkError, startFakeSpark } from './fake-spark.js';
import { certificate, key } from './loopback-certificate.js';

let fake: FakeSpark | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

const versionAnswer = (sid: string) => ({
  serverSideSessionId: sid,
  result: { case: 'sparkVersion' as const, value: { version: '4.2.1' } },
});

describe('connecting', () => {
  it('asks the version and says who asks', async () => {
    fake = await startFakeSpark([], {}, { version: '4.1.0-preview' });
    const { session } = await fake.connect({ userId: 'ann', headers: { 'x-databricks-cluster-id': '0123' } });
    expect(session.version).toBe('4.1.0-preview');
    expect([
      session.atLeast(4, 0),
      session.atLeast(4, 1),
      session.atLeast(4, 2),
      session.atLeast(5, 0),
    ]).toEqual([true, true, false, false]);
    expect(session.userId).toBe('ann');
    expect(fake.headers[0]!.get('x-databricks-cluster-id')).toBe('0123');
    expect(fake.headers[0]!.has('authorization')).toBe(false);
  });

  it.each(['3.5.4', 'unknown'])('refuses Spark %s', async (version) => {
    fake = await startFakeSpark([], {}, { version });
    await expect(fake.connect()).rejects.toMatchObject({
      code: 'spark.version_unsupported',
      fault: 'user',
      context: { version },
    });
  });

  it('asks for the token before every call, so that it may change', async () => {
    fake = await startFakeSpark([], { config: () => ({}) });
    let n = 0;
    const { session } = await fake.connect({ token: async () => `token-${++n}` });
    await session.setConf({ a: 'b' });
    expect(fake.headers.map((h) => h.get('authorization'))).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('sends the token of the address', async () => {
    fake = await startFakeSpark();
    const session = await connectSpark(`${fake.remote}/;token=abc`, { keepAliveMs: 0 });
    await session.close();
    expect(fake.headers[0]!.get('authorization')).toBe('Bearer abc');
  });

  it('goes over TLS when it is told to, to a server whose certificate it trusts', async () => {
    fake = await startFakeSpark([], {}, { tls: { key, cert: certificate } });
    const remote = `${fake.remote}/;use_ssl=true;token=abc`;
    const session = await connectSpark(remote, { ca: certificate, keepAliveMs: 0 });
    await session.close();
    expect(fake.headers[0]!.get('authorization')).toBe('Bearer abc');

    const calls = fake.headers.length;
    await expect(connectSpark(remote, { keepAliveMs: 0 })).rejects.toMatchObject({
      code: 'spark.unreachable',
      message: expect.stringMatching(/self.signed certificate/),
    });
    expect(fake.headers).toHaveLength(calls);
  });

  it('tells a refused token from everything else, and does not try again', async () => {
    let calls = 0;
    fake = await startFakeSpark([], {
      analyzePlan: () => {
        calls++;
        throw new ConnectError('Invalid token', Code.Unauthenticated);
      },
    });
    await expect(fake.connect({ token: 'wrong' })).rejects.toMatchObject({
      code: 'spark.token_refused',
      fault: 'user',
    });
    expect(calls).toBe(1);
  });

  it('tells when the token’s own source fails', async () => {
    fake = await startFakeSpark();
    const cause = new Error('sign-in is down');
    const failing = () => Promise.reject(cause);
    await expect(fake.connect({ token: failing })).rejects.toMatchObject({
      code: 'spark.token_unavailable',
      cause,
    });
  });

  it('tells when nobody is there', async () => {
    const port = await freePort();
    const options = { keepAliveMs: 0, retry: { retries: 1, firstWaitMs: 1 } };
    await expect(connectSpark(`sc://127.0.0.1:${port}`, options)).rejects.toMatchObject({
      code: 'spark.unreachable',
      fault: 'external',
      retry: 'backoff',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  it('tells when somebody is there who is not Spark Connect', async () => {
    fake = await startFakeSpark([], {
      analyzePlan: () => {
        throw new ConnectError('unknown service', Code.Unimplemented);
      },
    });
    await expect(fake.connect()).rejects.toMatchObject({ code: 'spark.not_spark', fault: 'user' });
  });

  it('ends when the server does not answer in time', async () => {
    fake = await startFakeSpark([], { analyzePlan: () => new Promise(() => {}) });
    await expect(fake.connect({ connectTimeoutMs: 20 })).rejects.toMatchObject({ code: 'spark.timeout' });
    await expect(fake.connect({ signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
      code: 'spark.aborted',
    });
  });
});

describe('a session', () => {
  it('reads, sets and unsets settings', async () => {
    const asked: unknown[] = [];
    fake = await startFakeSpark([], {
      config: ({ operation }) => {
        const { opType } = operation!;
        asked.push([
          opType.case,
          'pairs' in opType.value! ? opType.value.pairs.map((p) => [p.key, p.value]) : opType.value,
        ]);
        if (opType.case === 'getOption') return { pairs: [{ key: 'a', value: 'b' }, { key: 'none' }] };
        return { pairs: [{ key: 'a', value: 'true' }] };
      },
    });
    const { session } = await fake.connect();
    expect(await session.conf('a')).toBe('b');
    expect(await session.conf('none')).toBeUndefined();
    await session.setConf({ a: 'c', d: 'e' });
    await session.unsetConf('a', 'd');
    expect(asked).toMatchObject([
      ['getOption', { keys: ['a'] }],
      ['getOption', { keys: ['none'] }],
      [
        'set',
        [
          ['a', 'c'],
          ['d', 'e'],
        ],
      ],
      ['unset', { keys: ['a', 'd'] }],
    ]);
  });

  it('interrupts all, by tag, by operation', async () => {
    fake = await startFakeSpark();
    const { session } = await fake.connect();
    expect(await session.interrupt()).toEqual(['an-operation']);
    await session.interrupt({ tag: 'gold' });
    await session.interrupt({ operationId: 'o' });
    expect(fake.interrupts.map((i) => [i.interruptType, i.interrupt.value])).toEqual([
      [1, undefined],
      [2, 'gold'],
      [3, 'o'],
    ]);
  });

  it('sends the server’s own id back, and knows another server by it', async () => {
    const sids = ['one', 'one', 'two'];
    const seen: (string | undefined)[] = [];
    fake = await startFakeSpark([], {
      analyzePlan: () => versionAnswer(sids.shift()!),
      config: ({ clientObservedServerSideSessionId }) => {
        seen.push(clientObservedServerSideSessionId);
        return { serverSideSessionId: sids.shift()! };
      },
    });
    const { session } = await fake.connect();
    await session.setConf({});
    await expect(session.setConf({})).rejects.toMatchObject({ code: 'spark.session_changed' });
    expect(seen).toEqual(['one', 'one']);
  });

  it.each(['SESSION_CHANGED', 'SESSION_CLOSED', 'SESSION_NOT_FOUND'])(
    'that the server calls %s is over, and says what to do',
    async (condition) => {
      fake = await startFakeSpark([], {
        config: () => {
          throw sparkError(`[INVALID_HANDLE.${condition}] The handle is invalid.`);
        },
      });
      const { session } = await fake.connect();
      await expect(session.setConf({})).rejects.toMatchObject({
        code: 'spark.session_changed',
        fault: 'external',
        fix: expect.stringContaining('new session'),
        context: { errorClass: `INVALID_HANDLE.${condition}` },
      });
    },
  );

  it('asks again after a failure that passes', async () => {
    let calls = 0;
    fake = await startFakeSpark([], {
      config: () => {
        if (++calls < 3) throw new ConnectError('starting', Code.Unavailable);
        return {};
      },
    });
    const { session, waits } = await fake.connect();
    await session.setConf({});
    expect(waits).toEqual([50, 200]);
  });

  it('is released once when it is closed, and answers no more', async () => {
    fake = await startFakeSpark();
    const { session } = await fake.connect();
    await session.close();
    await session.close();
    expect(fake.sessionsReleased).toBe(1);
    await expect(session.conf('a')).rejects.toMatchObject({ code: 'spark.closed', fault: 'user' });
    await expect(session.sql('SELECT 1')).rejects.toMatchObject({ code: 'spark.closed' });
  });

  it('stays on the server when it is closed without release', async () => {
    fake = await startFakeSpark();
    const { session } = await fake.connect();
    await session.close({ release: false });
    expect(fake.sessionsReleased).toBe(0);
  });

  it('is taken up again by its id', async () => {
    fake = await startFakeSpark();
    const { session } = await fake.connect();
    const again = await fake.connect({ sessionId: session.sessionId });
    expect(again.session.sessionId).toBe(session.sessionId);
    await expect(fake.connect({ sessionId: 'mine' })).rejects.toMatchObject({
      code: 'spark.address_invalid',
    });
  });

  it('is touched when it was silent for too long, and only then', async () => {
    let versions = 0;
    fake = await startFakeSpark([], {
      analyzePlan: () => {
        versions++;
        return versionAnswer('one');
      },
      config: () => ({}),
    });
    let now = 0;
    const sleeps: { ms: number; wake: () => void }[] = [];
    const clock = {
      now: () => now,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((wake) => {
          sleeps.push({ ms, wake });
          signal?.addEventListener('abort', () => wake());
        }),
    };
    const { session } = await fake.connect({ clock, keepAliveMs: 1000 });
    const next = async () => {
      while (sleeps.length === 0) await new Promise((resolve) => setImmediate(resolve));
      return sleeps.shift()!;
    };

    const first = await next();
    expect(first.ms).toBe(1000);
    now = 600;
    await session.setConf({});
    now = 1000;
    first.wake();
    const second = await next();
    expect([second.ms, versions]).toEqual([600, 1]);
    now = 1600;
    second.wake();
    expect((await next()).ms).toBe(1000);
    expect(versions).toBe(2);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
