/**
 * A run of several queries on one lake, each with a loop of its own. The run connects them: a commit wakes the queries that
 * read its table, their reports go to the progress table, and maintenance follows in the background.
 */
import { randomUUID } from 'node:crypto';
import { Broadcast } from '../../base/broadcast.js';
import type { Clock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import { type DeltaEnv, DeltaLog } from '../../delta/index.js';
import type { DuckSession } from '../../duck/index.js';
import { progress as progressContract, quarantine as quarantineContract } from '../../posts/tables.js';
import type { StructType } from '../../schema/column-types.js';
import type { BatchProgress, EngineRun, QueryDefinition, QueryEvent, QueryStatus } from '../engine.js';
import type { Plan } from '../plan.js';
import { fansOut, planInput } from '../plan-reading.js';
import { defaultRetention, tableProperties } from '../table-properties.js';
import { clockOf, type EmbeddedContext } from './context.js';
import { QueryLoop } from './loop.js';
import { Maintenance } from './maintenance.js';
import { openStreamingQuery } from './open-query.js';
import { ProgressWriter } from './progress.js';
import { filesYetToRead, versionYetToRead } from './yet-to-read.js';

/** How long a single stopped query may go on with its batch. Milliseconds. */
const stopDrainMs = 5_000;

/**
 * Starts queries of a lake; of its `others`, which do not run, is known what they write. It returns at once; what goes wrong in a query is in its status, in the events, and in
 * `done`. Whoever called it must `close` the run, whether or not it ended by itself.
 */
export async function startEmbedded(
  context: EmbeddedContext,
  queries: readonly QueryDefinition[],
  others: readonly QueryDefinition[] = [],
): Promise<EmbeddedRun> {
  await prepareDatabase(context);
  const delta: DeltaEnv = {
    ...context.delta,
    logNeededFrom: async (storage) => (await versionYetToRead(context, queries, storage))?.version,
  };
  const plans = [...queries, ...others].map(({ plan }) => plan);
  const run = new EmbeddedRun({ ...context, delta }, queries, plans, await context.duck.connect());
  for (const { name } of queries) await run.start(name);
  return run;
}

export class EmbeddedRun implements EngineRun {
  readonly runId = randomUUID();
  readonly events = new Broadcast<QueryEvent>();
  readonly done: Promise<void>;
  readonly #clock: Clock;
  readonly #loops: ReadonlyMap<string, QueryLoop>;
  readonly #progress: ProgressWriter;
  readonly #maintenance: Maintenance;
  /** The tables that queries of this run write. */
  readonly #written = new Map<string, DeltaLog>();
  /** Those that several append to. */
  readonly #sharedTables = new Map<string, Promise<DeltaLog>>();
  #settle!: (error?: MurmurError) => void;
  #closing: Promise<void> | undefined;

  constructor(
    readonly context: EmbeddedContext,
    readonly definitions: readonly QueryDefinition[],
    readonly plans: readonly Plan[],
    session: DuckSession,
  ) {
    this.#clock = clockOf(context);
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
    });
    // A failed run that nobody waits for is still in status and events.
    this.done.catch(() => undefined);
    this.#progress = new ProgressWriter(
      this.#clock,
      session,
      () => this.#shared('progress', progressContract),
      () => undefined,
    );
    this.#progress.start();
    this.#maintenance = new Maintenance(
      this.#clock,
      {
        neededFiles: (table) => filesYetToRead(context, definitions, table),
        // What could not be done now is due again after the next commit.
        onError: () => undefined,
      },
      context,
    );
    this.#loops = new Map(definitions.map((definition) => [definition.name, this.#loop(definition)]));
  }

  status(): QueryStatus[] {
    return [...this.#loops.values()].map(({ status }) => structuredClone(status));
  }

  async start(name: string): Promise<void> {
    const loop = this.#find(name);
    if (this.#closing)
      throw new MurmurError('engine.closed', `starting ${name} in a run that has ended`, {
        fault: 'user',
        fix: 'start a new run: `murmur run`',
      });
    loop.start();
  }

  async stop(name: string): Promise<void> {
    await this.#find(name).stop(stopDrainMs);
  }

  close(drainMs: number): Promise<void> {
    this.#closing ??= this.#close(drainMs);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop(drainMs)));
    await this.#maintenance.close();
    await this.#progress.close();
    await Promise.allSettled([...this.#sharedTables.values()].map(async (table) => (await table).settled()));
    this.#settle(this.#firstError());
    this.events.close();
  }

  #find(name: string): QueryLoop {
    const loop = this.#loops.get(name);
    if (loop) return loop;
    throw new MurmurError('engine.no_such_query', `no query ${name}`, {
      fault: 'user',
      fix: `queries are ${[...this.#loops.keys()].join(', ')}`,
    });
  }

  #loop(definition: QueryDefinition): QueryLoop {
    const { plan } = definition;
    const emit = (event: QueryEvent) => this.events.emit(event);
    const loop = new QueryLoop(
      definition,
      this.runId,
      this.#clock,
      () =>
        openStreamingQuery(definition, {
          context: this.context,
          runId: this.runId,
          emit,
          quarantine: () => this.#shared('quarantine', quarantineContract),
          fansOut: (table) => this.#fansOut(table),
          openInput: (name) => this.#openInput(name),
          onOpen: async (queryId, table) => {
            this.#written.set(plan.sink.table, table);
            await this.#progress.catchUp(queryId, table);
            this.#maintenance.watch(plan.sink.table, table);
          },
        }),
      {
        emit,
        committed: (progress) => this.#committed(loop, progress),
        upstreamEnded: () => !this.#writersOf(planInput(plan)).some((writer) => writer.active),
        ended: () => this.#ended(plan.sink.table),
      },
    );
    return loop;
  }

  #committed(loop: QueryLoop, progress: BatchProgress): void {
    const { table } = loop.definition.plan.sink;
    this.events.emit({
      type: 'batch_committed',
      stream: progress.stream,
      progress,
      at: this.#clock.now(),
    });
    for (const reader of this.#readersOf(table)) reader.wake.ring();
    this.#progress.add(loop.status.queryId, progress);
    for (const name of [table, ...this.#sharedTables.keys()]) this.#maintenance.consider(name);
  }

  /** Those who wait for this query's last rows must look once more; when all have ended, so has the run. */
  #ended(table: string): void {
    for (const reader of this.#readersOf(table)) reader.wake.ring();
    if ([...this.#loops.values()].some((loop) => loop.active)) return;
    void this.#finish();
  }

  async #finish(): Promise<void> {
    if (!this.#closing) {
      await this.#maintenance.settle();
      await this.#progress.flush().catch(() => undefined);
    }
    this.#settle(this.#firstError());
  }

  #firstError(): MurmurError | undefined {
    return [...this.#loops.values()].find((loop) => loop.error)?.error;
  }

  #readersOf(table: string): QueryLoop[] {
    return [...this.#loops.values()].filter(({ definition }) => planInput(definition.plan) === table);
  }

  #writersOf(table: string): QueryLoop[] {
    return [...this.#loops.values()].filter(({ definition }) => definition.plan.sink.table === table);
  }

  /** A table fans out if any plan between the landing place and it does. */
  #fansOut(table: string): boolean {
    const writer = this.plans.find(({ sink }) => sink.table === table);
    // Of a table that no known query writes nothing is known: its posts are told apart by post_id.
    if (!writer) return table !== 'landing';
    return fansOut(writer) || (planInput(writer) !== 'landing' && this.#fansOut(planInput(writer)));
  }

  /** A reader shares the table with its writer, and with that the memory that its state takes. */
  async #openInput(name: string): Promise<DeltaLog | undefined> {
    const { tables, delta } = this.context;
    return this.#written.get(name) ?? DeltaLog.openIfExists(tables.at(name), delta);
  }

  #shared(name: string, schema: StructType): Promise<DeltaLog> {
    const opened =
      this.#sharedTables.get(name) ??
      DeltaLog.create(this.context.tables.at(name), this.context.delta, {
        schema,
        configuration: tableProperties(
          'embedded',
          schema,
          this.context.retention?.[name] ?? defaultRetention,
        ),
      }).then((table) => {
        this.#maintenance.watch(name, table);
        return table;
      });
    this.#sharedTables.set(name, opened);
    // What failed is tried anew by the next who asks.
    opened.catch(() => this.#sharedTables.delete(name));
    return opened;
  }
}

/** Spark's names that rules may use and DuckDB spells otherwise. */
const sharedDialect = ['CREATE OR REPLACE MACRO size(list) AS len(list)'];

async function prepareDatabase({ duck, functions }: EmbeddedContext): Promise<void> {
  const session = await duck.connect();
  try {
    // A stream reads each file once: kept in memory, files would only fill it up to its limit.
    await session.run('SET GLOBAL enable_external_file_cache = false');
    for (const scalar of functions.scalars) session.register(scalar);
    for (const macro of [...sharedDialect, ...functions.macros]) await session.run(macro);
  } finally {
    await session.close();
  }
}
