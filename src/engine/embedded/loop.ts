/**
 * The life of one streaming query: wait, plan, run, commit, again; until it is told to stop, has read everything there is
 * (available-now), or fails. It owns the state that people see. What a batch does is `query.ts`'s business.
 *
 *     starting ─► idle ⇄ running ─► stopping ─► stopped
 *                           └─► failed        └─► finished (available-now)
 */
import { backoff } from '../../base/backoff.js';
import type { Clock } from '../../base/clock.js';
import { asMurmurError, type MurmurError } from '../../base/errors.js';
import { Wake } from '../../base/wake.js';
import type { BatchProgress, QueryDefinition, QueryEvent, QueryState, QueryStatus } from '../engine.js';
import { emptyTotals, errorStatus, failedSentence } from '../query-status.js';
import { Pace } from './pace.js';
import type { StreamingQuery } from './query.js';

/** Tries that a batch gets before its query stops. */
const tries = 3;
/** A wait that is worth telling. Milliseconds. */
const idleMs = 1_000;

export interface LoopHooks {
  emit(event: QueryEvent): void;
  /** A batch of this query is in its table. */
  committed(progress: BatchProgress): void;
  /** Nothing more will come into what this query reads: its writer has ended. Asked in available-now only. */
  upstreamEnded(): boolean;
  /** The query has ended, for whatever reason; its state says which. */
  ended(): void;
}

export class QueryLoop {
  readonly wake: Wake;
  readonly status: QueryStatus;
  error: MurmurError | undefined;
  #running: { batchId?: number } = {};
  #task: Promise<void> | undefined;
  /** Ends waiting. */
  #stop = new AbortController();
  /** Ends working. */
  #abandon = new AbortController();

  constructor(
    readonly definition: QueryDefinition,
    runId: string,
    readonly clock: Clock,
    readonly open: (signal: AbortSignal) => Promise<StreamingQuery>,
    readonly hooks: LoopHooks,
  ) {
    this.wake = new Wake(clock);
    this.status = {
      name: definition.name,
      state: 'starting',
      message: 'starts',
      queryId: '',
      runId,
      batchId: null,
      tableVersion: null,
      backlogFiles: 0,
      changedFiles: [],
      totals: emptyTotals(),
      lastProgress: null,
      error: null,
    };
  }

  get active(): boolean {
    return this.#task !== undefined;
  }

