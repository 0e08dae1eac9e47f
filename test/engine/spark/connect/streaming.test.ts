import { afterEach, describe, expect, it } from 'vitest';
import type { Command } from '../../../../src/engine/spark/connect/gen/spark/connect/commands_pb.js';
import {
  type StreamOptions,
  type StreamTrigger,
  sqlRelation,
} from '../../../../src/engine/spark/connect/index.js';
import {
  type Act,
  complete,
  type FakeSpark,
  type Response,
  sparkError,
  startFakeSpark,
} from './fake-spark.js';

let fake: FakeSpark;
afterEach(() => fake.close());

const options: StreamOptions = {
  name: 'gold',
  sink: { path: '/lake/gold' },
  checkpoint: '/lake/gold/_checkpoints/q',
  trigger: { kind: 'available_now' },
};
const queryId = { id: 'the-id', runId: 'the-run' };
const started: Act = [
  { responseType: { case: 'writeStreamOperationStartResult', value: { queryId, name: 'gold' } } },
  complete,
];

function answer(resultType: object): Act {
  const value = { queryId, resultType } as never;
  return [{ responseType: { case: 'streamingQueryCommandResult', value } } as Response, complete];
}

async function start(more: Partial<StreamOptions>, ...acts: Act[]) {
  fake = await startFakeSpark([started, ...acts]);
  const { session } = await fake.connect();
  return session.startStream(sqlRelation('SELECT * FROM v'), { ...options, ...more });
}

function sent(index: number): Command['commandType'] {
  const { opType } = fake.executed[index]!.plan!;
  return opType.case === 'command' ? opType.value.commandType : expect.fail('no command');
}

describe('starting a stream', () => {
  it('says all that the server must know', async () => {
    const query = await start({
      options: { mergeSchema: 'true', checkpointLocation: 'elsewhere' },
      partitionBy: ['day'],
      outputMode: 'complete',
      format: 'parquet',
    });
    expect(query).toMatchObject({ id: 'the-id', runId: 'the-run', name: 'gold' });
    expect(sent(0)).toMatchObject({
      case: 'writeStreamOperationStart',
      value: {
        queryName: 'gold',
        format: 'parquet',
        outputMode: 'complete',
        partitioningColumnNames: ['day'],
        options: { mergeSchema: 'true', checkpointLocation: '/lake/gold/_checkpoints/q' },
        trigger: { case: 'availableNow', value: true },
        sinkDestination: { case: 'path', value: '/lake/gold' },
      },
    });
  });

  it.each<[StreamTrigger, object]>([
    [{ kind: 'asap' }, { case: undefined }],
    [
      { kind: 'interval', everyMs: 1500 },
      { case: 'processingTimeInterval', value: '1500 milliseconds' },
    ],
  ])('with %j', async (trigger, expected) => {
    await start({ trigger, sink: { table: 'db.gold' } });
    expect(sent(0)!.value).toMatchObject({
      format: 'delta',
      trigger: expected,
      sinkDestination: { case: 'tableName', value: 'db.gold' },
    });
  });

  it('under a name that is taken says so', async () => {
    fake = await startFakeSpark([
      [
        sparkError(
          'Cannot start query with name gold as a query with that name is already active in this SparkSession',
        ),
      ],
    ]);
    const { session } = await fake.connect();
    await expect(session.startStream(sqlRelation('x'), options)).rejects.toMatchObject({
      code: 'spark.query_name_taken',
      message: expect.stringContaining('starting the stream gold'),
    });
  });
});

