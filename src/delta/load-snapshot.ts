/** Opening a table: the newest usable checkpoint and the commits behind it. */
import { asMurmurError, type MurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';
import type { Action, CommitInfo } from './actions.js';
import { logGap } from './delta-errors.js';
import { assertReadable } from './features.js';
import { type LogSegment, listLog, listWholeLog, readCommit } from './log.js';
import { commitPath } from './log-files.js';
import type { ParquetHandler } from './parquet-handler.js';
import { readCheckpoint } from './read-checkpoint.js';
import { emptyState, replay, Snapshot, type TableState } from './snapshot.js';

export interface LoadEnv {
  parquet: ParquetHandler;
  onWarning?(warning: MurmurError): void;
}

/**
 * The newest snapshot, or the newest not above `maxVersion`; undefined where there is no table. A checkpoint that cannot
 * be read is passed over where older ones, or the commits from version 0, lead to the same state.
 * @throws delta.log_gap, delta.broken_log, delta.bad_checkpoint (external), delta.unsupported_feature (user)
 */
export async function load(
  storage: Storage,
  env: LoadEnv,
  maxVersion?: number,
  tries = 3,
): Promise<Snapshot | undefined> {
  const { segment, start, failures } = await begin(storage, env, maxVersion);
  let state = start;
  for (const version of segment.commits) {
    if (version <= start.version) continue;
    const expected = state.version + 1;
    if (version !== expected) throw failures[0] ?? logGap(storage.root, expected, version);
    const actions = await readCommit(storage, version);
    if (actions === undefined) {
      // Cleaned up between listing and reading: then there is a newer checkpoint.
      if (tries > 1) return load(storage, env, maxVersion, tries - 1);
      throw logGap(storage.root, version, 'nothing');
    }
    state = replay(state, version, actions);
  }
  if (state.version < 0) {
    if (failures[0] !== undefined) throw failures[0];
    return undefined;
  }
  for (const failure of failures) env.onWarning?.(failure);
  const snapshot = new Snapshot(await timed(storage, state, segment), storage.root);
  assertReadable(storage.root, snapshot.protocol, snapshot.metadata);
  return snapshot;
}

/** The log, and the state of the best checkpoint in it that can be read. */
async function begin(
  storage: Storage,
  env: LoadEnv,
  maxVersion: number | undefined,
): Promise<{ segment: LogSegment; start: TableState; failures: MurmurError[] }> {
  const failures: MurmurError[] = [];
  const tried = new Set<string>();
  const firstReadable = async ({ checkpoints }: LogSegment): Promise<TableState | undefined> => {
    for (const checkpoint of checkpoints) {
      const name = checkpoint.paths.join();
      if (tried.has(name)) continue;
      tried.add(name);
      try {
        const actions = await readCheckpoint(storage, env.parquet, checkpoint);
        return replay(emptyState, checkpoint.version, actions);
      } catch (e) {
        failures.push(asMurmurError(e));
      }
    }
    return undefined;
  };
  let segment = await listLog(storage, maxVersion);
  let start = await firstReadable(segment);
  if (start === undefined && failures.length > 0) {
    segment = await listWholeLog(storage, maxVersion);
    start = await firstReadable(segment);
  }
  return { segment, start: start ?? emptyState, failures };
}

/** When a version was committed: by its `commitInfo`, else by its file. Milliseconds since the epoch. */
export async function commitTime(
  storage: Storage,
  version: number,
  actions: readonly Action[],
): Promise<{ info: CommitInfo; timestamp: number }> {
  const info = actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo ?? {};
  const told = info.inCommitTimestamp ?? info.timestamp;
  if (typeof told === 'number') return { info, timestamp: told };
  return { info, timestamp: (await storage.stat(commitPath(version)))?.mtimeMs ?? 0 };
}

/** A checkpoint alone does not say when its version was committed. */
async function timed(storage: Storage, state: TableState, segment: LogSegment): Promise<TableState> {
  const used = segment.checkpoints.find(({ version }) => version === state.version);
  if (state.timestamp !== 0 || used === undefined) return state;
  const actions = (await readCommit(storage, state.version)) ?? [];
  const { timestamp } = await commitTime(storage, state.version, actions);
  if (timestamp !== 0) return { ...state, timestamp };
  return { ...state, timestamp: (await storage.stat(used.paths[0]!))?.mtimeMs ?? 0 };
}
