/**
 * The log as files: which checkpoint to begin with, and the commits behind it. What their actions mean together is
 * `snapshot.ts`'s business.
 */
import { isMurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';
import type { Action } from './actions.js';
import { brokenLog } from './delta-errors.js';
import { classifyLogFile, commitPath, lastCheckpointPath, logFolder, versionPrefix } from './log-files.js';

/** Where replay may begin, and which commits are there. */
export interface LogSegment {
  /** Complete checkpoints, the best to begin with first. */
  checkpoints: Checkpoint[];
  /** Versions of commit files, ascending. */
  commits: number[];
}

export interface Checkpoint {
  version: number;
  /** One file, or all the parts. */
  paths: string[];
  /** Named by a UUID, as only V2 checkpoints are; a classic name says nothing. */
  uuid: boolean;
}

/**
 * The log up to `maxVersion`. `_last_checkpoint` is only a hint that saves listing what lies before it: where it is
 * wrong, corrupt or points at nothing, the whole folder is listed.
 */
export async function listLog(storage: Storage, maxVersion = Number.POSITIVE_INFINITY): Promise<LogSegment> {
  const hint = await lastCheckpointHint(storage);
  if (hint !== undefined && hint <= maxVersion) {
    const segment = await listFrom(storage, hint, maxVersion);
    if (segment.checkpoints.length > 0) return segment;
  }
  return listFrom(storage, 0, maxVersion);
}

/** The log up to `maxVersion`, whatever the hint says. */
export async function listWholeLog(
  storage: Storage,
  maxVersion = Number.POSITIVE_INFINITY,
): Promise<LogSegment> {
  return listFrom(storage, 0, maxVersion);
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

async function listFrom(storage: Storage, first: number, maxVersion: number): Promise<LogSegment> {
  const commits: number[] = [];
  const checkpoints: Checkpoint[] = [];
  const parts = new Map<string, Checkpoint & { parts: number }>();
  for await (const { path, size } of storage.list(logFolder, { after: versionPrefix(first) })) {
    // Only hints and folders of other files follow behind the numbers.
    if (path > lastNumbered) break;
    const file = classifyLogFile(path);
    if (file === undefined || file.version > maxVersion) continue;
    const { version } = file;
    if (file.kind === 'commit') commits.push(version);
    else if (size === 0) continue;
    else if (file.kind === 'uuid-checkpoint') checkpoints.push({ version, paths: [path], uuid: true });
    else if (file.part >= 1 && file.part <= file.parts) {
      const key = `${version}/${file.parts}`;
      const found = parts.get(key) ?? { version, paths: [], uuid: false, parts: file.parts };
      found.paths.push(path);
      parts.set(key, found);
    }
  }
  for (const { parts: expected, ...checkpoint } of parts.values()) {
    if (checkpoint.paths.length === expected) checkpoints.push(checkpoint);
  }
  return { checkpoints: checkpoints.sort(byWorth), commits };
}

const lastNumbered = `${logFolder}:`;

/** Newest first; of one version those that a reader can take apart best. */
function byWorth(a: Checkpoint, b: Checkpoint): number {
  return b.version - a.version || Number(b.uuid) - Number(a.uuid) || b.paths.length - a.paths.length;
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
