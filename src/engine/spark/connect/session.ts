/**
 * A session on a Spark Connect server: SQL, rows, views, settings, writes and streams. It opens with `connectSpark`.
 *
 * What a session holds (views, settings, uploads, streams) lives and dies with it on the server: a restarted server, an hour of
 * silence or `close` end it. Every call then throws `spark.session_changed`; the answer is a new session by `connectSpark`
 * and to make views and streams again (a stream goes on from its checkpoint).
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { parseAddress } from './address.js';
import { isStreaming, release, schemaOf, sparkVersion } from './analyze.js';
import type { SparkField } from './arrow-columns.js';
import type { SparkRow } from './arrow-rows.js';
import { addArtifact, hasArtifact } from './artifacts.js';
import type { ExecuteOptions } from './execute.js';
import {
  type ConfigRequestSchema,
  InterruptRequest_InterruptType as InterruptType,
} from './gen/spark/connect/base_pb.js';
import { keepAlive } from './keep-alive.js';
import type { Relation } from './relations.js';
import type { Observations } from './results.js';
import { Statements } from './statements.js';
import { activeStreams, type StreamingQuery, type StreamOptions, startStream } from './streaming-query.js';
import { localRelation } from './upload.js';
import { Wire, type WireOptions } from './wire.js';
import { type WriteOptions, write } from './write.js';

export interface ConnectOptions extends WireOptions {
  /** How long the session may stay silent before it is touched, so that the server does not forget it. Default five minutes; 0 leaves it alone. */
  keepAliveMs?: number;
  /** How long the server may take to answer at first. Default one minute. */
  connectTimeoutMs?: number;
  /** Ends the connecting, not the session. */
  signal?: AbortSignal;
}

type Config = NonNullable<NonNullable<MessageInitShape<typeof ConfigRequestSchema>['operation']>['opType']>;

/**
 * Opens a session and asks the server's version.
 * @param remote `sc://host:port/;…` (see `parseAddress`)
 * @throws spark.address_invalid (user), spark.token_needs_tls (user), spark.token_refused (user), spark.unreachable (external),
 *   spark.version_unsupported (user) before Spark 4.0
 */
export async function connectSpark(remote: string, options: ConnectOptions = {}): Promise<SparkSession> {
  const wire = new Wire(parseAddress(remote), options);
  try {
    const { signal, connectTimeoutMs: timeoutMs = 60_000 } = options;
    const version = await sparkVersion(wire, { signal, timeoutMs });
    return new SparkSession(wire, version, options.keepAliveMs ?? 5 * 60_000);
  } catch (e) {
    await wire.close();
    throw e;
  }
}

export class SparkSession {
  readonly #wire: Wire;
  readonly #statements: Statements;
  readonly #closing = new AbortController();
  readonly #keptAlive: Promise<void>;

