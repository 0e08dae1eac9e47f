/**
 * Checkpoints as lists of actions (PROTOCOL.md, "Checkpoints"): classic, in parts, and V2, whose top file is Parquet or JSON and
 * may leave adds and removes to sidecars. Which kind it is only the contents say: a V2 checkpoint may have a classic name.
 */
import { asMurmurError, MurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';
import type { Action } from './actions.js';
import { type Checkpoint, parseCommit } from './log.js';
import { sidecarPath } from './log-files.js';
import type { ParquetHandler } from './parquet-handler.js';

/** @throws delta.bad_checkpoint (external) for one that is damaged or not whole */
export async function readCheckpoint(
  storage: Storage,
  parquet: ParquetHandler,
  checkpoint: Checkpoint,
): Promise<Action[]> {
  try {
    return await actionsOf(storage, parquet, checkpoint);
  } catch (e) {
    const { version, paths } = checkpoint;
    const cause = asMurmurError(e);
    throw new MurmurError(
      'delta.bad_checkpoint',
      `reading the checkpoint of version ${version} of ${storage.root} failed: ${cause.message}`,
      { fault: 'external', fix: `delete ${paths.join(', ')} if older commits are there`, cause },
    );
  }
}

async function actionsOf(
  storage: Storage,
  parquet: ParquetHandler,
  { version, paths, uuid }: Checkpoint,
): Promise<Action[]> {
  const [first = ''] = paths;
  const top = first.endsWith('.json')
    ? parseCommit(storage.root, version, Buffer.from(await storage.read(first)).toString('utf8'))
    : await parquet.readCheckpoint(storage, paths);
  const described = top.find(({ checkpointMetadata }) => checkpointMetadata !== undefined);
  if (uuid && described?.checkpointMetadata?.version !== version) {
    throw new MurmurError('delta.bad_checkpoint', `${first} does not describe itself as version ${version}`, {
      fault: 'external',
    });
  }
  const sidecars = top.flatMap(({ sidecar }) => (sidecar === undefined ? [] : [sidecarPath(sidecar.path)]));
  return sidecars.length === 0 ? top : [...top, ...(await parquet.readCheckpoint(storage, sidecars))];
}
