/** Streaming queries: they live in the session on the server; a handle here asks and commands them. */
import { create } from '@bufbuild/protobuf';
import { MurmurError } from '../../../base/errors.js';
import type { TriggerOption } from '../../../config/units.js';
import {
  type StreamingQueryCommand,
  StreamingQueryCommand_AwaitTerminationCommandSchema,
  type StreamingQueryCommandResult,
} from './gen/spark/connect/commands_pb.js';
import { parseProgress, type StreamProgress } from './progress.js';
import type { Relation } from './relations.js';
import { type Statements, unexpected } from './statements.js';

/** When a batch may start; `available_now` works off what is there and ends. */
export type StreamTrigger = TriggerOption | { readonly kind: 'available_now' };

export interface StreamOptions {
  /** Unique among the session's active queries. */
  name: string;
  /** Where the rows go: a path, or a table of the catalog. */
  sink: { path: string } | { table: string };
  /** Default `delta`. */
  format?: string;
  /** The query's memory. The same folder later means the same query id, with a new run id. */
  checkpoint: string;
  trigger: StreamTrigger;
  /** Default `append`. */
  outputMode?: 'append' | 'complete' | 'update';
  partitionBy?: readonly string[];
  options?: Readonly<Record<string, string>>;
}

export interface StreamStatus {
  message: string;
  isDataAvailable: boolean;
  isTriggerActive: boolean;
  /** False once it was stopped, failed, or ended by itself. */
  isActive: boolean;
}

/**
 * Starts a query. It takes settings, views and functions as they are now and keeps them.
 * @throws spark.query_name_taken (user), spark.analysis (user), spark.*
 */
export async function startStream(
  statements: Statements,
  input: Relation,
  options: StreamOptions,
): Promise<StreamingQuery> {
  const doing = `starting the stream ${options.name}`;
  const { sink, trigger } = options;
  const result = await statements.answer(
    doing,
    {
      case: 'writeStreamOperationStart',
      value: {
        input,
        format: options.format ?? 'delta',
        queryName: options.name,
        outputMode: options.outputMode ?? 'append',
        partitioningColumnNames: [...(options.partitionBy ?? [])],
        options: { ...options.options, checkpointLocation: options.checkpoint },
        sinkDestination:
          'path' in sink ? { case: 'path', value: sink.path } : { case: 'tableName', value: sink.table },
        ...(trigger.kind === 'available_now' && { trigger: { case: 'availableNow', value: true } }),
        ...(trigger.kind === 'interval' && {
          trigger: { case: 'processingTimeInterval', value: `${trigger.everyMs} milliseconds` },
        }),
      },
    },
    'writeStreamOperationStartResult',
  );
  return new StreamingQuery(statements, result.queryId!.id, result.queryId!.runId, options.name);
}

/** The session's running queries, also those that another client of the same session started. @throws spark.* */
export async function activeStreams(statements: Statements): Promise<StreamingQuery[]> {
  const { resultType } = await statements.answer(
    'listing the active streams',
    { case: 'streamingQueryManagerCommand', value: { command: { case: 'active', value: true } } },
    'streamingQueryManagerCommandResult',
  );
  const found = resultType.case === 'active' ? resultType.value.activeQueries : [];
  return found.map(({ id, name }) => new StreamingQuery(statements, id!.id, id!.runId, name ?? ''));
}

export class StreamingQuery {
  constructor(
    readonly statements: Statements,
    /** Of the checkpoint: the same after every restart. */
    readonly id: string,
    readonly runId: string,
    readonly name: string,
  ) {}

  /** @throws spark.* */
  async status(): Promise<StreamStatus> {
    const result = await this.#send('reading the status of', { case: 'status', value: true });
    if (result?.case !== 'status') throw unexpected('status');
    const { statusMessage: message, isDataAvailable, isTriggerActive, isActive } = result.value;
    return { message, isDataAvailable, isTriggerActive, isActive };
  }

  /** The progress of the last micro-batches, oldest first (a server keeps 100 of them by default). @throws spark.* */
  async recentProgress(): Promise<StreamProgress[]> {
    return this.#progress({ case: 'recentProgress', value: true });
  }

  /** Undefined before the first micro-batch. @throws spark.* */
  async lastProgress(): Promise<StreamProgress | undefined> {
    return (await this.#progress({ case: 'lastProgress', value: true })).at(-1);
  }

  /** Ends it; one that has ended already stays so. @throws spark.* */
  async stop(): Promise<void> {
    await this.#send('stopping', { case: 'stop', value: true });
  }

  /** Waits until all that was there at the call is worked off. @throws spark.query_failed, spark.* */
  async processAllAvailable(signal?: AbortSignal): Promise<void> {
    await this.#send('working off', { case: 'processAllAvailable', value: true }, signal);
  }

  /**
   * Waits at most `ms` for the end; true when the query ended by itself or was stopped.
   * @throws spark.query_failed when it ended by failing, with Spark's causes under it
   */
  async awaitTermination(ms: number, signal?: AbortSignal): Promise<boolean> {
    const value = create(StreamingQueryCommand_AwaitTerminationCommandSchema, { timeoutMs: BigInt(ms) });
    const result = await this.#send('waiting for', { case: 'awaitTermination', value }, signal);
    if (result?.case !== 'awaitTermination') throw unexpected('awaitTermination');
    return result.value.terminated;
  }

  /**
   * Why it failed, with the whole chain of causes (`rootCause` gives the innermost); undefined when it did not.
   * @throws spark.session_changed (external), spark.unreachable (external) when that cannot be asked
   */
  async exception(): Promise<MurmurError | undefined> {
    try {
      // With `true` the server gives three short texts that lack the cause; with `false` it throws the failure itself.
      await this.#send('running', { case: 'exception', value: false });
      return undefined;
    } catch (e) {
      if (e instanceof MurmurError && e.context.errorClass === 'STREAM_FAILED') return e;
      throw e;
    }
  }

  async #progress(command: StreamingQueryCommand['command']): Promise<StreamProgress[]> {
    const result = await this.#send('reading the progress of', command);
    if (result?.case !== 'recentProgress') throw unexpected('recentProgress');
    return result.value.recentProgressJson.map(parseProgress);
  }

  /** What the server answers; it leaves the answer away where there is nothing to say. */
  async #send(
    doing: string,
    command: StreamingQueryCommand['command'],
    signal?: AbortSignal,
  ): Promise<StreamingQueryCommandResult['resultType'] | undefined> {
    const queryId = { id: this.id, runId: this.runId };
    const value = { queryId, command };
    const answers = await this.statements.run(
      `${doing} the stream ${this.name}`,
      { case: 'streamingQueryCommand', value },
      signal && { signal },
    );
    const result = answers.find((r) => r.case === 'streamingQueryCommandResult');
    return result?.value.resultType;
  }
}
