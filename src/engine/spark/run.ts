/**
 * A run of several queries on one lake, computed by Spark: its streams are started and watched from here, what it cannot stream
 * (a merge) is planned from here, and what they report goes to the progress table. Controllers come and go; tables and checkpoints stay.
 */
import { randomUUID } from 'node:crypto';
import { Broadcast } from '../../base/broadcast.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import type { BatchProgress, EngineRun, QueryDefinition, QueryEvent, QueryStatus } from '../engine.js';
import { fansOut, planInput } from '../plan-reading.js';
import type { SparkSession } from './connect/index.js';
import type { SparkContext } from './context.js';
import { openTables } from './lake-tables.js';
import { LandingWatch } from './landing-watch.js';
import { MergeWork } from './merge-work.js';
import { type OpenedStream, openStream } from './open-stream.js';
import { ProgressTable, unwritten } from './progress-table.js';
import { QueryLife } from './query-life.js';
import { SessionKeeper } from './session-keeper.js';
import { landingSettings } from './sql/landing/index.js';
import { StreamWork } from './stream-work.js';

/** How long a single stopped query may go on with its batch. Milliseconds. */
const stopDrainMs = 10_000;

/**
 * Starts the queries of a lake, once the server is reached and its tables are there; what goes wrong in a query then is in its
 * status, in the events, and in `done`. Whoever called it must `close` the run, whether or not it ended by itself.
 * @param names of those to start; default: all
 * @throws spark.unreachable (external), spark.token_refused (user) and what else keeps a session from being opened
 */
export async function startSpark(
  context: SparkContext,
  queries: readonly QueryDefinition[],
  names: readonly string[] = queries.map(({ name }) => name),
): Promise<SparkRun> {
  const run = new SparkRun(context, queries);
  try {
    await run.reach();
  } catch (e) {
    await run.close(0);
    throw e;
  }
  for (const name of names) await run.start(name);
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
  readonly #landing: LandingWatch | undefined;
  readonly #watching: Promise<void> | undefined;
  readonly #merges: { from: string; work: MergeWork }[] = [];
  /** Those that wait for the last rows of a table. */
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
    this.#streams = new SessionKeeper(() => this.#open(), this.#clock);
    this.#statements = new SessionKeeper(() => this.#open(), this.#clock);
    this.#progress = new ProgressTable(
      this.runId,
      this.#clock,
      context.places.table('progress'),
      this.#statements,
    );
    this.#lives = new Map(definitions.map((definition) => [definition.name, this.#life(definition)]));
    this.#flushing = this.#progress.run(this.#closing.signal);
    const reader = definitions.find(({ plan }) => planInput(plan) === 'landing');
    const life = reader && this.#find(reader.name);
    this.#landing = life && new LandingWatch(context.landing, this.#clock, life.live);
    this.#watching = this.#landing?.run(this.#closing.signal);
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
    await Promise.all([this.#flushing, this.#watching]);
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
      await session.setConf(landingSettings);
      for (const statement of context.functions) await session.sql(statement);
      await openTables(session, context, this.definitions);
      return session;
    } catch (e) {
      await session.close();
      throw e;
    }
  }

  #life(definition: QueryDefinition): QueryLife {
    const { context, runId } = this;
    const { plan } = definition;
    const from = planInput(plan);
    const merges = plan.sink.op === 'merge';
    const work = merges
      ? new MergeWork(definition, { context, clock: this.#clock, runId })
      : new StreamWork(
          definition,
          runId,
          (session) => this.#openStream(session, definition),
          (batches) => this.#progress.add(batches),
        );
    if (work instanceof MergeWork) this.#merges.push({ from, work });
    return new QueryLife(definition, work, {
      clock: this.#clock,
      runId,
      keeper: merges ? this.#statements : this.#streams,
      emit: (event) => this.events.emit(event),
      committed: (progress) => this.#committed(plan.sink.table, progress),
      upstreamEnded: () => this.#writersEnded(from),
      ended: () => this.#ended(),
    });
  }

  async #openStream(
    session: SparkSession,
    definition: QueryDefinition,
  ): Promise<{ opened: OpenedStream; unseen: BatchProgress | undefined }> {
    const opened = await openStream(
      session,
      this.context,
      definition,
      this.#fansOut(planInput(definition.plan)),
    );
    const { table } = definition.plan.sink;
    const { places } = this.context;
    // What is known and waits to be written is not unseen. Its session may be as new as this one.
    const flush = () => this.#progress.flush(this.#closing.signal);
    await flush().catch(flush);
    const unseen = await unwritten({
      session,
      stream: definition.name,
      runId: this.runId,
      now: this.#clock.now(),
      tables: {
        own: places.table(table),
        progress: places.table('progress'),
        quarantine: places.table('quarantine'),
      },
      fansOut: this.#fansOut(table),
      last: opened.last.commit,
      begunBehind: opened.begunBehind,
    });
    return { opened, unseen };
  }

  #committed(table: string, progress: BatchProgress): void {
    this.events.emit({ type: 'batch_committed', stream: progress.stream, progress, at: this.#clock.now() });
    this.#progress.add(progress);
    for (const { from, work } of this.#merges) if (from === table) work.wake.ring();
  }

  #writersEnded(table: string): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ table, go });
      this.#letGo();
    });
  }

  #letGo(): void {
    const writes = (table: string) =>
      [...this.#lives.values()].some((life) => life.active && life.definition.plan.sink.table === table);
    const ready = this.#waiting.filter(({ table }) => !writes(table));
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting));
    for (const { go } of ready) go();
  }

  #ended(): void {
    this.#letGo();
    // Whoever took one query over takes the others too.
    if (this.#firstError()?.code === 'engine.fenced') void this.close(0);
    if (this.#closed || [...this.#lives.values()].some((life) => life.active)) return;
    const flushed = this.#progress.flush(this.#closing.signal).catch(() => undefined);
    void Promise.all([flushed, this.#landing?.look()]).then(() => this.#settle(this.#firstError()));
  }

  #firstError(): MurmurError | undefined {
    return [...this.#lives.values()].find((life) => life.error)?.error;
  }

  /** Whether a post may have several rows in a table: any plan between the landing place and it explodes. */
  #fansOut(table: string): boolean {
    const writer = this.definitions.find(({ plan }) => plan.sink.table === table)?.plan;
    if (writer === undefined) return table !== 'landing';
    return fansOut(writer) || this.#fansOut(planInput(writer));
  }
}
