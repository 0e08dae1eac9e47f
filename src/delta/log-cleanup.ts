/**
 * Deletes of the log what nobody may ask for any more (PROTOCOL.md, "Metadata Cleanup"): only what lies before a checkpoint that
 * is itself older than the retention, and never that checkpoint's own commit. Sidecars go when no checkpoint that is left
 * names them.
 */
import { faultPoint } from '../base/fault-point.js';
import type { Storage } from '../storage/storage.js';
import { parseCommit } from './log.js';
import { classifyLogFile, logFolder, sidecarPath } from './log-files.js';
import type { ParquetHandler } from './parquet-handler.js';
import type { Snapshot } from './snapshot.js';
import { cleansUpLog, logRetention } from './table-properties.js';

const day = 86_400_000;
const sidecarFolder = `${logFolder}_sidecars/`;

/** Commits not newer than this may go: a midnight (UTC), so that it moves once a day. Undefined where nothing may. */
export function logCutoff({ metadata }: Snapshot, now: number): number | undefined {
  return cleansUpLog(metadata) ? Math.floor((now - logRetention(metadata)) / day) * day : undefined;
}

export interface CleanUpOptions {
  /** What `logCutoff` says. Milliseconds since the epoch. */
  cutoff: number;
  now: number;
  /** The first version that somebody has yet to read, as a snapshot or as a commit. */
  neededFrom?: number | undefined;
}

export interface CleanUpResult {
  /** Files deleted. */
  files: number;
  /** Whether more would have gone were it not for `neededFrom`. */
  heldBack: boolean;
}

/** @throws storage errors, and what reading a checkpoint throws; what is left is a sound log either way */
export async function cleanUpLog(
  storage: Storage,
  parquet: ParquetHandler,
  { cutoff, now, neededFrom = Number.POSITIVE_INFINITY }: CleanUpOptions,
): Promise<CleanUpResult> {
  const log = await survey(storage, cutoff);
  const anchorUpTo = (version: number) => log.checkpoints.filter((found) => found <= version).at(-1) ?? -1;
  const free = anchorUpTo(log.newestExpired);
  const anchor = Math.min(free, anchorUpTo(neededFrom));
  const doomed = log.files.filter(({ version, spans }) => version < anchor || (spans && version === anchor));
  for (const { path } of doomed) {
    await remove(storage, path);
    const checksum = `${logFolder}.${path.slice(logFolder.length)}.crc`;
    if (log.checksums.has(checksum)) await storage.delete(checksum);
  }
  const sidecars = doomed.length > 0 ? await cleanUpSidecars(storage, parquet, now - day) : 0;
  return { files: doomed.length + sidecars, heldBack: anchor < free };
}

/** The first version that can still be read: 0, or the oldest checkpoint that is left. */
export async function oldestVersion(storage: Storage): Promise<number> {
  for await (const { path, size } of storage.list(logFolder)) {
    const file = classifyLogFile(path);
    if (file?.kind === 'commit' ? file.version === 0 : file !== undefined && size > 0) return file!.version;
  }
  return 0;
}

interface Survey {
  /** The newest commit that is not newer than the cutoff; -1 for none. */
  newestExpired: number;
  /** Versions of complete checkpoints not behind it, ascending. */
  checkpoints: number[];
  /** Files that go with their version; `spans`: it also covers versions behind. */
  files: { path: string; version: number; spans: boolean }[];
  /** What Hadoop's local file system keeps beside them. */
  checksums: Set<string>;
}

const besideName = /^(\d{20})\.(?:crc|(\d{20})\.compacted\.json)$/;

async function survey(storage: Storage, cutoff: number): Promise<Survey> {
  const found: Survey = { newestExpired: -1, checkpoints: [], files: [], checksums: new Set() };
  const parts = new Map<string, number>();
  for await (const { path, size, mtimeMs } of storage.list(logFolder)) {
    const name = path.slice(logFolder.length);
    if (name.startsWith('.') && name.endsWith('.crc')) found.checksums.add(path);
    const beside = besideName.exec(name);
    if (beside) found.files.push({ path, version: Number(beside[1]), spans: beside[2] !== undefined });
    const file = classifyLogFile(path);
    if (file === undefined) continue;
    // Versions ascend, so what comes after the first commit that is kept is kept too.
    if (file.kind === 'commit') {
      if (mtimeMs > cutoff) break;
      found.newestExpired = file.version;
    } else if (size > 0) {
      const whole = file.kind === 'uuid-checkpoint' ? 1 : file.parts;
      const key = `${file.version} ${whole}`;
      parts.set(key, (parts.get(key) ?? 0) + 1);
      if (whole === 1 || parts.get(key) === whole) found.checkpoints.push(file.version);
    }
    found.files.push({ path, version: file.version, spans: false });
  }
  return found;
}

/** @param before sidecars not older than this may belong to a checkpoint that is being written */
async function cleanUpSidecars(storage: Storage, parquet: ParquetHandler, before: number): Promise<number> {
  const old: string[] = [];
  for await (const { path, mtimeMs } of storage.list(sidecarFolder)) if (mtimeMs < before) old.push(path);
  if (old.length === 0) return 0;
  const named = new Set<string>();
  for await (const { path, size } of storage.list(logFolder)) {
    const file = classifyLogFile(path);
    if (file === undefined || file.kind === 'commit' || size === 0) continue;
    const actions = path.endsWith('.json')
      ? parseCommit(storage.root, file.version, Buffer.from(await storage.read(path)).toString('utf8'))
      : await parquet.readCheckpoint(storage, [path]);
    for (const { sidecar } of actions) if (sidecar !== undefined) named.add(sidecarPath(sidecar.path));
  }
  const doomed = old.filter((path) => !named.has(path));
  for (const path of doomed) await remove(storage, path);
  return doomed.length;
}

async function remove(storage: Storage, path: string): Promise<void> {
  faultPoint('delta.cleanup.before_delete');
  await storage.delete(path);
}
