/**
 * Paths of files in a Delta log are percent-encoded URIs (PROTOCOL.md, "Add File and Remove File"): relative to the
 * table's root or absolute. On disk a file has the decoded name. A remove copies the add's path byte for byte.
 */
import type { DeletionVector } from './actions.js';

/** The literal path behind a log path. A malformed escape is left as it stands. */
export function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A literal relative path as it stands in the log. */
export function encodePath(path: string): string {
  return encodeURI(path).replace(/[?#:]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The decoded path; of `file:/a`, `file:///a`, `file://localhost/a` and `/a`, which name the same file, the last. */
export function literalPath(path: string): string {
  if (!/^file:/i.test(path)) return decodePath(path);
  return decodePath(path.replace(/^file:(?:\/\/localhost(?=\/))?\/*/i, '/'));
}

/** What makes a live file the same file: its decoded path and its deletion vector. */
export function fileKey(file: { path: string; deletionVector?: DeletionVector }): string {
  const path = literalPath(file.path);
  if (file.deletionVector === undefined) return path;
  return `${path}\n${deletionVectorKey(file.deletionVector)}`;
}

/** What tells one deletion vector from another (PROTOCOL.md, "Deletion Vector Descriptor Schema"). */
export function deletionVectorKey({ storageType, pathOrInlineDv, offset }: DeletionVector): string {
  return `${storageType}${pathOrInlineDv}${offset === undefined ? '' : `@${offset}`}`;
}
