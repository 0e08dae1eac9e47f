/** The status of a query as people see it, and the events that tell its changes: alike under every engine. */
import type { Clock } from '../base/clock.js';
import type { MurmurError } from '../base/errors.js';
import type { BatchProgress, ChangedFile, QueryEvent, QueryState, QueryStatus } from './engine.js';

export class LiveStatus {
  readonly value: QueryStatus;

  constructor(
    name: string,
    runId: string,
    readonly clock: Clock,
    readonly emit: (event: QueryEvent) => void,
  ) {
    this.value = {
      name,
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

  set(state: QueryState, message: string): void {
    const { value } = this;
    if (value.state === state && value.message === message) return;
    // Once told to stop it says so until it has.
    if (value.state === 'stopping' && (state === 'idle' || state === 'running')) return;
    value.state = state;
    value.message = message;
    this.emit({ type: 'state_changed', stream: value.name, state, message, at: this.clock.now() });
  }

  /** @param files all that are known; an event tells of each that was not known before */
  changed(files: ChangedFile[]): void {
    const { name: stream, changedFiles } = this.value;
    const known = new Set(changedFiles.map(({ path, reason }) => `${path}\n${reason}`));
    for (const { path, reason } of files)
      if (!known.has(`${path}\n${reason}`))
        this.emit({ type: 'file_changed', stream, path, reason, at: this.clock.now() });
    this.value.changedFiles = files;
  }

  started(): void {
    const { name: stream, runId } = this.value;
    this.emit({ type: 'query_started', stream, runId, at: this.clock.now() });
  }

  count(progress: BatchProgress): void {
    const { totals } = this.value;
    totals.batches++;
    for (const key of Object.keys(totals) as (keyof typeof totals)[])
      if (key !== 'batches') totals[key] += progress[key];
    this.value.lastProgress = progress;
  }

  failed(batchId: number, attempt: number, error: MurmurError): void {
    const { name: stream } = this.value;
    this.emit({ type: 'batch_failed', stream, batchId, attempt, error, at: this.clock.now() });
  }

  ended(state: 'stopped' | 'failed' | 'finished', message: string, error?: MurmurError): void {
    this.value.error = error === undefined ? null : errorStatus(error);
    this.set(state, message);
    this.emit({
      type: 'query_ended',
      stream: this.value.name,
      state,
      ...(error === undefined ? {} : { error }),
      at: this.clock.now(),
    });
  }
}

function emptyTotals(): QueryStatus['totals'] {
  return {
    batches: 0,
    input_posts: 0,
    output_posts: 0,
    output_rows: 0,
    dropped_posts: 0,
    quarantined_posts: 0,
    superseded_posts: 0,
  };
}

function errorStatus({ code, fault, message, fix }: MurmurError): NonNullable<QueryStatus['error']> {
  return { code, fault, message, fix: fix ?? null };
}

/** `stopped by rule "posts kept" (bronze → silver): 0.013 of 5000 posts, expected at least 0.99`. */
export function failedSentence(error: MurmurError): string {
  return error.code === 'engine.rule_failed' ? `stopped by ${error.message}` : `failed: ${error.message}`;
}
