/** Streaming queries through the Spark Connect client, on Spark itself: ends, restarts, failures, a server that dies. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MurmurError } from '../../src/base/errors.js';
import {
  type ConnectOptions,
  connectSpark,
  project,
  readPath,
  readTable,
  rootCause,
  type SparkSession,
  sparkExceptions,
} from '../../src/engine/spark/connect/index.js';
import { type RealSpark, startSparkServer } from './setup/spark-server.js';

let dir: string;
let server: RealSpark;
let session: SparkSession;

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-real-spark-connect-')));
  server = await startSparkServer(dir);
  session = await open();
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const open = (options: ConnectOptions = {}) => connectSpark(server.remote, options);
const folder = (name: string) => join(dir, name);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('no error'),
    (e: MurmurError) => e,
  );

describe('a stream', () => {
  const columns = 'value STRING, n INT';

  /** A folder of text files as a stream into a Delta table; `select` makes its rows. */
  async function prepared(name: string, select: string) {
    const place = folder(name);
    const drop = (file: string, lines: readonly string[]) =>
      writeFileSync(join(place, 'in', `${file}.txt`), lines.map((line) => `${line}\n`).join(''));
    mkdirSync(join(place, 'in'), { recursive: true });
    await session.sql(`CREATE TABLE delta.\`${place}/out\` (${columns}) USING delta`);
    const lines = readPath(join(place, 'in'), { format: 'text', schema: 'value STRING', streaming: true });
    await session.view(`${name}_lines`, lines);
    const rows = await session.sql(`SELECT value, ${select} AS n FROM ${name}_lines`);
    const to = { name, sink: { path: join(place, 'out') }, checkpoint: join(place, 'checkpoint') };
    const read = async () => {
      const out = await session.rows(`SELECT value, n FROM delta.\`${place}/out\` ORDER BY value`);
      return out.map(({ value, n }) => [value, n]);
    };
    return { drop, rows, to, read };
  }

  it('works off what is there and ends, and goes on from its checkpoint', async () => {
    const { drop, rows, to, read } = await prepared('once_more', 'length(value)');
    expect(await session.isStreaming(rows)).toBe(true);
    expect(await session.isStreaming(readTable('once_more_lines', { streaming: false }))).toBe(true);
    drop('a', ['x', 'yy']);
    const first = await session.startStream(rows, { ...to, trigger: { kind: 'available_now' } });
    expect(await first.awaitTermination(120_000)).toBe(true);
    expect(await first.exception()).toBeUndefined();
    expect(await first.status()).toMatchObject({ isActive: false });
    const [progress] = (await first.recentProgress()).filter((p) => p.numInputRows > 0);
    expect(progress).toMatchObject({ id: first.id, runId: first.runId, batchId: 0, numInputRows: 2 });
    expect(progress!.durationMs.triggerExecution).toBeGreaterThan(0);

    drop('b', ['zzz']);
    const second = await session.startStream(rows, { ...to, trigger: { kind: 'available_now' } });
    expect(await second.awaitTermination(120_000)).toBe(true);
    expect([second.id === first.id, second.runId === first.runId]).toEqual([true, false]);
    expect(await read()).toEqual([
      ['x', 1],
      ['yy', 2],
      ['zzz', 3],
    ]);
  });

  it('runs until it is stopped, is seen by a second client, and keeps its name to itself', async () => {
    const { drop, rows, to, read } = await prepared('going_on', 'length(value)');
    const query = await session.startStream(rows, { ...to, trigger: { kind: 'interval', everyMs: 200 } });
    drop('a', ['x']);
    await query.processAllAvailable();
    drop('b', ['yy']);
    await query.processAllAvailable();
    expect(await read()).toEqual([
      ['x', 1],
      ['yy', 2],
    ]);
    expect((await query.lastProgress())!.batchId).toBeGreaterThanOrEqual(1);
    expect(await query.awaitTermination(1)).toBe(false);

    const twice = session.startStream(rows, {
      ...to,
      trigger: { kind: 'asap' },
      checkpoint: folder('other'),
    });
    expect(await failure(twice)).toMatchObject({ code: 'spark.query_name_taken', fault: 'user' });

    const second = await open({ sessionId: session.sessionId });
    const [found] = await second.activeStreams();
    expect(found).toMatchObject({ id: query.id, runId: query.runId, name: 'going_on' });
    await found!.stop();
    await second.close({ release: false });
    expect(await query.status()).toMatchObject({ isActive: false });
    await query.stop();
    expect(await query.awaitTermination(60_000)).toBe(true);
    expect(await session.activeStreams()).toEqual([]);
  });

  it('that fails tells the cause at the end of the chain, and leaves the others alone', async () => {
    const other = await prepared('healthy', 'length(value)');
    const healthy = await session.startStream(other.rows, {
      ...other.to,
      trigger: { kind: 'interval', everyMs: 500 },
    });
    const { drop, rows, to } = await prepared(
      'failing',
      "if(value = 'bad', raise_error('met a bad line'), 1)",
    );
    const query = await session.startStream(rows, { ...to, trigger: { kind: 'asap' } });
    drop('a', ['good', 'bad']);
    expect(await failure(query.awaitTermination(120_000))).toMatchObject({ code: 'spark.query_failed' });
    const fault = await query.exception();
    expect(fault).toMatchObject({
      code: 'spark.query_failed',
      message: expect.stringMatching(/^running the stream failing: .*met a bad line/),
      context: { errorClass: 'STREAM_FAILED' },
    });
    expect(sparkExceptions(fault).length).toBeGreaterThan(1);
    expect(rootCause(fault)).toMatchObject({
      errorClass: 'USER_RAISED_EXCEPTION',
      parameters: { errorMessage: 'met a bad line' },
    });
    expect((await session.activeStreams()).map(({ name }) => name)).toEqual(['healthy']);
    await healthy.stop();
  });

  it('of a server that died goes on in a new session from its checkpoint, no row lost, none twice', async () => {
    const { drop, rows, to, read } = await prepared('revived', 'length(value)');
    const query = await session.startStream(rows, { ...to, trigger: { kind: 'interval', everyMs: 200 } });
    drop('a', ['x']);
    await query.processAllAvailable();
    await server.crash();
    const unreachable = await failure(open({ retry: { retries: 0 } }));
    expect(unreachable).toMatchObject({ code: 'spark.unreachable', retry: 'backoff' });
    drop('b', ['yy']);
    await server.restart();
    expect(await failure(query.status())).toMatchObject({ code: 'spark.session_changed', fault: 'external' });

    await session.close();
    session = await open();
    const lines = readPath(join(folder('revived'), 'in'), {
      format: 'text',
      schema: 'value STRING',
      streaming: true,
    });
    const again = await session.startStream(project(lines, ['value', 'length(value) AS n']), {
      ...to,
      trigger: { kind: 'available_now' },
    });
    expect(again.id).toBe(query.id);
    expect(await again.awaitTermination(120_000)).toBe(true);
    expect(await read()).toEqual([
      ['x', 1],
      ['yy', 2],
    ]);
  });
});
