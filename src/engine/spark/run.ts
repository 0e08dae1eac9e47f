/**
 * A run of several queries on one lake, computed by Spark: its streams are started and watched from here, what it cannot stream
 * (a merge) is planned from here, and what they report goes to the progress table. Controllers come and go; tables and checkpoints stay.
 */
import { randomUUID } from 'node:crypto';
import { Broadcast } from '../../base/broadcast.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import { progress as progressContract, quarantine as quarantineContract } from '../../posts/tables.js';
import type { BatchProgress, EngineRun, QueryDefinition, QueryEvent, QueryStatus } from '../engine.js';
import { defaultRetention } from '../table-properties.js';
import type { SparkSession } from './connect/index.js';
import type { SparkContext } from './context.js';
import { MergeWork } from './merge-work.js';
import { openStream } from './open-stream.js';
import { ProgressTable, unwritten } from './progress-table.js';
import { QueryLife, type QueryWork } from './query-life.js';
import { SessionKeeper } from './session-keeper.js';
import { fansOut, planInput } from './sql/compile.js';
import { StreamWork } from './stream-work.js';
import { openTable } from './tables.js';

/** How long a single stopped query may go on with its batch. Milliseconds. */
const stopDrainMs = 10_000;

/**
 * Starts the queries of a lake, once the server is reached and its tables are there; what goes wrong in a query then is in its
 * status, in the events, and in `done`. Whoever called it must `close` the run, whether or not it ended by itself.
 * @throws spark.unreachable (external), spark.token_refused (user) and what else keeps a session from being opened
 */
export async function startSpark(
  context: SparkContext,
  queries: readonly QueryDefinition[],
): Promise<SparkRun> {
  const run = new SparkRun(context, queries);
  try {
    await run.reach();
  } catch (e) {
    await run.close(0);
    throw e;
  }
  for (const { name } of queries) await run.start(name);
  return run;
}

export class SparkRun implements EngineRun {
  readonly runId = randomUUID();
  readonly events = new Broadcast<QueryEvent>();
  readonly done: Promise<void>;
  readonly #clock: Clock;
  readonly #lives: ReadonlyMap<string, QueryLife>;
  readonly #progress: ProgressTable;
  readonly #closing = new AbortController();
  /** Streams live in the one session; statements with settings of their own in the other. */
  readonly #streams: SessionKeeper;
  readonly #statements: SessionKeeper;
  readonly #flushing: Promise<void>;
  #waiting: { table: string; go: () => void }[] = [];
  #settle!: (error?: MurmurError) => void;
  #closed: Promise<void> | undefined;

  constructor(
    readonly context: SparkContext,
    readonly definitions: readonly QueryDefinition[],
  ) {
    this.#clock = context.clock ?? systemClock;
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
    });
    // A failed run that nobody waits for is still in status and events.
    this.done.catch(() => undefined);
    const open = () => this.#open();
    this.#streams = new SessionKeeper(open, this.#clock);
    this.#statements = new SessionKeeper(open, this.#clock);
    const { progress } = this.#paths;
    this.#progress = new ProgressTable(this.runId, this.#clock, progress, this.#statements);
    this.#lives = new Map(definitions.map((definition) => [definition.name, this.#life(definition)]));
    this.#flushing = this.#progress.run(this.#closing.signal);
  }

  /** Opens a session, and with it the tables that several queries write. @throws spark.* */
  async reach(): Promise<void> {
    await this.#streams.get(this.#closing.signal);
  }

  status(): QueryStatus[] {
    return [...this.#lives.values()].map(({ status }) => structuredClone(status));
  }

  async start(name: string): Promise<void> {
    const life = this.#find(name);
    if (this.#closed)
      throw new MurmurError('engine.closed', `starting ${name} in a run that has ended`, {
        fault: 'user',
        fix: 'start a new run: `murmur run`',
      });
    life.start();
  }

  async stop(name: string): Promise<void> {
    await this.#find(name).stop(stopDrainMs);
  }

  /** Starts a query anew, so that it takes what has changed around it (another model). */
  async restart(name: string): Promise<void> {
    const life = this.#find(name);
    if (!life.active) return;
    await life.stop(stopDrainMs);
    if (!this.#closed) life.start();
  }

  close(drainMs: number): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    await Promise.all([...this.#lives.values()].map((life) => life.stop(drainMs)));
    await this.#progress.flush(AbortSignal.timeout(Math.max(drainMs, stopDrainMs))).catch(() => undefined);
    this.#closing.abort();
    await this.#flushing;
    await Promise.all([this.#streams.close(), this.#statements.close()]);
    this.#settle(this.#firstError());
    this.events.close();
  }

  #find(name: string): QueryLife {
    const life = this.#lives.get(name);
    if (life) return life;
    throw new MurmurError('engine.no_such_query', `no query ${name}`, {
      fault: 'user',
      fix: `queries are ${[...this.#lives.keys()].join(', ')}`,
    });
  }

  async #open(): Promise<SparkSession> {
    const { context } = this;
    const session = await context.connect();
    try {
      for (const statement of context.functions) await session.sql(statement);
      for (const [name, schema] of [
        ['progress', progressContract],
        ['quarantine', quarantineContract],
      ] as const)
        await openTable(session, {
          path: context.places.table(name),
          schema,
          retention: context.retention?.[name] ?? defaultRetention,
        });
      // A stream over a table needs it to be there.
      for (const { plan } of this.definitions) {
        const { table } = plan.sink;
        await openTable(session, {
          path: context.places.table(table),
          schema: context.contracts[table]!,
          retention: context.retention?.[table] ?? defaultRetention,
          ...(table === 'gold' ? { properties: { 'delta.enableChangeDataFeed': 'true' } } : {}),
        });
      }
      return session;
    } catch (e) {
      await session.close();
      throw e;
    }
  }

  #life(definition: QueryDefinition): QueryLife {
    const { context, runId } = this;
    const { name, plan } = definition;
    const merges = plan.sink.op === 'merge';
    const work: QueryWork & { wake?: () => void } = merges
      ? new MergeWork(definition, { context, clock: this.#clock, runId })
      : new StreamWork(definition, runId, async (session) => {
          const opened = await openStream(session, context, definition, this.#fansOut(planInput(plan)));
          await this.#catchUp(session, definition, opened.last.commit);
          return opened;
        });
    const life: QueryLife = new QueryLife(definition, work, {
      clock: this.#clock,
      runId,
      keeper: merges ? this.#statements : this.#streams,
      emit: (event) => this.events.emit(event),
      committed: (progress) => this.#committed(plan.sink.table, progress),
      upstreamEnded: () => this.#writersEnded(planInput(plan)),
      ended: () => this.#ended(),
    });
    if (work instanceof MergeWork) this.#wakes.set(planInput(plan), work);
    return life;
  }
}
