/** Opening a table: the newest usable checkpoint and the commits behind it. */
import { MurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';
import type { Action, CommitInfo } from './actions.js';
import { logGap } from './delta-errors.js';
import { assertReadable } from './features.js';
import { type LogSegment, listLog, listWithoutCheckpoints, readCommit } from './log.js';
import { commitPath } from './log-files.js';
import type { ParquetHandler } from './parquet-handler.js';
import { emptyState, replay, Snapshot, type TableState } from './snapshot.js';

export interface LoadEnv {
  parquet: ParquetHandler;
  onWarning?(warning: MurmurError): void;
}

/**
 * The newest snapshot, or the newest not above `maxVersion`; undefined where there is no table. A checkpoint that cannot
 * be read is passed over where the log still begins at version 0.
 * @throws delta.log_gap, delta.broken_log, delta.unsupported_feature (user)
 */
export async function load(
  storage: Storage,
  env: LoadEnv,
  maxVersion?: number,
  tries = 3,
): Promise<Snapshot | undefined> {
  let segment = await listLog(storage, maxVersion);
  let state = segment.checkpoint && (await readCheckpoint(storage, env, segment.checkpoint));
  if (segment.checkpoint && state === undefined) segment = await listWithoutCheckpoints(storage, maxVersion);
  state ??= emptyState;
  for (const version of segment.commits) {
    const expected = state.version + 1;
    if (version !== expected) {
      if (expected === 0 && segment.v2Checkpoint) throw v2Only(storage.root);
      throw logGap(storage.root, expected, version);
    }
    const actions = await readCommit(storage, version);
    if (actions === undefined) {
      // Cleaned up between listing and reading: then there is a newer checkpoint.
      if (tries > 1) return load(storage, env, maxVersion, tries - 1);
      throw logGap(storage.root, version, 'nothing');
    }
    state = replay(state, version, actions);
  }
  if (state.version < 0) {
    if (segment.v2Checkpoint) throw v2Only(storage.root);
    return undefined;
  }
  const snapshot = new Snapshot(await timed(storage, state, segment), storage.root);
  assertReadable(storage.root, snapshot.protocol, snapshot.metadata);
  return snapshot;
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

/** Undefined when it cannot be read. */
async function readCheckpoint(
  storage: Storage,
  env: LoadEnv,
  { version, paths }: NonNullable<LogSegment['checkpoint']>,
): Promise<TableState | undefined> {
  try {
    return replay(emptyState, version, await env.parquet.readCheckpoint(storage, paths));
  } catch (cause) {
    const error = new MurmurError(
      'delta.bad_checkpoint',
      `reading the checkpoint of version ${version} of ${storage.root} failed`,
      { fault: 'external', fix: `delete ${paths.join(', ')} if older commits are there`, cause },
    );
    if ((await listWithoutCheckpoints(storage, version)).commits[0] !== 0) throw error;
    env.onWarning?.(error);
    return undefined;
  }
}

/** A checkpoint alone does not say when its version was committed. */
async function timed(storage: Storage, state: TableState, segment: LogSegment): Promise<TableState> {
  if (state.timestamp !== 0 || segment.checkpoint === undefined) return state;
  const actions = (await readCommit(storage, state.version)) ?? [];
  const { timestamp } = await commitTime(storage, state.version, actions);
  if (timestamp !== 0) return { ...state, timestamp };
  return { ...state, timestamp: (await storage.stat(segment.checkpoint.paths[0]!))?.mtimeMs ?? 0 };
}

function v2Only(root: string): MurmurError {
  return new MurmurError(
    'delta.unsupported_feature',
    `opening ${root} to read it: v2Checkpoint is not supported`,
    { fault: 'user', context: { root, feature: 'v2Checkpoint', verb: 'read' } },
  );
}