  constructor(
    wire: Wire,
    /** The server's, as it writes it: `4.2.1`. */
    readonly version: string,
    keepAliveMs: number,
  ) {
    this.#wire = wire;
    this.#statements = new Statements(wire, this.atLeast(4, 1));
    this.#keptAlive =
      keepAliveMs > 0
        ? keepAlive(wire, keepAliveMs, this.#closing.signal, (signal) => sparkVersion(wire, { signal }))
        : Promise.resolve();
  }

  get sessionId(): string {
    return this.#wire.sessionId;
  }

  get userId(): string {
    return this.#wire.userId;
  }

  /** Whether the server is of this release or newer. */
  atLeast(major: number, minor: number): boolean {
    const [ownMajor, ownMinor] = release(this.version);
    return ownMajor > major || (ownMajor === major && ownMinor >= minor);
  }

  /**
   * Runs one SQL statement. DDL, DML and utilities (`OPTIMIZE`, `SHOW`…) take effect before it returns; a query comes back as a lazy
   * relation, streaming if what it reads is.
   * @throws spark.analysis (user), spark.query_failed, spark.*
   */
  sql(query: string, options?: ExecuteOptions): Promise<Relation> {
    return this.#statements.sql(query, options);
  }

  /** All rows of a SQL query or a relation. @throws spark.* */
  async rows(query: string | Relation, options?: ExecuteOptions): Promise<SparkRow[]> {
    const rows: SparkRow[] = [];
    for await (const batch of this.batches(query, options)) for (const row of batch) rows.push(row);
    return rows;
  }

  /**
   * The rows as the server sends them, one Arrow batch at a time; leaving the loop ends the query on the server.
   * @param observed takes what `observe` counted, once the loop is through
   * @throws spark.rows_lost (external), spark.*
   */
  async *batches(
    query: string | Relation,
    options?: ExecuteOptions,
    observed?: Observations,
  ): AsyncGenerator<SparkRow[]> {
    const relation = typeof query === 'string' ? await this.sql(query, options) : query;
    yield* this.#statements.batches(relation, options, observed);
  }

  /** Names a relation for SQL, in this session alone; an older view of that name is replaced. @throws spark.* */
  async view(name: string, input: Relation): Promise<void> {
    const value = { input, name, isGlobal: false, replace: true };
    await this.#statements.run(`making the view ${name}`, { case: 'createDataframeView', value });
  }

  /** Rows from here as a relation; many of them are uploaded once. @throws spark.value_invalid (user), spark.* */
  local(
    columns: readonly SparkField[],
    rows: readonly Readonly<Record<string, unknown>>[],
    signal?: AbortSignal,
  ): Promise<Relation> {
    return localRelation(this.#wire, columns, rows, signal);
  }

  /** Writes a relation's rows in one commit. @throws spark.* */
  write(input: Relation, options: WriteOptions): Promise<void> {
    return write(this.#statements, input, options);
  }

  /** Starts a streaming query. @throws spark.query_name_taken (user), spark.* */
  startStream(input: Relation, options: StreamOptions): Promise<StreamingQuery> {
    return startStream(this.#statements, input, options);
  }

  /** The session's running streams, whoever started them. @throws spark.* */
  activeStreams(): Promise<StreamingQuery[]> {
    return activeStreams(this.#statements);
  }

  /** Settings of the session. @throws spark.* */
  async setConf(settings: Readonly<Record<string, string>>): Promise<void> {
    const pairs = Object.entries(settings).map(([key, value]) => ({ key, value }));
    await this.#config({ case: 'set', value: { pairs } });
  }

  /** A setting that has neither value nor default is undefined. @throws spark.* */
  async conf(key: string): Promise<string | undefined> {
    const pairs = await this.#config({ case: 'getOption', value: { keys: [key] } });
    return pairs.find((pair) => pair.key === key)?.value;
  }

  /** Back to the server's own value. @throws spark.* */
  async unsetConf(...keys: string[]): Promise<void> {
    await this.#config({ case: 'unset', value: { keys } });
  }

  /** The columns as DDL. @throws spark.analysis (user), spark.* */
  schema(relation: Relation): Promise<string> {
    return schemaOf(this.#wire, relation);
  }

  /** @throws spark.analysis (user), spark.* */
  isStreaming(relation: Relation): Promise<boolean> {
    return isStreaming(this.#wire, relation);
  }

  /** Ends running statements of this session (not streams); gives their operation ids. @throws spark.* */
  async interrupt(which: 'all' | { tag: string } | { operationId: string } = 'all'): Promise<string[]> {
    const request =
      which === 'all'
        ? { interruptType: InterruptType.ALL }
        : 'tag' in which
          ? {
              interruptType: InterruptType.TAG,
              interrupt: { case: 'operationTag' as const, value: which.tag },
            }
          : {
              interruptType: InterruptType.OPERATION_ID,
              interrupt: { case: 'operationId' as const, value: which.operationId },
            };
    const { interruptedIds } = await this.#wire.ask('interrupting statements', (client, base, options) =>
      client.interrupt({ ...base, ...request }, options),
    );
    return interruptedIds;
  }

  /** A file for the session (see artifacts.ts). @throws spark.artifact_damaged (external), spark.* */
  addArtifact(name: string, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    return addArtifact(this.#wire, name, data, signal);
  }

  /** Whether an artifact under `cache/` is there. @throws spark.* */
  hasArtifact(name: string): Promise<boolean> {
    return hasArtifact(this.#wire, name);
  }

  /**
   * Ends the connection. The session stays on the server until its silence lasted too long, and so do its streams, unless `release`
   * is set: then both end now, and the session's id can never be used again. Failures of the release are not told: the server may be gone.
   */
  async close({ release = true }: { release?: boolean } = {}): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#keptAlive;
    if (release) this.#wire.unwaited((client, base, options) => client.releaseSession(base, options));
    await this.#wire.close();
  }

  async #config(opType: Config) {
    const { pairs } = await this.#wire.ask('reading or changing settings', (client, base, options) =>
      client.config({ ...base, operation: { opType } }, options),
    );
    return pairs;
  }
}
