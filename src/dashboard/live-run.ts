/** A pipeline that runs now, as the page needs it: handed in by who started it, or reached over the lake's control socket. */
import type { Lake } from '../lake/lake.js';
import type { BatchProgress, RunModel, StreamStatus } from './messages.js';

/** One thing that happened in a run; only committed batches carry more than where and when. What concerns no stream names none. */
export interface RunEvent {
  readonly type: string;
  readonly stream?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of `batch_committed`. */
  readonly progress?: BatchProgress;
}

export interface RunStatus {
  /** In the order in which a post passes them. */
  streams: StreamStatus[];
  /** Null before it is known. */
  model: RunModel | null;
}

export interface LiveRun {
  status(): RunStatus | Promise<RunStatus>;
  /** Events from now on; the sequence ends with the run. Asked for once. */
  events(): AsyncIterable<RunEvent>;
  /** @throws engine.no_such_query */
  start(stream: string): Promise<void>;
  /** @throws engine.no_such_query */
  stop(stream: string): Promise<void>;
  /** The page is no longer interested; the run goes on. */
  release?(): void;
}

/** The pipeline that another process runs on this lake; undefined when none does. */
export async function runOf(lake: Lake): Promise<LiveRun | undefined> {
  const client = await lake.control();
  if (client === undefined) return undefined;
  return {
    status: async () => {
      const { streams, model } = await client.status<StreamStatus>();
      return { streams, model: (model as RunModel | undefined) ?? null };
    },
    events: () => client.events<RunEvent>(),
    start: (stream) => client.start(stream),
    stop: (stream) => client.stop(stream),
    release: () => client.close(),
  };
}
