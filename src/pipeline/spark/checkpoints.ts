/** The checkpoints of Spark's streams as this machine reaches them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bounded } from '../../base/bounded.js';
import { quarantineStream } from '../../engine/spark/stream-identity.js';
import type { Lake } from '../../lake/lake.js';
import { streamNames } from '../../posts/tables.js';
import { LocalStorage } from '../../storage/local.js';
import type { Storage } from '../../storage/storage.js';
import { checkpointsBesideTables } from './connect-lake.js';

/** All that may have a checkpoint. */
export const sparkStreams: readonly string[] = streamNames.flatMap((name) => [name, quarantineStream(name)]);

/** One folder a stream. */
export function sparkCheckpoints({ tableStorage, paths }: Lake): Storage {
  if (tableStorage.kind === 'local') return new LocalStorage(paths.checkpoints);
  return tableStorage.at(checkpointsBesideTables);
}

/** Deletes the checkpoint of a stream, and what the controller itself noted of it. */
export async function forgetCheckpoint(lake: Lake, stream: string): Promise<void> {
  const checkpoint = sparkCheckpoints(lake).at(stream);
  // Without its id what is left is no checkpoint any more, should this end half way.
  await checkpoint.delete('metadata');
  const paths: string[] = [];
  for await (const { path } of checkpoint.list('')) paths.push(path);
  await bounded(paths, 16, (path) => checkpoint.delete(path));
  await rm(join(lake.paths.checkpoints, stream), { recursive: true, force: true });
}
