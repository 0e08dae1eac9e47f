/**
 * Deletes commits and checkpoints that nobody may ask for any more (PROTOCOL.md, "Metadata Cleanup"): only what lies before
 * a checkpoint that is itself older than the retention, and never that checkpoint's own commit.
 */
import { faultPoint } from '../base/fault-point.js';
import type { Storage } from '../storage/storage.js';
import { classifyLogFile, logFolder } from './log-files.js';
import type { Snapshot } from './snapshot.js';
import { cleansUpLog, logRetention } from './table-properties.js';

const day = 86_400_000;

/** Commits not newer than this may go: a midnight (UTC), so that it moves once a day. Undefined where nothing may. */
export function logCutoff({ metadata }: Snapshot, now: number): number | undefined {
  return cleansUpLog(metadata) ? Math.floor((now - logRetention(metadata)) / day) * day : undefined;
}

/**
 * @param neededFrom the first version that somebody has yet to read, as a snapshot or as a commit
 * @returns how many files were deleted
 */
export async function cleanUpLog(
  storage: Storage,
  cutoff: number,
  neededFrom = Number.POSITIVE_INFINITY,
): Promise<number> {
  let newestExpired = -1;
  const checkpoints: number[] = [];
  const files: { path: string; version: number }[] = [];
  for await (const { path, size, mtimeMs } of storage.list(logFolder)) {
    const file = classifyLogFile(path);
    if (file === undefined) continue;
    // Versions ascend, so what comes after the first commit that is kept is kept too.
    if (file.kind === 'commit') {
      if (mtimeMs > cutoff) break;
      newestExpired = file.version;
    } else if (file.kind === 'checkpoint' && file.parts === 1 && size > 0) checkpoints.push(file.version);
    files.push({ path, version: file.version });
  }
  const newest = Math.min(newestExpired, neededFrom);
  const anchor = checkpoints.filter((version) => version <= newest).at(-1);
  if (anchor === undefined) return 0;
  const doomed = files.filter(({ version }) => version < anchor);
  for (const { path } of doomed) {
    faultPoint('delta.cleanup.before_delete');
    await storage.delete(path);
  }
  return doomed.length;
}

/** The first version that can still be read: 0, or the oldest checkpoint that is left. */
export async function oldestVersion(storage: Storage): Promise<number> {
  for await (const { path, size } of storage.list(logFolder)) {
    const file = classifyLogFile(path);
    if (file?.kind === 'commit' ? file.version === 0 : file !== undefined && size > 0) return file!.version;
  }
  return 0;
}