describe('a stream', () => {
  it('tells its status', async () => {
    const value = { statusMessage: 'Waiting', isDataAvailable: true, isTriggerActive: false, isActive: true };
    const query = await start({}, answer({ case: 'status', value }));
    expect(await query.status()).toEqual({
      message: 'Waiting',
      isDataAvailable: true,
      isTriggerActive: false,
      isActive: true,
    });
    expect(sent(1)!.value).toMatchObject({ queryId, command: { case: 'status', value: true } });
  });

  it('tells its progress: totals over its sources, offsets as text, what is new left out', async () => {
    const progress = {
      id: 'i',
      runId: 'r',
      name: 'gold',
      timestamp: '2026-01-01T00:00:00.000Z',
      batchId: 7,
      batchDuration: 1777,
      durationMs: { triggerExecution: 1777, addBatch: 1589 },
      eventTime: { watermark: '2026-01-01T00:00:00.000Z' },
      stateOperators: [{ operatorName: 'dedupe', numRowsTotal: 5, later: true }],
      sources: [
        {
          description: 'DeltaSource[x]',
          startOffset: '{"v":1}',
          endOffset: { v: 2 },
          latestOffset: null,
          numInputRows: 133,
          inputRowsPerSecond: 266,
          processedRowsPerSecond: 74.5,
          metrics: { numFilesOutstanding: '3' },
        },
        { description: 'other', numInputRows: 2, inputRowsPerSecond: 'NaN', processedRowsPerSecond: 0.5 },
      ],
      sink: { description: 'DeltaSink[y]', numOutputRows: -1, metrics: {} },
      observedMetrics: { seen: { rows: 133 } },
      invention: { of: 'Spark 5' },
    };
    const recentProgressJson = [JSON.stringify({ ...progress, batchId: 6 }), JSON.stringify(progress)];
    const acts = answer({ case: 'recentProgress', value: { recentProgressJson } });
    const query = await start({}, acts, acts, answer({ case: 'recentProgress', value: {} }));
    expect((await query.recentProgress()).map((p) => p.batchId)).toEqual([6, 7]);
    const last = (await query.lastProgress())!;
    expect(last).toMatchObject({
      batchId: 7,
      numInputRows: 135,
      inputRowsPerSecond: 266,
      processedRowsPerSecond: 75,
      durationMs: { triggerExecution: 1777 },
      eventTime: { watermark: '2026-01-01T00:00:00.000Z' },
      observedMetrics: { seen: { rows: 133 } },
      sink: { numOutputRows: -1 },
    });
    expect(last.sources.map((s) => [s.startOffset, s.endOffset, s.latestOffset])).toEqual([
      ['{"v":1}', '{"v":2}', null],
      [null, null, null],
    ]);
    expect(last.stateOperators[0]).toMatchObject({ numRowsTotal: 5, numRowsDroppedByWatermark: 0 });
    expect(last).not.toHaveProperty('invention');
    expect(await query.lastProgress()).toBeUndefined();
  });

  it.each(['not json', '{"batchId":"seven"}'])('whose progress is %s says so', async (json) => {
    const acts = answer({ case: 'recentProgress', value: { recentProgressJson: [json] } });
    const query = await start({}, acts);
    await expect(query.lastProgress()).rejects.toMatchObject({ code: 'spark.answer_unreadable' });
  });

  it('is stopped, and waited for', async () => {
    const query = await start(
      {},
      [complete],
      answer({ case: 'awaitTermination', value: { terminated: false } }),
      answer({ case: 'awaitTermination', value: { terminated: true } }),
    );
    await query.stop();
    expect([await query.awaitTermination(10), await query.awaitTermination(20)]).toEqual([false, true]);
    expect(sent(1)!.value).toMatchObject({ command: { case: 'stop', value: true } });
    expect(sent(3)!.value).toMatchObject({
      command: { case: 'awaitTermination', value: { timeoutMs: 20n } },
    });
  });

  it('gives its failure as a value, asked for in the way that has the causes', async () => {
    const failure = sparkError('[STREAM_FAILED] Query terminated.', { errorClass: 'STREAM_FAILED' });
    const lost = sparkError('[INVALID_HANDLE.SESSION_CLOSED] The handle is invalid.');
    const query = await start({}, [complete], [failure], [lost], [failure]);
    expect(await query.exception()).toBeUndefined();
    expect(await query.exception()).toMatchObject({
      code: 'spark.query_failed',
      message: 'running the stream gold: [STREAM_FAILED] Query terminated.',
    });
    await expect(query.exception()).rejects.toMatchObject({ code: 'spark.session_changed' });
    await expect(query.awaitTermination(1)).rejects.toMatchObject({ code: 'spark.query_failed' });
    expect(sent(1)!.value).toMatchObject({ command: { case: 'exception', value: false } });
  });

  it('that another client started is found', async () => {
    const activeQueries = [{ id: queryId, name: 'gold' }, { id: { id: 'x', runId: 'y' } }];
    const value = { resultType: { case: 'active' as const, value: { activeQueries } } };
    fake = await startFakeSpark([
      [{ responseType: { case: 'streamingQueryManagerCommandResult', value } }, complete],
    ]);
    const { session } = await fake.connect();
    expect(await session.activeStreams()).toMatchObject([
      { id: 'the-id', runId: 'the-run', name: 'gold' },
      { id: 'x', runId: 'y', name: '' },
    ]);
  });

  it('that the server answers with nothing is an error', async () => {
    const query = await start({}, [complete]);
    await expect(query.status()).rejects.toMatchObject({ code: 'spark.answer_unreadable' });
  });
});
