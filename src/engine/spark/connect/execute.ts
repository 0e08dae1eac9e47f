/**
 * A statement that survives its connection. The server keeps what it answered until it is released; a stream that ends or
 * breaks before `result_complete` is taken up again behind the last answer seen, so nothing is lost and nothing comes twice.
 */
import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { ConnectError } from '@connectrpc/connect';
import { aborted } from './faults.js';
import type {
  ExecutePlanRequestSchema,
  ExecutePlanResponse,
  PlanSchema,
} from './gen/spark/connect/base_pb.js';
import type { Wire } from './wire.js';

export type Plan = MessageInitShape<typeof PlanSchema>;

export interface ExecuteOptions {
  /** Ends the statement here and on the server. */
  signal?: AbortSignal;
  /** Names by which `interrupt` finds the statement; no comma, not empty. */
  tags?: readonly string[];
  /** A UUID, new for every statement. */
  operationId?: string;
}

/**
 * Runs a plan and gives the server's answers as they come.
 * @param doing what is being done, for errors
 * @param chunked whether large batches may come in pieces (a server before 4.1 does not know how)
 * @throws spark.* (see faults.ts)
 */
export async function* execute(
  wire: Wire,
  doing: string,
  plan: Plan,
  chunked: boolean,
  { signal, tags = [], operationId = randomUUID() }: ExecuteOptions = {},
): AsyncGenerator<ExecutePlanResponse> {
  const tries = wire.tries();
  /** Whether the server may know the operation; until it answered once, it may also never have heard of it. */
  let sent = false;
  let lastResponseId: string | undefined;

  const open = (own: AbortSignal) => {
    const base = wire.base();
    if (sent) {
      const request = { ...base, operationId, ...(lastResponseId !== undefined && { lastResponseId }) };
      return wire.client.reattachExecute(request, { signal: own });
    }
    sent = true;
    const request = { ...base, plan, operationId, tags: [...tags], requestOptions: requestOptions(chunked) };
    return wire.client.executePlan(request, { signal: own });
  };

  try {
    for (;;) {
      if (signal?.aborted) throw aborted(doing, signal);
      const own = new AbortController();
      const reattaching = sent;
      try {
        let answered = false;
        for await (const response of open(signal ? AbortSignal.any([signal, own.signal]) : own.signal)) {
          answered = true;
          tries.reset();
          lastResponseId = response.responseId;
          wire.seen(doing, response);
          if (response.responseType.case === 'resultComplete') return;
          yield response;
        }
        if (!answered) await wire.clock.sleep(emptyStreamPauseMs, signal);
      } catch (e) {
        if (signal?.aborted) throw aborted(doing, signal);
        if (reattaching && lastResponseId === undefined && neverArrived(e)) sent = false;
        else if (!(await tries.again(e, signal))) throw await wire.explain(doing, e, signal);
      } finally {
        own.abort();
      }
    }
  } finally {
    if (sent)
      wire.unwaited((client, base, options) =>
        client.releaseExecute({ ...base, operationId, release: { case: 'releaseAll', value: {} } }, options),
      );
  }
}

/** A server ends a stream by itself after two minutes; one that ends every stream at once must not be asked in a tight loop. */
const emptyStreamPauseMs = 100;

function neverArrived(e: unknown): boolean {
  return e instanceof ConnectError && /INVALID_HANDLE\.(?:OPERATION|SESSION)_NOT_FOUND/.test(e.rawMessage);
}

type RequestOptions = NonNullable<MessageInitShape<typeof ExecutePlanRequestSchema>['requestOptions']>;

export function requestOptions(chunked: boolean): RequestOptions {
  const reattach = { requestOption: { case: 'reattachOptions' as const, value: { reattachable: true } } };
  const chunking = { case: 'resultChunkingOptions' as const, value: { allowArrowBatchChunking: true } };
  return chunked ? [reattach, { requestOption: chunking }] : [reattach];
}
