/** What a rebuild is asked and answers, whichever engine does it. */
import { pid } from 'node:process';
import { MurmurError } from '../base/errors.js';
import type { EngineRun, QueryEvent, QueryStatus } from '../engine/engine.js';
import type { ControlServer } from '../lake/control-server.js';
import type { StreamSummary } from '../pipeline/run.js';
import type { RestoredTable } from '../table/restore.js';

export interface RebuildOptions {
  /** Rows that the first table held at this version are kept, and only what came after it is done again. */
  fromVersion?: number;
  /** Interrupts the building; the same call goes on where it stopped. */
  signal?: AbortSignal;
  /** Told when the new tables begin to be built, to show how far they are. */
  onStart?: (building: { status(): QueryStatus[]; events: AsyncIterable<QueryEvent> }) => void;
}

export interface RebuiltTable extends StreamSummary {
  /** The version of the table that holds the new rows. */
  version: number;
}

export interface RebuildResult {
  rebuilt: string;
  from_version: number | null;
  streams: Record<string, RebuiltTable>;
  /** Files that are older than the log and were taken as read to their end. */
  assumed_files: string[];
  seconds: number;
}

export interface RestoredDownstream extends RestoredTable {
  table: string;
  /** Null where no table is behind it. */
  rebuilt: RebuildResult | null;
}

/** A signal of its own, aborted by `end` or with the caller's. */
export function endedBy(signal: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
  const own = new AbortController();
  return {
    signal: signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]),
    end: () => own.abort(),
  };
}

/** Answers over the lake's socket while tables are rebuilt. */
export function serveRebuild(
  server: ControlServer,
  run: EngineRun,
  { name, startedAt, end }: { name: string; startedAt: number; end: () => void },
): void {
  server.serve<QueryStatus, QueryEvent>({
    status: () => ({ pid, runId: run.runId, startedAt, page: null, streams: run.status() }),
    start: () => refuse(name),
    stop: () => refuse(name),
    close: end,
    events: () => run.events.subscribe(4096),
  });
}

/** @param versions by query */
export function rebuiltStreams(
  status: readonly QueryStatus[],
  versions: Readonly<Record<string, number>>,
): Record<string, RebuiltTable> {
  return Object.fromEntries(
    status.map(({ name, totals: { superseded_posts, ...totals } }) => {
      return [name, { ...totals, version: versions[name]! }];
    }),
  );
}

async function refuse(name: string): Promise<never> {
  throw new MurmurError('operate.rebuilding', `starting or stopping a stream while ${name} is rebuilt`, {
    fault: 'user',
    fix: 'wait for the rebuild, or end it with "murmur stop --all"',
  });
}
