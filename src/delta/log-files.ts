/** The names of the files in `_delta_log/` (PROTOCOL.md, "Delta Log Entries" and "Checkpoints"). */
import { literalPath } from './paths.js';

export const logFolder = '_delta_log/';
export const lastCheckpointPath = `${logFolder}_last_checkpoint`;

export function commitPath(version: number): string {
  return `${logFolder}${pad20(version)}.json`;
}

export function checkpointPath(version: number): string {
  return `${logFolder}${pad20(version)}.checkpoint.parquet`;
}

/** Where the file of a `sidecar` action lies. It may be named by its full path, but there is no other place for it. */
export function sidecarPath(path: string): string {
  return `${logFolder}_sidecars/${literalPath(path).split('/').at(-1)}`;
}

/** The smallest path that a file of this version can have; to list from. */
export function versionPrefix(version: number): string {
  return logFolder + pad20(version);
}

export type LogFile =
  | { kind: 'commit'; version: number }
  | { kind: 'checkpoint'; version: number; part: number; parts: number }
  | { kind: 'uuid-checkpoint'; version: number };

const commitName = /^(\d{20})\.json$/;
const classicName = /^(\d{20})\.checkpoint\.parquet$/;
const multiPartName = /^(\d{20})\.checkpoint\.(\d{10})\.(\d{10})\.parquet$/;
const uuidName = /^(\d{20})\.checkpoint\.[0-9a-f-]{36}\.(?:json|parquet)$/i;

/** What a path in the log folder is; undefined for every name that readers must ignore. */
export function classifyLogFile(path: string): LogFile | undefined {
  const name = path.slice(logFolder.length);
  let match = commitName.exec(name);
  if (match) return { kind: 'commit', version: Number(match[1]) };
  match = classicName.exec(name);
  if (match) return { kind: 'checkpoint', version: Number(match[1]), part: 1, parts: 1 };
  match = multiPartName.exec(name);
  if (match) {
    return { kind: 'checkpoint', version: Number(match[1]), part: Number(match[2]), parts: Number(match[3]) };
  }
  match = uuidName.exec(name);
  return match ? { kind: 'uuid-checkpoint', version: Number(match[1]) } : undefined;
}

function pad20(version: number): string {
  return String(version).padStart(20, '0');
}
