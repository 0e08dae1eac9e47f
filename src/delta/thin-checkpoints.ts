/**
 * Every checkpoint holds the whole state, so those of a busy table soon take more room than its data. The newest ones stay,
 * and of the others one in a hundred: every version that could be read still can, by replaying a few more commits.
 */
import type { Storage } from '../storage/storage.js';
import type { DeltaLog } from './delta-log.js';
import { checkpointPath, classifyLogFile, commitPath, logFolder } from './log-files.js';
import { checkpointInterval } from './table-properties.js';

/** Newest checkpoints that all stay: for readers who have just listed the log. */
const newestKept = 10;
/** Of the older ones those of versions that are multiples of the interval and this. */
const oneIn = 100;

/**
 * @param from what an earlier call returned; without it the log is listed
 * @returns the version up to which nothing is left to thin
 */
export async function thinCheckpoints(table: DeltaLog, from?: number): Promise<number> {
  const { storage, snapshot } = table;
  const interval = checkpointInterval(snapshot.metadata);
  const upTo = snapshot.version - newestKept * interval;
  const found = from === undefined ? await checkpointsBefore(storage, upTo) : multiples(interval, from, upTo);
  const kept = interval * oneIn;
  const sound = new Map<number, boolean>();
  for (const version of found) {
    if (version % kept === 0) continue;
    const base = version - (version % kept);
    if (!sound.has(base)) sound.set(base, await leadsOn(table, base));
    if (sound.get(base)) await storage.delete(checkpointPath(version));
  }
  return Math.max(upTo, from ?? 0);
}

async function checkpointsBefore(storage: Storage, version: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { path } of storage.list(logFolder)) {
    const file = classifyLogFile(path);
    if (file === undefined) continue;
    if (file.version >= version) break;
    if (file.kind === 'checkpoint' && file.parts === 1) found.push(file.version);
  }
  return found;
}

/** Where checkpoints of ours are, from one version on and before another. */
function multiples(interval: number, from: number, to: number): number[] {
  const found: number[] = [];
  for (let at = Math.ceil(from / interval) * interval; at < to; at += interval) found.push(at);
  return found;
}

/** Whether the versions behind a kept checkpoint, or behind the beginning, can be read from there. */
async function leadsOn({ storage }: DeltaLog, base: number): Promise<boolean> {
  if (base === 0) return (await storage.stat(commitPath(0))) !== undefined;
  const [checkpoint, next] = await Promise.all([
    storage.stat(checkpointPath(base)),
    storage.stat(commitPath(base + 1)),
  ]);
  return checkpoint !== undefined && checkpoint.size > 0 && next !== undefined;
}
