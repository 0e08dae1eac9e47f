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
import type { BatchProgress, QueryDefinition, QueryEvent, QueryStatus } from '../engine.js';
import { failedSentence, LiveStatus } from '../query-status.js';
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
  readonly #live: LiveStatus;
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
    this.#live = new LiveStatus(definition.name, runId, clock, hooks.emit);
  }

  get status(): QueryStatus {
    return this.#live.value;
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
    this.#task = this.#run();
  }

  /** Lets the running batch commit for up to `drainMs`, then abandons it: it is replayed at the next start. */
  async stop(drainMs: number): Promise<void> {
    const task = this.#task;
    if (!task) return;
    const { batchId } = this.#running;
    this.#live.set('stopping', batchId === undefined ? 'stops' : `finishes batch ${batchId}, then stops`);
    this.#stop.abort();
    this.wake.ring();
    const drained = new AbortController();
    await Promise.race([
      task.then(() => drained.abort()),
      this.clock.sleep(drainMs, drained.signal).then(() => this.#abandon.abort()),
    ]);
    await task;
  }

  async #run(): Promise<void> {
    this.#live.set('starting', 'starts');
    let query: StreamingQuery | undefined;
    let unwatch: (() => void) | undefined;
    let state: 'stopped' | 'failed' | 'finished';
    try {
      query = await this.open(this.#abandon.signal);
      Object.assign(this.status, query.position());
      this.#live.started();
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
    this.#live.ended(state, endSentence(state, this.error, abandoned), this.error);
    this.hooks.ended();
  }

  async #loop(query: StreamingQuery): Promise<'stopped' | 'finished'> {
    const { trigger } = this.definition;
    const pace = new Pace(trigger);
    for (;;) {
      if (this.#stop.signal.aborted) return 'stopped';
      const gapLeft = pace.dueAt - this.clock.now();
      if (gapLeft > 0) {
        if (gapLeft > idleMs) this.#live.set('idle', query.waitSentence);
        await this.clock.sleep(gapLeft, this.#stop.signal);
        continue;
      }
      const noMoreWillCome = trigger.kind === 'available-now' && this.hooks.upstreamEnded();
      const began = this.clock.now();
      const batch = await this.#attempts(() => query.next());
      this.#noteInput(query);
      if (batch) {
        pace.started(began);
        await this.#runBatch(query, batch);
      } else if (noMoreWillCome) {
        query.judgeEnd();
        return 'finished';
      } else {
        this.#live.set('idle', query.waitSentence);
        // Hints may get lost, a look is the truth.
        await this.wake.wait(query.idleLookMs);
      }
    }
  }

  async #runBatch(query: StreamingQuery, batch: { batchId: number }): Promise<void> {
    this.#running = batch;
    this.#live.set('running', `works on batch ${batch.batchId}`);
    const progress = await this.#attempts(() => query.run(this.#abandon.signal), batch.batchId);
    this.#running = {};
    Object.assign(this.status, query.position());
    if (!progress) return;
    this.#live.count(progress);
    this.hooks.committed(progress);
  }

  /** Tries again what may succeed later; what the user must mend fails at once. */
  async #attempts<T>(work: () => Promise<T>, batchId = (this.status.batchId ?? -1) + 1): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (e) {
        if (this.#abandon.signal.aborted) throw e;
        const error = asMurmurError(e);
        this.#live.failed(batchId, attempt, error);
        if (error.fault === 'user' || attempt === tries || this.#stop.signal.aborted) throw error;
        await this.clock.sleep(backoff(attempt, 200), this.#stop.signal);
      }
    }
  }

  #noteInput(query: StreamingQuery): void {
    const { files, changedFiles } = query.backlog();
    this.status.backlogFiles = files;
    this.#live.changed(changedFiles);
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
