/**
 * Whose a run is, in its tags: a run that is RUNNING while its process is gone was killed, and is closed as that. Process
 * ids mean something on their own host alone, and containers share names and ids; who holds the lake knows better.
 */
import { kill } from 'node:process';
import type { Clock } from '../base/clock.js';
import type { MlflowStore, Run, Tags } from './store.js';

export interface RunOwner {
  /** What identifies the lake, the same in every process. */
  lake: string;
  /** `pipeline`, `evaluation`: runs of one kind follow each other. */
  kind: string;
  host: string;
  pid: number;
  /** When the process started. A process id that comes back is another process. */
  processStart: number;
  /** Whether no other process can have a living run of this kind on this lake, because this one holds the lake. */
  alone: boolean;
}

export const ownerTags = {
  lake: 'murmur.lake',
  kind: 'murmur.kind',
  host: 'murmur.host',
  pid: 'murmur.pid',
  start: 'murmur.process_start',
} as const;

export function tagsOfOwner(owner: RunOwner): Tags {
  return {
    [ownerTags.lake]: owner.lake,
    [ownerTags.kind]: owner.kind,
    [ownerTags.host]: owner.host,
    [ownerTags.pid]: String(owner.pid),
    [ownerTags.start]: String(owner.processStart),
  };
}

/**
 * Closes as KILLED what dead processes left RUNNING on this lake.
 * @returns the ids of these runs
 */
export async function closeDeadRuns(
  store: MlflowStore,
  experimentId: string,
  owner: RunOwner,
  clock: Clock,
): Promise<string[]> {
  const running = store.tracking.searchRuns({
    experimentIds: [experimentId],
    where: [
      { of: 'attribute', key: 'status', is: '=', value: 'RUNNING' },
      { of: 'tag', key: ownerTags.lake, is: '=', value: owner.lake },
      { of: 'tag', key: ownerTags.kind, is: '=', value: owner.kind },
    ],
  });
  const dead: Run[] = [];
  for await (const run of running) if (isDead(run, owner)) dead.push(run);
  for (const { runId } of dead) {
    await store.tracking.updateRun(runId, { status: 'KILLED', endTime: clock.now() });
  }
  return dead.map(({ runId }) => runId);
}

function isDead({ tags }: Run, owner: RunOwner): boolean {
  const isOurs = [ownerTags.host, ownerTags.pid, ownerTags.start].every(
    (tag) => tags[tag] === tagsOfOwner(owner)[tag],
  );
  if (isOurs) return false;
  if (owner.alone) return true;
  if (tags[ownerTags.host] !== owner.host) return false;
  return tags[ownerTags.pid] === String(owner.pid) || !isAlive(Number(tags[ownerTags.pid]));
}

function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
