/**
 * The life of a query under Spark: it works in whatever session there is, begins again from its checkpoint after a failure or
 * when the server came back, and ends when it has read everything (available-now), is told to stop, or failed too often.
 *
 *     starting ─► idle ⇄ running ─► stopping ─► stopped
 *                           └─► failed        └─► finished (available-now)
 */
import { backoff } from '../../base/backoff.js';
import type { Clock } from '../../base/clock.js';
import { asMurmurError, type MurmurError } from '../../base/errors.js';
import type { BatchProgress, QueryDefinition, QueryEvent, QueryStatus } from '../engine.js';
import { failedSentence, LiveStatus } from '../query-status.js';
import type { SparkSession } from './connect/index.js';
import { isAway, isLost, type SessionKeeper } from './session-keeper.js';

const away = 'waits for the Spark server, which does not answer';
/** Tries that a batch gets before its query stops. */
const tries = 3;

export interface LifeHooks {
  readonly clock: Clock;
  readonly runId: string;
  readonly keeper: SessionKeeper;
  emit(event: QueryEvent): void;
  /** A batch of this query is in its table. */
  committed(progress: BatchProgress): void;
  /** Resolves when nothing more will come into what this query reads. Waited for in available-now only. */
  upstreamEnded(): Promise<void>;
  /** The query has ended, for whatever reason; its state says which. */
  ended(): void;
}

/** What a query does in a session. */
export interface QueryWork {
  /** Until it ends by itself, or the life is told to stop. */
  live(session: SparkSession, life: QueryLife): Promise<'stopped' | 'finished'>;
  /** Told why the query fails; gives the error to be shown. */
  failing?(error: unknown): unknown;
}

export class QueryLife {
  readonly live: LiveStatus;
  error: MurmurError | undefined;
  /** How long running work may go on once told to stop. Milliseconds. */
  drainMs = 0;
  #task: Promise<void> | undefined;
  #stop = new AbortController();
  #failures = 0;
  /** There was a session. */
  #reached = false;

  constructor(
    readonly definition: QueryDefinition,
    readonly work: QueryWork,
    readonly hooks: LifeHooks,
  ) {
    this.live = new LiveStatus(definition.name, hooks.runId, hooks.clock, (event) => hooks.emit(event));
  }

  get status(): QueryStatus {
    return this.live.value;
  }

  get active(): boolean {
    return this.#task !== undefined;
  }

  /** Aborts when the query is told to stop. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Starts the query, unless it runs already. */
  start(): void {
    if (this.#task) return;
    this.#stop = new AbortController();
    this.error = undefined;
    this.status.error = null;
    this.#failures = 0;
    this.#task = this.#run();
  }

  /** Lets the running batch commit for up to `drainMs`; what is not committed by then is done again later. */
  async stop(drainMs: number): Promise<void> {
    if (!this.#task) return;
    this.drainMs = drainMs;
    this.live.set('stopping', 'finishes its batch, then stops');
    this.#stop.abort();
    await this.#task;
  }

  /** A batch is in the table. */
  count(progress: BatchProgress): void {
    this.#failures = 0;
    const { batch_id: batchId, table_version: tableVersion, backlog_files: backlogFiles } = progress;
    Object.assign(this.status, { batchId, tableVersion, backlogFiles });
    this.live.count(progress);
    this.hooks.committed(progress);
  }

  /** Does work that may be done twice, again and again while the server is away: what runs there may still be there. */
  async patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (e) {
        if (!isAway(e) || this.stopping.aborted) throw e;
        this.live.set('starting', away);
        await this.hooks.clock.sleep(backoff(attempt, 500, 10_000), this.stopping);
      }
    }
  }

  async #run(): Promise<void> {
    const { definition, hooks, work } = this;
    this.live.set('starting', 'starts');
    let state: 'stopped' | 'failed' | 'finished';
    try {
      if (definition.trigger.kind === 'available-now') await this.#unlessStopped(hooks.upstreamEnded());
      state = await this.#lives();
    } catch (e) {
      state = 'failed';
      this.error = asMurmurError(work.failing?.(e) ?? e);
    }
    this.#task = undefined;
    this.live.ended(state, endSentence(state, this.error), this.error);
    hooks.ended();
  }

  async #lives(): Promise<'stopped' | 'finished'> {
    const { keeper, clock } = this.hooks;
    let waits = 0;
    while (!this.stopping.aborted) {
      let session: SparkSession | undefined;
      try {
        session = await keeper.get(this.stopping);
        this.#reached = true;
        return await this.work.live(session, this);
      } catch (e) {
        if (this.stopping.aborted) break;
        const error = asMurmurError(e);
        if (session !== undefined && isLost(error)) {
          this.live.set('starting', 'starts again: the Spark server has forgotten its session');
          await keeper.lost(session);
          continue;
        }
        if (isAway(error) && this.#reached) {
          this.live.set('starting', away);
          await clock.sleep(backoff(++waits, 500, 10_000), this.stopping);
          continue;
        }
        this.#failures++;
        this.live.failed((this.status.batchId ?? -1) + 1, this.#failures, error);
        if (error.fault === 'user' || this.#failures >= tries) throw error;
        await clock.sleep(backoff(this.#failures, 500), this.stopping);
      }
    }
    return 'stopped';
  }

  async #unlessStopped(waited: Promise<void>): Promise<void> {
    const told = new Promise<void>((resolve) =>
      this.stopping.addEventListener('abort', () => resolve(), { once: true }),
    );
    await Promise.race([waited, told]);
  }
}

function endSentence(state: 'stopped' | 'failed' | 'finished', error: MurmurError | undefined): string {
  if (state === 'finished') return 'has read everything that was there';
  return state === 'failed' && error ? failedSentence(error) : 'stopped';
}
