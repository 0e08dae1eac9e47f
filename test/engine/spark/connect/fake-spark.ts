/** A Spark Connect server in this process that plays what a test writes down: answers, errors, silence, cut connections. */
import {
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { writeArrow } from '../../../../src/engine/spark/connect/arrow-columns.js';
import { ErrorInfoSchema } from '../../../../src/engine/spark/connect/gen/google/rpc/error_details_pb.js';
import {
  type AddArtifactsRequest,
  type ExecutePlanRequest,
  type ExecutePlanResponse_ArrowBatch,
  type ExecutePlanResponseSchema,
  type InterruptRequest,
  type ReattachExecuteRequest,
  type ReleaseExecuteRequest,
  SparkConnectService,
} from '../../../../src/engine/spark/connect/gen/spark/connect/base_pb.js';
import {
  type ConnectOptions,
  connectSpark,
  type SparkSession,
} from '../../../../src/engine/spark/connect/index.js';

export type Response = MessageInitShape<typeof ExecutePlanResponseSchema>;

/** The connection breaks here. */
export const cut = Symbol('cut');
/** Nothing more comes until the caller goes away. */
export const silence = Symbol('silence');
/** What a server does on one ExecutePlan or ReattachExecute, in order; at the end the stream ends. */
export type Act = readonly (Response | ConnectError | typeof cut | typeof silence)[];

export interface Played {
  executed: ExecutePlanRequest[];
  reattached: ReattachExecuteRequest[];
  released: ReleaseExecuteRequest[];
  interrupts: InterruptRequest[];
  artifacts: AddArtifactsRequest[];
  errorsFetched: string[];
  sessionsReleased: number;
  /** Headers of every call. */
  headers: Headers[];
}

export interface FakeSpark extends Played {
  remote: string;
  /** Opens a session that never waits; `waits` takes what it would have waited, in milliseconds. */
  connect(options?: ConnectOptions): Promise<{ session: SparkSession; waits: number[] }>;
  close(): Promise<void>;
}

/**
 * @param acts played one after the other by ExecutePlan and ReattachExecute
 * @param service goes before what the server does by itself
 */
export async function startFakeSpark(
  acts: readonly Act[] = [],
  service: Partial<ServiceImpl<typeof SparkConnectService>> = {},
  { version = '4.2.1', tls }: { version?: string; tls?: { key: string; cert: string } } = {},
): Promise<FakeSpark> {
  const connections = new Set<ServerHttp2Session>();
  const left = [...acts];
  const played: Played = {
    executed: [],
    reattached: [],
    released: [],
    interrupts: [],
    artifacts: [],
    errorsFetched: [],
    sessionsReleased: 0,
    headers: [],
  };

  async function* play(signal: AbortSignal): AsyncGenerator<Response> {
    const act = left.shift();
    if (act === undefined) throw new ConnectError('the test wrote no act for this call', Code.Internal);
    for (const step of act) {
      if (step === cut) {
        // The answers before it shall be on their way.
        await new Promise((resolve) => setImmediate(resolve));
        for (const connection of connections) connection.destroy();
        return;
      }
      if (step === silence) {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        return;
      }
      if (step instanceof ConnectError) throw step;
      yield { serverSideSessionId: 'one', ...step };
    }
  }

  const standard: Partial<ServiceImpl<typeof SparkConnectService>> = {
    executePlan(request, { signal }) {
      played.executed.push(request);
      return play(signal);
    },
    reattachExecute(request, { signal }) {
      played.reattached.push(request);
      return play(signal);
    },
    analyzePlan: () => ({
      serverSideSessionId: 'one',
      result: { case: 'sparkVersion', value: { version } },
    }),
    releaseExecute(request) {
      played.released.push(request);
      return { operationId: request.operationId };
    },
    interrupt(request) {
      played.interrupts.push(request);
      return { interruptedIds: ['an-operation'] };
    },
    async addArtifacts(requests) {
      for await (const request of requests) played.artifacts.push(request);
      return { artifacts: [{ name: 'x', isCrcSuccessful: true }] };
    },
    artifactStatus: () => ({ statuses: {} }),
    fetchErrorDetails({ errorId }) {
      played.errorsFetched.push(errorId);
      return {};
    },
    releaseSession() {
      played.sessionsReleased++;
      return {};
    },
  };

  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(SparkConnectService, { ...standard, ...service });
    },
  });
  const answer = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    played.headers.push(
      new Headers(
        Object.entries(request.headers).flatMap(([k, v]) =>
          k.startsWith(':') ? [] : [[k, String(v)] as [string, string]],
        ),
      ),
    );
    adapter(request, response);
  };
  const server = tls === undefined ? createServer(answer) : createSecureServer(tls, answer);
  server.on('session', (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const remote = `sc://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const opened: SparkSession[] = [];

  return {
    ...played,
    get sessionsReleased() {
      return played.sessionsReleased;
    },
    remote,
    async connect(options = {}) {
      const waits: number[] = [];
      const clock = {
        now: () => 0,
        sleep: async (ms: number) => {
          waits.push(ms);
        },
      };
      const session = await connectSpark(remote, { clock, keepAliveMs: 0, random: () => 0.5, ...options });
      opened.push(session);
      return { session, waits };
    },
    async close() {
      for (const session of opened) await session.close();
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const complete = {
  responseId: 'end',
  responseType: { case: 'resultComplete', value: {} },
} satisfies Response;

/** An Arrow batch of one column `id`, as the response of the given id. */
export function batch(
  responseId: string,
  ids: readonly number[],
  more: Partial<Pick<ExecutePlanResponse_ArrowBatch, 'startOffset'>> = {},
): Response {
  const value = { rowCount: BigInt(ids.length), data: arrow(ids), ...more };
  return { responseId, responseType: { case: 'arrowBatch', value } };
}

export function arrow(ids: readonly number[]): Uint8Array {
  return writeArrow(
    [{ name: 'id', type: 'long', nullable: false }],
    ids.map((id) => ({ id })),
  );
}

/** An error as Spark sends it: almost always INTERNAL, with ErrorInfo beside it. */
export function sparkError(
  message: string,
  metadata: Record<string, string> = {},
  code = Code.Internal,
): ConnectError {
  const value = { reason: 'org.apache.spark.SparkException', domain: 'org.apache.spark', metadata };
  return new ConnectError(message, code, undefined, [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, value) },
  ]);
}
