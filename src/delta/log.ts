/**
 * The log as files: which checkpoint to begin with, and the commits behind it. What their actions mean together is
 * `snapshot.ts`'s business.
 */
import { isMurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';
import type { Action } from './actions.js';
import { brokenLog } from './delta-errors.js';
import { classifyLogFile, commitPath, lastCheckpointPath, logFolder, versionPrefix } from './log-files.js';

/** Where replay begins, and which commits are there. */
export interface LogSegment {
  /** The newest complete checkpoint, if any. */
  checkpoint: { version: number; paths: string[] } | undefined;
  /** Versions of commit files behind the checkpoint (or all), ascending. */
  commits: number[];
  /** Whether a V2 checkpoint was seen, which is not read here. */
  v2Checkpoint: boolean;
}

/**
 * The log up to `maxVersion`. `_last_checkpoint` is only a hint that saves listing what lies before it: where it is
 * wrong, corrupt or points at nothing, the whole folder is listed.
 */
export async function listLog(storage: Storage, maxVersion = Number.POSITIVE_INFINITY): Promise<LogSegment> {
  const hint = await lastCheckpointHint(storage);
  if (hint !== undefined && hint <= maxVersion) {
    const segment = await listFrom(storage, hint, maxVersion);
    if (segment.checkpoint !== undefined) return segment;
  }
  return listFrom(storage, 0, maxVersion);
}

/** The log up to `maxVersion` as if there were no checkpoint. */
export async function listWithoutCheckpoints(storage: Storage, maxVersion?: number): Promise<LogSegment> {
  return listFrom(storage, 0, maxVersion ?? Number.POSITIVE_INFINITY, false);
}

/** The actions of one commit; undefined where there is no such version. */
export async function readCommit(storage: Storage, version: number): Promise<Action[] | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await storage.read(commitPath(version));
  } catch (e) {
    if (isMurmurError(e, 'storage.not_found')) return undefined;
    throw e;
  }
  return parseCommit(storage.root, version, Buffer.from(bytes).toString('utf8'));
}

/** One JSON action a line; blank lines are tolerated, unknown actions are left out. */
export function parseCommit(root: string, version: number, text: string): Action[] {
  const actions: Action[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      actions.push(dropNulls(JSON.parse(line)) as Action);
    } catch {
      throw brokenLog(root, `version ${version} holds a line that is not JSON`, { version });
    }
  }
  return actions;
}

async function listFrom(
  storage: Storage,
  first: number,
  maxVersion: number,
  withCheckpoints = true,
): Promise<LogSegment> {
  const commits: number[] = [];
  let v2Checkpoint = false;
  const found = new Map<number, Map<number, string[]>>();
  for await (const { path, size } of storage.list(logFolder, { after: versionPrefix(first) })) {
    const file = classifyLogFile(path);
    if (file === undefined || file.version > maxVersion) continue;
    if (file.kind === 'v2-checkpoint') v2Checkpoint = true;
    else if (file.kind === 'commit') commits.push(file.version);
    else if (size > 0) {
      const byParts = found.get(file.version) ?? new Map<number, string[]>();
      byParts.set(file.parts, [...(byParts.get(file.parts) ?? []), path]);
      found.set(file.version, byParts);
    }
  }
  const checkpoint = withCheckpoints ? newestComplete(found) : undefined;
  return {
    checkpoint,
    commits: commits.filter((version) => checkpoint === undefined || version > checkpoint.version),
    v2Checkpoint,
  };
}

function newestComplete(found: Map<number, Map<number, string[]>>): LogSegment['checkpoint'] {
  for (const [version, byParts] of [...found].sort(([a], [b]) => b - a)) {
    for (const [parts, paths] of byParts) {
      if (paths.length === parts) return { version, paths };
    }
  }
  return undefined;
}

async function lastCheckpointHint(storage: Storage): Promise<number | undefined> {
  try {
    const text = Buffer.from(await storage.read(lastCheckpointPath)).toString('utf8');
    const { version } = JSON.parse(text.split('\n')[0] ?? '');
    return Number.isSafeInteger(version) && version >= 0 ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Other writers put explicit nulls into optional fields; for us absent is absent. Partition values keep theirs. */
function dropNulls(value: unknown, keep = false): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const out: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    if (child === null && !keep) continue;
    out[key] = dropNulls(child, key === 'partitionValues');
  }
  return out;
}
