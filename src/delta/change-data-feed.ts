/**
 * Tables with a change data feed (PROTOCOL.md, "Add CDC File"). A commit that only adds files, or only removes whole ones, tells
 * its changes by itself; one that moves rows from old files into new ones would need change files, which are not written here.
 */
import { MurmurError } from '../base/errors.js';
import type { AddFile, Metadata, RemoveFile } from './actions.js';

/** @throws delta.unsupported_feature (user) */
export function assertTellsChanges(
  root: string,
  { configuration }: Metadata,
  adds: readonly AddFile[],
  removes: readonly RemoveFile[],
): void {
  if (configuration['delta.enableChangeDataFeed'] !== 'true') return;
  const moves = [adds, removes].every((files) => files.some(({ dataChange }) => dataChange));
  if (!moves) return;
  throw new MurmurError(
    'delta.unsupported_feature',
    `changing rows of ${root}: writing its change data feed (changeDataFeed) is not supported`,
    {
      fault: 'user',
      fix: 'append, or delete whole files (by partition, say); or unset delta.enableChangeDataFeed',
      context: { root, feature: 'changeDataFeed', verb: 'write' },
    },
  );
}
