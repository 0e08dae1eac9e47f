import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, it } from 'vitest';
import { RetryInfoSchema } from '../../../../src/engine/spark/connect/gen/google/rpc/error_details_pb.js';
import { sqlRelation } from '../../../../src/engine/spark/connect/index.js';
import {
  type Act,
  batch,
  complete,
  cut,
  type FakeSpark,
  silence,
  sparkError,
  startFakeSpark,
} from './fake-spark.js';

const query = sqlRelation('SELECT id FROM t');
let fake: FakeSpark;
afterEach(() => fake.close());

async function play(...acts: Act[]) {
  fake = await startFakeSpark(acts);
  const { session, waits } = await fake.connect();
  const ids = async (signal?: AbortSignal) =>
    (await session.rows(query, signal && { signal })).map(({ id }) => Number(id));
  return { session, waits, ids };
}

describe('a statement', () => {
  it('is sent once with its own operation, asked to be reattachable, and released at its end', async () => {
    const { ids, session } = await play([batch('a', [1, 2]), batch('b', [3], { startOffset: 2n }), complete]);
    expect(await ids()).toEqual([1, 2, 3]);
    await session.close();
    const [request] = fake.executed;
    expect(request!.requestOptions.map((o) => o.requestOption.case)).toEqual([
      'reattachOptions',
      'resultChunkingOptions',
    ]);
    expect(fake.released.map((r) => [r.operationId, r.release.case])).toEqual([
      [request!.operationId, 'releaseAll'],
    ]);
    expect(fake.reattached).toEqual([]);
  });

  it('goes on behind the last answer when the connection breaks in the middle of its results', async () => {
    const { ids } = await play(
      [batch('a', [1, 2]), cut],
      [batch('b', [3], { startOffset: 2n }), cut],
      [batch('c', [4], { startOffset: 3n }), complete],
    );
    expect(await ids()).toEqual([1, 2, 3, 4]);
    expect(fake.executed).toHaveLength(1);
    expect(fake.reattached.map((r) => r.lastResponseId)).toEqual(['a', 'b']);
    expect(new Set(fake.reattached.map((r) => r.operationId))).toEqual(
      new Set([fake.executed[0]!.operationId]),
    );
  });

  it('goes on when the server ends the stream before the result is complete', async () => {
    const { ids, waits } = await play([batch('a', [1])], [batch('b', [2]), complete]);
    expect(await ids()).toEqual([1, 2]);
    expect(waits).toEqual([]);
  });

  it('does not ask in a tight loop when streams end without any answer', async () => {
    const { ids, waits } = await play([], [], [batch('a', [1]), complete]);
    expect(await ids()).toEqual([1]);
    expect(waits).toEqual([100, 100]);
  });

  it('goes on after INVALID_CURSOR.DISCONNECTED', async () => {
    const { ids } = await play(
      [batch('a', [1]), sparkError('[INVALID_CURSOR.DISCONNECTED] The cursor was disconnected.')],
      [batch('b', [2]), complete],
    );
    expect(await ids()).toEqual([1, 2]);
  });

  it('is sent again, as the same operation, when it turns out that it never arrived', async () => {
    const { ids } = await play(
      [cut],
      [sparkError('[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid.')],
      [batch('a', [1]), complete],
    );
    expect(await ids()).toEqual([1]);
    expect(fake.executed).toHaveLength(2);
    expect(fake.executed[0]!.operationId).toBe(fake.executed[1]!.operationId);
  });

  it('fails, and is not run twice, when the server forgot it after its first answer', async () => {
    const { ids } = await play(
      [batch('a', [1]), cut],
      [sparkError('[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid.')],
    );
    await expect(ids()).rejects.toMatchObject({
      code: 'spark.operation_lost',
      fault: 'external',
      retry: 'never',
    });
    expect(fake.executed).toHaveLength(1);
  });

  it('fails as a changed session when the server knows no session after its first answer', async () => {
    const { ids } = await play(
      [batch('a', [1]), cut],
      [sparkError('[INVALID_HANDLE.SESSION_NOT_FOUND] The handle is invalid.')],
    );
    await expect(ids()).rejects.toMatchObject({ code: 'spark.session_changed' });
  });

  it('fails as a changed session when another server answers', async () => {
    const { ids } = await play([batch('a', [1]), cut], [{ ...batch('b', [2]), serverSideSessionId: 'two' }]);
    await expect(ids()).rejects.toMatchObject({ code: 'spark.session_changed', fault: 'external' });
  });

  it('is not sent again after an error of its own', async () => {
    const { ids, waits } = await play([sparkError('[DIVIDE_BY_ZERO] Division by zero.')]);
    await expect(ids()).rejects.toMatchObject({ code: 'spark.query_failed' });
    expect(fake.executed).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  it('reads answers of a newer Spark: unknown members count as answers, unknown fields are passed over', async () => {
    const unknown = (no: number) => ({ $unknown: [{ no, wireType: 2, data: new Uint8Array([1, 7]) }] });
    const { ids } = await play(
      [{ responseId: 'x', ...unknown(998) } as never, { ...batch('a', [1]), ...unknown(997) } as never, cut],
      [{ responseId: 'y', ...unknown(998) } as never, complete],
    );
    expect(await ids()).toEqual([1]);
    expect(fake.reattached[0]!.lastResponseId).toBe('a');
  });
});

describe('tries', () => {
  const gone = new ConnectError('away', Code.Unavailable);

  it('wait longer each time, as Spark’s own clients do, and end', async () => {
    const { ids, waits } = await play(...Array.from({ length: 6 }, () => [gone]));
    await expect(ids()).rejects.toMatchObject({ code: 'spark.unreachable', retry: 'backoff' });
    expect(waits).toEqual([50, 200, 800, 3200 + 250, 12_800 + 250]);
  });

  it('begin anew after every answer', async () => {
    const rounds = Array.from({ length: 8 }, (_, i): Act => [batch(`r${i}`, [i]), gone]);
    const { ids, waits } = await play(...rounds, [complete]);
    expect(await ids()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(waits).toEqual(rounds.map(() => 50));
  });

  it('wait as long as the server asks for', async () => {
    const busy = new ConnectError('later', Code.ResourceExhausted, undefined, [
      {
        desc: RetryInfoSchema,
        value: create(RetryInfoSchema, { retryDelay: { seconds: 7n, nanos: 500_000_000 } }),
      },
    ]);
    const forever = new ConnectError('later', Code.Internal, undefined, [
      { desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay: { seconds: 86_400n } }) },
    ]);
    const { ids, waits } = await play([busy], [forever], [batch('a', [1]), complete]);
    expect(await ids()).toEqual([1]);
    expect(waits).toEqual([7500, 600_000]);
  });

  it('are as many as the caller wants', async () => {
    fake = await startFakeSpark([[gone], [gone]]);
    const { session, waits } = await fake.connect({ retry: { retries: 1 } });
    await expect(session.rows(query)).rejects.toMatchObject({ code: 'spark.unreachable' });
    expect(waits).toEqual([50]);
  });
});

describe('giving up', () => {
  it('by the signal ends a statement whose server is silent, and releases it', async () => {
    const { ids, session } = await play([batch('a', [1]), silence]);
    const stop = new AbortController();
    const rows = ids(stop.signal);
    await until(() => fake.executed.length === 1);
    stop.abort(new Error('enough'));
    await expect(rows).rejects.toMatchObject({ code: 'spark.aborted', cause: new Error('enough') });
    await session.close();
    expect(fake.released).toHaveLength(1);
  });

  it('by leaving the loop releases it too', async () => {
    const { session } = await play([batch('a', [1]), batch('b', [2]), silence]);
    for await (const rows of session.batches(query)) {
      expect(rows).toEqual([{ id: 1n }]);
      break;
    }
    await session.close();
    expect(fake.released.map((r) => r.operationId)).toEqual(fake.executed.map((r) => r.operationId));
  });

  it('before it began sends nothing', async () => {
    const { ids } = await play();
    await expect(ids(AbortSignal.abort())).rejects.toMatchObject({ code: 'spark.aborted' });
    expect(fake.executed).toEqual([]);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