  /** Starts the query, unless it runs already. */
  start(): void {
    if (this.#task) return;
    this.#stop = new AbortController();
    this.#abandon = new AbortController();
    this.error = undefined;
    this.status.error = null;
    this.#task = this.#live();
  }

  /** Lets the running batch commit for up to `drainMs`, then abandons it: it is replayed at the next start. */
  async stop(drainMs: number): Promise<void> {
    const task = this.#task;
    if (!task) return;
    const { batchId } = this.#running;
    this.#set('stopping', batchId === undefined ? 'stops' : `finishes batch ${batchId}, then stops`);
    this.#stop.abort();
    this.wake.ring();
    const drained = new AbortController();
    await Promise.race([
      task.then(() => drained.abort()),
      this.clock.sleep(drainMs, drained.signal).then(() => this.#abandon.abort()),
    ]);
    await task;
  }

  async #live(): Promise<void> {
    const { name } = this.definition;
    this.#set('starting', 'starts');
    let query: StreamingQuery | undefined;
    let unwatch: (() => void) | undefined;
    let state: 'stopped' | 'failed' | 'finished';
    try {
      query = await this.open(this.#abandon.signal);
      Object.assign(this.status, query.position());
      this.hooks.emit({
        type: 'query_started',
        stream: name,
        runId: this.status.runId,
        at: this.clock.now(),
      });
      unwatch = query.watch(() => this.wake.ring());
      state = await this.#loop(query);
    } catch (e) {
      state = this.#abandon.signal.aborted ? 'stopped' : 'failed';
      if (state === 'failed') this.error = asMurmurError(e);
    }
    const abandoned = this.#abandon.signal.aborted ? this.#running.batchId : undefined;
    this.#running = {};
    unwatch?.();
    await query?.close().catch(() => undefined);
    this.#task = undefined;
    this.status.error = this.error ? errorStatus(this.error) : null;
    this.#set(state, endSentence(state, this.error, abandoned));
    this.hooks.emit({
      type: 'query_ended',
      stream: name,
      state,
      ...(this.error ? { error: this.error } : {}),
      at: this.clock.now(),
    });
    this.hooks.ended();
  }

  async #loop(query: StreamingQuery): Promise<'stopped' | 'finished'> {
    const { trigger } = this.definition;
    const pace = new Pace(trigger);
    for (;;) {
      if (this.#stop.signal.aborted) return 'stopped';
      const gapLeft = pace.dueAt - this.clock.now();
      if (gapLeft > 0) {
        if (gapLeft > idleMs) this.#set('idle', query.waitSentence);
        await this.clock.sleep(gapLeft, this.#stop.signal);
        continue;
      }
      const noMoreWillCome = trigger.kind === 'available-now' && this.hooks.upstreamEnded();
      const began = this.clock.now();
      const batch = await this.#attempts(() => query.next());
      this.#noteInput(query);
      if (batch) {
        pace.started(began);
        await this.#run(query, batch);
      } else if (noMoreWillCome) {
        query.judgeEnd();
        return 'finished';
      } else {
        this.#set('idle', query.waitSentence);
        // Hints may get lost, a look is the truth.
        await this.wake.wait(query.idleLookMs);
      }
    }
  }

  async #run(query: StreamingQuery, batch: { batchId: number }): Promise<void> {
    this.#running = batch;
    this.#set('running', `works on batch ${batch.batchId}`);
    const progress = await this.#attempts(() => query.run(this.#abandon.signal), batch.batchId);
    this.#running = {};
    Object.assign(this.status, query.position());
    if (progress) this.hooks.committed(this.#count(progress));
  }

  /** Tries again what may succeed later; what the user must mend fails at once. */
  async #attempts<T>(work: () => Promise<T>, batchId = (this.status.batchId ?? -1) + 1): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (e) {
        if (this.#abandon.signal.aborted) throw e;
        const error = asMurmurError(e);
        this.hooks.emit({
          type: 'batch_failed',
          stream: this.definition.name,
          batchId,
          attempt,
          error,
          at: this.clock.now(),
        });
        if (error.fault === 'user' || attempt === tries || this.#stop.signal.aborted) throw error;
        await this.clock.sleep(backoff(attempt, 200), this.#stop.signal);
      }
    }
  }

  #count(progress: BatchProgress): BatchProgress {
    const { totals } = this.status;
    totals.batches++;
    for (const key of Object.keys(totals) as (keyof typeof totals)[])
      if (key !== 'batches') totals[key] += progress[key];
    this.status.lastProgress = progress;
    return progress;
  }

  #noteInput(query: StreamingQuery): void {
    const { files, changedFiles } = query.backlog();
    this.status.backlogFiles = files;
    const known = new Set(this.status.changedFiles.map(({ path, reason }) => `${path}\n${reason}`));
    for (const { path, reason } of changedFiles)
      if (!known.has(`${path}\n${reason}`))
        this.hooks.emit({
          type: 'file_changed',
          stream: this.definition.name,
          path,
          reason,
          at: this.clock.now(),
        });
    this.status.changedFiles = changedFiles;
  }

  #set(state: QueryState, message: string): void {
    const { status } = this;
    if (status.state === state && status.message === message) return;
    // Once told to stop it says so until it has.
    if (status.state === 'stopping' && (state === 'idle' || state === 'running')) return;
    status.state = state;
    status.message = message;
    this.hooks.emit({ type: 'state_changed', stream: status.name, state, message, at: this.clock.now() });
  }
}

function endSentence(
  state: 'stopped' | 'failed' | 'finished',
  error: MurmurError | undefined,
  abandoned: number | undefined,
): string {
  if (state === 'finished') return 'has read everything that was there';
  if (state === 'failed' && error) return failedSentence(error);
  return abandoned === undefined
    ? 'stopped'
    : `stopped; batch ${abandoned} was abandoned and will be replayed`;
}
